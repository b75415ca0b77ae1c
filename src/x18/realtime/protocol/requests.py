"""Messages from the client to the server. Each may carry an ``id``, which its one answer repeats."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct

from x18.realtime.protocol.limits import MAX_LATEST, MAX_TOPICS, MAX_WATCHED

MAX_ID: Final = 128

MessageId = Annotated[
    str | int | float | None,
    Meta(description="Chosen by the client and repeated in the answer.", extra_json_schema={"maxLength": MAX_ID}),
]
Cursor = Annotated[str, Meta(description="Where in the stream; opaque.")]
TopicName = Annotated[str, Meta(description="See the topics.", examples=["home", "symbol:BTC-USD"])]


class AuthPayload(Struct, frozen=True):
    """An access token."""

    token: Annotated[str, Meta(description="As REST gives it: no `Bearer` before it.")]


class Auth(Struct, frozen=True, tag="auth"):
    """Log in on this connection, or stay logged in with a newer token of the same user."""

    payload: AuthPayload
    id: MessageId = None


class TopicRequest(Struct, frozen=True):
    """A topic, and which of its posts are wanted."""

    topic: TopicName
    filter: dict[str, Any] | None = None


class SubscribePayload(Struct, frozen=True):
    """The topics that are wanted, and where to begin."""

    topics: Annotated[list[TopicRequest], Meta(extra_json_schema={"maxItems": MAX_TOPICS})]
    since: Annotated[str | None, Meta(description="A cursor: what came after it on these topics is sent first.")] = None
    latest: Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_LATEST,
            description="Without a cursor: so many of the newest posts and retweets are sent first.",
        ),
    ] = 0


class Subscribe(Struct, frozen=True, tag="subscribe"):
    """Add topics, or change their filters; all or none."""

    payload: SubscribePayload
    id: MessageId = None


class UnsubscribePayload(Struct, frozen=True):
    """Names of topics."""

    topics: list[TopicName]


class Unsubscribe(Struct, frozen=True, tag="unsubscribe"):
    """Remove topics; those that were not subscribed are ignored."""

    payload: UnsubscribePayload
    id: MessageId = None


class WatchPayload(Struct, frozen=True):
    """Ids of posts. Those that the user may not see are watched without effect, so that nothing is told of them."""

    posts: Annotated[list[UUID], Meta(extra_json_schema={"maxItems": MAX_WATCHED})]


class Watch(Struct, frozen=True, tag="watch"):
    """Keep the counters of these posts in step, beginning with what they are now."""

    payload: WatchPayload
    id: MessageId = None


class Unwatch(Struct, frozen=True, tag="unwatch"):
    """Do so no longer; posts that are not watched are ignored."""

    payload: WatchPayload
    id: MessageId = None


class CallPayload(Struct, frozen=True):
    """A REST request."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[str, Meta(description="With or without its query.", examples=["/api/timeline/home"])]
    query: Annotated[
        dict[str, str | int | bool | list[str | int | bool]], Meta(description="As in a URL: lists repeat the name.")
    ] = {}
    body: Annotated[Any, Meta(description="JSON; without it the request has none.")] = UNSET
    idempotency_key: Annotated[
        str | None,
        Meta(
            description="As the header Idempotency-Key: sent again with the same, the call is answered again and done once."
        ),
    ] = None
    headers: Annotated[Any, Meta(description="None are taken: a call with any is refused.")] = UNSET


class Call(Struct, frozen=True, tag="call"):
    """Any REST endpoint over this connection. Calls run side by side; their results come in any order, told apart by ``id``."""

    payload: CallPayload
    id: MessageId = None


class Ping(Struct, frozen=True, tag="ping"):
    """Answered by ``pong`` with the same payload."""

    payload: Any = None
    id: MessageId = None


ClientMessage = Auth | Subscribe | Unsubscribe | Watch | Unwatch | Call | Ping
