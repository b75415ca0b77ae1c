"""Topics: their names, and which ones an event belongs to."""

import re
from collections.abc import Set
from typing import Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

from x18.core.errors import BadInput
from x18.core.text import UNSTORABLE
from x18.realtime.events import Event, EventKind
from x18.realtime.protocol import MAX_TEST_RATE
from x18.realtime.terms import NAMES, PREFIX, term

HOME: Final = "home"
NOTIFICATIONS: Final = "notifications"
EXPLORE: Final = "explore"
USER: Final = "user"
USERS: Final = re.compile(r"users(\.[a-z0-9_-]{1,16})?")
"""A topic of many users. A name with a point tells several of one connection apart."""

PERSONAL: Final = frozenset({HOME, NOTIFICATIONS})
"""They need an account."""

MAX_VALUE: Final = 64
UUID_LIKE: Final = re.compile(r"[0-9A-Fa-f-]{32,36}")

MAX_HASHTAG: Final = 100
"""As long as the metadata and the hashtags of posts may be."""

POST_KINDS: Final = frozenset({EventKind.POST, EventKind.POST_DELETED})
RETWEET_KINDS: Final = frozenset({EventKind.RETWEET, EventKind.RETWEET_DELETED})
NOTIFICATION_KINDS: Final = frozenset(
    {
        EventKind.NOTIFICATION,
        EventKind.NOTIFICATION_GONE,
        EventKind.NOTIFICATION_READ,
        EventKind.NOTIFICATION_BACK,
    }
)
DURABLE_KINDS: Final = POST_KINDS | RETWEET_KINDS | NOTIFICATION_KINDS | {EventKind.USER_UPDATED}
OF_USERS: Final = RETWEET_KINDS | {EventKind.USER_UPDATED}
"""Kinds that belong to the topics of the user who acts, and to no topic of posts."""

MESSAGE_TYPES: Final = {
    EventKind.POST: "post",
    EventKind.POST_DELETED: "post.deleted",
    EventKind.RETWEET: "retweet",
    EventKind.RETWEET_DELETED: "retweet.deleted",
    EventKind.NOTIFICATION: "notification",
    EventKind.NOTIFICATION_GONE: "notification.deleted",
    EventKind.NOTIFICATION_READ: "notification.read",
    EventKind.NOTIFICATION_BACK: "notification.restored",
    EventKind.USER_UPDATED: "user.updated",
}


TEST: Final = "test"


class Topic(NamedTuple):
    """``name`` is the canonical form, in which events name the topic; ``backfill`` the REST address of its past, if it has one;
    ``test_rate`` the events a second of the topic ``test``, ``users`` whom a topic of many users names.
    """

    name: str
    backfill: str
    test_rate: int = 0
    users: frozenset[UUID] = frozenset()

    @property
    def is_personal(self) -> bool:
        """Whether it needs an account."""
        return self.name in PERSONAL

    @property
    def is_of_users(self) -> bool:
        """Whether it is a topic of many users."""
        return USERS.fullmatch(self.name) is not None

    @property
    def takes_filter(self) -> bool:
        """Whether there is something to choose from."""
        return not self.test_rate


def kind_of(name: str) -> str:
    """The kind of the topic with this canonical name: one of a dozen, whatever clients ask for."""
    return re.split(r"[:?.]", name, maxsplit=1)[0]


def parse_topic(text: str) -> Topic:
    """The topic of this name.

    Raises:
        BadInput: ``unknown_topic``.
    """
    kind, colon, value = text.partition(":")
    if not colon and kind in (HOME, EXPLORE):
        return Topic(kind, f"/api/timeline/{kind}")
    if not colon and kind == NOTIFICATIONS:
        return Topic(kind, "/api/notifications")
    if kind == USER:
        return _user_topic(value)
    if USERS.fullmatch(kind):
        return _users_topic(kind, value if colon else None)
    if text.partition("?")[0] == TEST:
        return _test_topic(text)
    most = MAX_HASHTAG if kind == "hashtag" else MAX_VALUE
    if kind in PREFIX and value.strip() and len(value) <= most and not UNSTORABLE.search(value):
        canonical = term(kind, value)[2:]
        if 0 < len(canonical) <= most:
            return Topic(f"{kind}:{canonical}", _past_of(kind, canonical))
    raise _unknown(text)


def split_names(text: str) -> list[str]:
    """The names in a list with commas between them, which also stand between the ids of a topic of many users."""
    names: list[str] = []
    for part in filter(None, map(str.strip, text.split(","))):
        if names and USERS.fullmatch(names[-1].partition(":")[0]) and UUID_LIKE.fullmatch(part):
            names[-1] += f",{part}"
        else:
            names.append(part)
    return names


def topics_of(event: Event) -> list[str]:
    """The topics besides home and notifications that an event with content belongs to."""
    content = event.content
    if content is None:
        return []
    topics = [f"user:{actor}" for actor in actors_of(event)]
    if event.kind not in POST_KINDS:
        return topics
    topics += [f"{NAMES[term[:2]]}:{term[2:]}" for term in content.terms]
    if content.audience == 0:
        topics.append(EXPLORE)
    return topics


def actors_of(event: Event) -> Set[UUID]:
    """The users to whose topics an event belongs."""
    content = event.content
    if content is None or event.kind not in POST_KINDS | OF_USERS:
        return frozenset()
    if event.kind in OF_USERS:
        return {event.actor_id}
    return {*content.also_actors}.difference(content.private_actors) | {event.actor_id}


def home_actors(event: Event) -> tuple[UUID, ...]:
    """The users in whose followers' home an event belongs, and in their own."""
    if event.kind in POST_KINDS and event.content is not None:
        return (event.actor_id, *event.content.also_actors)
    return (event.actor_id,) if event.kind in OF_USERS else ()


def _user_topic(value: str) -> Topic:
    try:
        user_id = UUID(value)
    except ValueError as error:
        raise _unknown(f"user:{value}") from error
    return Topic(f"user:{user_id}", f"/api/timeline/user/{user_id}")


def _users_topic(name: str, value: str | None) -> Topic:
    """Without ids it is only good to unsubscribe."""
    if value is None:
        return Topic(name, "")
    try:
        users = frozenset(UUID(one) for one in value.split(","))
    except ValueError as error:
        raise BadInput(
            f"{name} must be followed by a colon and user ids, separated by commas.", code="unknown_topic"
        ) from error
    return Topic(name, "", users=users)


def _test_topic(text: str) -> Topic:
    if text == TEST:
        return Topic(TEST, "", 1)
    rate = text.removeprefix(f"{TEST}?rate=")
    if not (rate.isascii() and rate.isdigit() and len(rate) < 4 and 1 <= int(rate) <= MAX_TEST_RATE):
        raise BadInput(
            f"The test topic is test or test?rate=N, with N from 1 to {MAX_TEST_RATE}.", code="unknown_topic"
        )
    return Topic(f"{TEST}?rate={int(rate)}", "", int(rate))


def _past_of(kind: str, value: str) -> str:
    if kind == "hashtag":
        return f"/api/search/hashtag/{quote(value, safe='')}"
    return f"/api/timeline/search?{kind}={quote(value, safe='')}"


def _unknown(text: str) -> BadInput:
    return BadInput(
        f"There is no topic {text[:MAX_HASHTAG]!r}: use home, notifications, explore, user:<id>, users:<id>,<id>,…, hashtag:<tag>, "
        "symbol:<symbol>, market:<market>, category:<category>, tag:<tag> or test.",
        code="unknown_topic",
    )
