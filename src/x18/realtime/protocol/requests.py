"""What a client may send. Each message may carry an ``id``, which its one answer repeats."""

from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, Struct

MessageId = str | int | None


class AuthPayload(Struct, frozen=True):
    """An access token."""

    token: str


class Auth(Struct, frozen=True, tag="auth"):
    """Log in on this connection, or stay logged in with a newer token of the same user."""

    payload: AuthPayload
    id: MessageId = None


class TopicRequest(Struct, frozen=True):
    """A topic, and which of its posts are wanted."""

    topic: str
    filter: dict[str, Any] | None = None


class SubscribePayload(Struct, frozen=True):
    """``since`` is a cursor: what came after it is sent first."""

    topics: list[TopicRequest]
    since: str | None = None


class Subscribe(Struct, frozen=True, tag="subscribe"):
    """Add topics, or change their filters; all or none."""

    payload: SubscribePayload
    id: MessageId = None


class UnsubscribePayload(Struct, frozen=True):
    """Names of topics."""

    topics: list[str]


class Unsubscribe(Struct, frozen=True, tag="unsubscribe"):
    """Remove topics; those that were not subscribed are ignored."""

    payload: UnsubscribePayload
    id: MessageId = None


class WatchPayload(Struct, frozen=True):
    """Ids of posts. Those that the user may not see are watched without effect, so that nothing is told of them."""

    posts: list[UUID]


class Watch(Struct, frozen=True, tag="watch"):
    """Keep the counters of these posts in step, beginning with what they are now."""

    payload: WatchPayload
    id: MessageId = None


class Unwatch(Struct, frozen=True, tag="unwatch"):
    """Do so no longer; posts that are not watched are ignored."""

    payload: WatchPayload
    id: MessageId = None


class CallPayload(Struct, frozen=True):
    """A REST request: ``path`` with or without its query, ``query`` as in a URL (lists repeat the name), ``body`` as JSON."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    query: dict[str, str | int | bool | list[str | int | bool]] = {}
    body: Any = UNSET


class Call(Struct, frozen=True, tag="call"):
    """Any REST endpoint over this connection. Calls run side by side; their results come in any order, told apart by ``id``."""

    payload: CallPayload
    id: MessageId = None


class Ping(Struct, frozen=True, tag="ping"):
    """Answered by ``pong`` with the same payload."""

    payload: Any = None
    id: MessageId = None


ClientMessage = Auth | Subscribe | Unsubscribe | Watch | Unwatch | Call | Ping
