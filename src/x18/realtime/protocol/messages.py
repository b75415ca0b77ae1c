"""Messages from the server to the client."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from x18.realtime.protocol import limits as bounds
from x18.realtime.protocol.requests import Cursor, MessageId, TopicName

GapReason = Literal["cursor_too_old", "unknown_epoch", "cursor_in_future", "too_far_behind", "slow_consumer"]


class Limits(Struct, frozen=True):
    """The limits that a client must keep within."""

    topics: int = bounds.MAX_TOPICS
    users: int = bounds.MAX_USERS
    filter_values: int = bounds.MAX_FILTER_VALUES
    filter_bytes: int = bounds.MAX_FILTER_BYTES
    watched_posts: int = bounds.MAX_WATCHED
    message_bytes: int = bounds.MAX_MESSAGE_BYTES
    messages_per_minute: int = bounds.MESSAGES_PER_MINUTE
    burst: int = bounds.BURST
    connections_per_user: int = bounds.MAX_CONNECTIONS_PER_USER
    connections_per_address: int = bounds.MAX_CONNECTIONS_PER_ADDRESS
    replay_events: int = bounds.MAX_REPLAY
    calls_in_flight: int = bounds.MAX_CALLS
    authenticate_within_s: int = bounds.AUTH_TIMEOUT_S


class ConnectedPayload(Struct, frozen=True):
    """The position of the stream: a client that resumes from ``cursor`` misses nothing from here on."""

    connection_id: UUID
    user_id: Annotated[UUID | None, Meta(description="Null without an account.")]
    cursor: Cursor
    epoch: Annotated[str, Meta(description="Another one means that the log was restored from a backup.")]
    limits: Limits = Limits()
    heartbeat_s: Annotated[int, Meta(description="A heartbeat is sent after this many seconds without traffic.")] = (
        bounds.HEARTBEAT_S
    )
    protocol: Annotated[str, Meta(description="The protocol's name and version.")] = bounds.PROTOCOL


class Connected(Struct, frozen=True, tag="connected"):
    """The first message, unless the connection is refused: then an ``error`` is the first and the last."""

    payload: ConnectedPayload


class Subscription(Struct, frozen=True, omit_defaults=True):
    """A topic in the form in which events name it."""

    topic: TopicName
    filter: Annotated[dict[str, Any] | None, Meta(description="Where this message set it.")] = None
    users: Annotated[int, Meta(description="Of a topic of many users: how many it names.")] = 0
    is_filtered: Annotated[bool, Meta(description="It has the filter that an earlier message set.")] = False


class OkPayload(Struct, frozen=True):
    """All topics that the connection is subscribed to now, and the filters that this message set."""

    topics: list[Subscription]
    user_id: UUID | None = None


class Ok(Struct, frozen=True, tag="ok"):
    """The answer to a message that was accepted."""

    payload: OkPayload
    id: MessageId = None


class ErrorPayload(Struct, frozen=True, omit_defaults=True):
    """``code`` is stable; ``detail`` says what to do."""

    code: Annotated[str, Meta(description="See the codes of errors.")]
    detail: Annotated[str, Meta(description="An explanation for people.")]
    retry_after_s: Annotated[float | None, Meta(description="How long to wait, where that helps.")] = None


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

    cursor: Cursor


class Heartbeat(Struct, frozen=True, tag="heartbeat"):
    """After ``HEARTBEAT_S`` without other traffic; on an event stream also where it begins."""

    payload: HeartbeatPayload


class GapPayload(Struct, frozen=True):
    """Read ``backfill`` over REST, then go on from ``cursor``."""

    reason: GapReason
    cursor: Cursor
    backfill: Annotated[list[str], Meta(description="REST addresses, one for each topic.")]


class ReplayedPayload(Struct, frozen=True):
    """With ``cursor`` nothing of what came before is missed."""

    cursor: Cursor
    events: Annotated[int, Meta(ge=0, description="How many were sent.")]


class Replayed(Struct, frozen=True, tag="replayed"):
    """The end of what ``since`` asked for; from here on events are live."""

    payload: ReplayedPayload


class Gap(Struct, frozen=True, tag="gap"):
    """Events between the client's cursor and this one cannot be sent any more."""

    payload: GapPayload


class AuthExpiringPayload(Struct, frozen=True):
    """The rest of the token's life."""

    expires_in_s: Annotated[int, Meta(ge=0)]


class AuthExpiring(Struct, frozen=True, tag="auth_expiring"):
    """Send ``auth`` with a new token, or be closed with 4001."""

    payload: AuthExpiringPayload


class ReconnectPayload(Struct, frozen=True):
    """The time to wait."""

    after_ms: Annotated[int, Meta(ge=0)]


class Reconnect(Struct, frozen=True, tag="reconnect"):
    """The server is about to restart; the connection will be closed with 1012."""

    payload: ReconnectPayload


class PostCounts(Struct, frozen=True):
    """Absolute values."""

    likes_count: Annotated[int, Meta(ge=0)]
    retweets_count: Annotated[int, Meta(ge=0)]
    replies_count: Annotated[int, Meta(ge=0)]
    bookmarks_count: Annotated[int, Meta(ge=0)]


class CountsPayload(Struct, frozen=True):
    """Post id → counters, of the watched posts of which something moved."""

    posts: dict[UUID, PostCounts]


class Counts(Struct, frozen=True, tag="counts"):
    """At most one in 250 ms; the last value wins, steps in between are not sent."""

    payload: CountsPayload


class ResultPayload(Struct, frozen=True):
    """The answer of the endpoint."""

    status: Annotated[int, Meta(ge=100, le=599)]
    headers: Annotated[dict[str, str], Meta(description="Names in lower case; those that tell something.")]
    body: Annotated[Any, Meta(description="JSON; null where there is none.")]


class Result(Struct, frozen=True, tag="result"):
    """The answer to a ``call`` that reached its endpoint, whatever that said."""

    payload: ResultPayload
    id: MessageId = None


class TestPayload(Struct, frozen=True):
    """Figures that show losses and delays."""

    number: Annotated[int, Meta(ge=1, description="Counts up on each process and rate.")]
    sent_at: Annotated[int, Meta(description="Milliseconds since 1970.")]


class TestEvent(Struct, frozen=True, tag="test"):
    """An event of the topic ``test``. It is not in the log and has no cursor."""

    topics: list[TopicName]
    payload: TestPayload
