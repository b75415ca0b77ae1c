"""Topics, filters, codes and limits in the live channel's document."""

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from x18.notifications.schemas import NotificationType
from x18.realtime import protocol as p
from x18.realtime.filters import MAX_VALUE, MAX_VALUES

Text = Annotated[str, Meta(min_length=1, max_length=MAX_VALUE)]
Texts = Annotated[list[Text], Meta(max_length=MAX_VALUES)] | Text


class PostFilter(Struct, forbid_unknown_fields=True):
    """The posts of a topic that are wanted: OR within a key, AND between keys."""

    category: Texts | UnsetType = UNSET
    market: Texts | UnsetType = UNSET
    symbol: Texts | UnsetType = UNSET
    tag: Texts | UnsetType = UNSET
    author: Annotated[Texts | UnsetType, Meta(description="Ids of users.")] = UNSET
    has_media: bool | UnsetType = UNSET


class NotificationFilter(Struct, forbid_unknown_fields=True):
    """The notifications that are wanted."""

    type: Annotated[list[NotificationType], Meta(max_length=MAX_VALUES)] | NotificationType | UnsetType = UNSET


class TopicKind(Struct):
    """A kind of topic. ``needs`` what the connection must have; ``filter`` whether it takes one."""

    name: str
    description: str
    needs: Literal["nothing", "an account"] = "nothing"
    filter: bool = True


TOPICS: Final = (
    TopicKind("home", "Posts and retweets of those whom the user follows, and the user's own.", "an account"),
    TopicKind(
        "notifications",
        'The user\'s notifications, on all devices. Its filter is `{"type": ["mention", …]}`.',
        "an account",
    ),
    TopicKind("explore", "All public posts."),
    TopicKind("user:<id>", "Posts and retweets of a user."),
    TopicKind(
        "users:<id>,<id>,…",
        f"Posts and retweets of many users, {p.MAX_USERS:,} in all such topics together. `users.<name>:…` is a further one: events and "
        "`unsubscribe` name them `users` and `users.<name>`.",
    ),
    TopicKind("hashtag:<tag>", "Posts with a hashtag, with or without the `#`."),
    TopicKind("symbol:<symbol>", "Posts with a symbol in the metadata, or as a `$CASHTAG`: `symbol:BTC-USD`."),
    TopicKind("market:<market>", "Posts whose metadata name a market: `market:btc`."),
    TopicKind("category:<category>", "Posts whose metadata name a category: `category:crypto`."),
    TopicKind("tag:<tag>", "Posts whose metadata have a tag."),
    TopicKind(
        "test",
        f"A public event each second, or `test?rate=<n>` up to {p.MAX_TEST_RATE} a second: for probes and load testers.",
        filter=False,
    ),
)

UNTOLD: Final = {
    "expiry_notice_s": p.EXPIRY_NOTICE_S,
    "counts_every_s": p.COUNTS_EVERY_S,
    "errors": p.MAX_ERRORS,
    "queued_frames": p.MAX_QUEUED_FRAMES,
    "queued_bytes": p.MAX_QUEUED_BYTES,
    "test_events_per_second": p.MAX_TEST_RATE,
}
"""Limits that ``connected`` does not tell."""

EXPLAINED: Final = {
    "topics": "Topics of a connection.",
    "users": "Users in all topics of many users of a connection together.",
    "filter_values": "Values in all filters of a connection together.",
    "filter_bytes": "Bytes of these values in UTF-8.",
    "watched_posts": "Posts that a connection watches.",
    "message_bytes": "Bytes of a client's message.",
    "messages_per_minute": "Messages of a client in the long run.",
    "burst": "Messages of a client at once.",
    "connections_per_user": "Connections of a user on each process.",
    "connections_per_address": "Connections from an address on each process.",
    "replay_events": "What a resume may have to read: posts and retweets of whom the topics name, or of everybody; own notifications.",
    "calls_in_flight": "Calls of a connection that wait for their result.",
    "heartbeat_s": "Seconds without a cursor after which a heartbeat comes.",
    "authenticate_within_s": "Seconds to log in where the connection or the topic needs it.",
    "expiry_notice_s": "Seconds before the end of a token when `auth_expiring` comes.",
    "counts_every_s": "Seconds between two `counts` at least.",
    "errors": "Messages answered by an error, after which the connection is closed.",
    "queued_frames": "Frames that may wait for a slow client.",
    "queued_bytes": "Bytes that may wait for a slow client.",
    "test_events_per_second": "Events of the topic `test`.",
}


def limits() -> list[dict[str, Any]]:
    """Name, value, meaning, and whether ``connected`` tells it."""
    told = {name: getattr(p.Limits(), name) for name in p.Limits.__struct_fields__} | {"heartbeat_s": p.HEARTBEAT_S}
    return [
        {"name": name, "value": value, "description": EXPLAINED[name], "told": name in told}
        for name, value in {**told, **UNTOLD}.items()
    ]


def close_codes() -> list[dict[str, Any]]:
    """Code, name, meaning, and whether to come back."""
    return [
        {
            "code": int(code),
            "name": code.name.lower(),
            "description": p.CLOSE_MEANINGS[code],
            "reconnect": code not in p.FINAL_CODES,
        }
        for code in p.CloseCode
    ]


def error_codes() -> list[dict[str, str]]:
    """Code and meaning."""
    return [{"code": code, "description": meaning} for code, meaning in p.ERROR_CODES.items()]
