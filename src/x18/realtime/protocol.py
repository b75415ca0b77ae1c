"""The messages of the live channel, and what its limits and close codes are called.

Imports nothing of the server: clients may copy or import it. What the messages mean: ``docs/protocol.md``.
"""

from enum import IntEnum
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import Struct

JSON_SUBPROTOCOL: Final = "x18.v1.json"
MSGPACK_SUBPROTOCOL: Final = "x18.v1.msgpack"

HEARTBEAT_S: Final = 25
AUTH_TIMEOUT_S: Final = 5
EXPIRY_NOTICE_S: Final = 60

MAX_TOPICS: Final = 128
MAX_WATCHED: Final = 500
MAX_MESSAGE_BYTES: Final = 16 * 1024
MESSAGES_PER_MINUTE: Final = 120
BURST: Final = 30
MAX_CONNECTIONS_PER_USER: Final = 20
MAX_CONNECTIONS_PER_ADDRESS: Final = 100
MAX_ERRORS: Final = 10
MAX_REPLAY: Final = 5_000
MAX_QUEUED_FRAMES: Final = 1_024
MAX_QUEUED_BYTES: Final = 1024 * 1024

MessageId = str | int | None


class CloseCode(IntEnum):
    """Why the server closed. ``docs/protocol.md`` tells which ones mean: come back."""

    GOING_AWAY = 1001
    UNSUPPORTED_DATA = 1003
    INVALID_UTF8 = 1007
    TOO_BIG = 1009
    RESTART = 1012
    OVERLOADED = 1013
    TOKEN_EXPIRED = 4001
    HEARTBEAT_MISSED = 4002
    SLOW_CONSUMER = 4008
    RATE_LIMITED = 4029
    BAD_MESSAGES = 4400
    NOT_AUTHENTICATED = 4401
    REVOKED = 4403
    TOO_MANY_CONNECTIONS = 4409


FINAL_CODES: Final = frozenset({1003, 1007, 1009, 4400, 4401, 4403, 4409})
"""After these, connecting again in the same way is of no use."""

GapReason = Literal["cursor_too_old", "unknown_epoch", "cursor_in_future", "too_far_behind", "slow_consumer"]


# Client → server


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


class Ping(Struct, frozen=True, tag="ping"):
    """Answered by ``pong`` with the same payload."""

    payload: Any = None
    id: MessageId = None


ClientMessage = Auth | Subscribe | Unsubscribe | Ping


# Server → client


class Limits(Struct, frozen=True):
    """What a client must keep within."""

    topics: int = MAX_TOPICS
    watched_posts: int = MAX_WATCHED
    message_bytes: int = MAX_MESSAGE_BYTES
    messages_per_minute: int = MESSAGES_PER_MINUTE
    burst: int = BURST
    connections_per_user: int = MAX_CONNECTIONS_PER_USER
    connections_per_address: int = MAX_CONNECTIONS_PER_ADDRESS
    replay_events: int = MAX_REPLAY


class ConnectedPayload(Struct, frozen=True):
    """Where the stream stands now: with ``cursor``, a client misses nothing from here on."""

    connection_id: UUID
    user_id: UUID | None
    cursor: str
    epoch: str
    limits: Limits = Limits()
    heartbeat_s: int = HEARTBEAT_S


class Connected(Struct, frozen=True, tag="connected"):
    """Always the first message."""

    payload: ConnectedPayload


class Subscription(Struct, frozen=True, omit_defaults=True):
    """A topic in the form in which events name it."""

    topic: str
    filter: dict[str, Any] | None = None


class OkPayload(Struct, frozen=True):
    """All that the connection is subscribed to now."""

    topics: list[Subscription]
    user_id: UUID | None = None


class Ok(Struct, frozen=True, tag="ok"):
    """The answer to a message that was accepted."""

    payload: OkPayload
    id: MessageId = None


class ErrorPayload(Struct, frozen=True, omit_defaults=True):
    """``code`` is stable; ``detail`` says what to do."""

    code: str
    detail: str
    retry_after_s: float | None = None


class Error(Struct, frozen=True, tag="error"):
    """The answer to a message that was not accepted. Nothing was changed."""

    payload: ErrorPayload
    id: MessageId = None


class Pong(Struct, frozen=True, tag="pong"):
    """The answer to ``ping``."""

    payload: Any = None
    id: MessageId = None


class HeartbeatPayload(Struct, frozen=True):
    """The head of what this connection has been sent or did not want."""

    cursor: str


class Heartbeat(Struct, frozen=True, tag="heartbeat"):
    """After ``HEARTBEAT_S`` without other traffic."""

    payload: HeartbeatPayload


class GapPayload(Struct, frozen=True):
    """Read ``backfill`` over REST, then go on from ``cursor``."""

    reason: GapReason
    cursor: str
    backfill: list[str]


class Gap(Struct, frozen=True, tag="gap"):
    """Events between the client's cursor and this one cannot be sent any more."""

    payload: GapPayload


class AuthExpiringPayload(Struct, frozen=True):
    """How long the token still lives."""

    expires_in_s: int


class AuthExpiring(Struct, frozen=True, tag="auth_expiring"):
    """Send ``auth`` with a new token, or be closed with 4001."""

    payload: AuthExpiringPayload


class ReconnectPayload(Struct, frozen=True):
    """How long to wait."""

    after_ms: int


class Reconnect(Struct, frozen=True, tag="reconnect"):
    """The server is about to restart; the connection will be closed with 1012."""

    payload: ReconnectPayload


class Durable(Struct, frozen=True):
    """An event: ``post``, ``post.deleted``, ``retweet``, ``retweet.deleted``, ``notification``, ``notification.read`` or
    ``notification.deleted``.

    ``cursor`` orders all events of an epoch; ``topics`` are those of the connection that the event belongs to.
    """

    type: str
    cursor: str
    topics: list[str]
    payload: Any
