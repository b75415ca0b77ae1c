"""One live client: who it is, what it asked for, and when it has to go."""

import time
from typing import Any, Final
from uuid import UUID

import msgspec

from x18.core import metrics
from x18.core.errors import BadInput, NotAuthenticated, Problem, TooManyRequests
from x18.core.ids import new_id
from x18.core.problems import as_problem
from x18.realtime import protocol as p
from x18.realtime.filters import parse_filter
from x18.realtime.hub import Connection
from x18.realtime.matching import Subscription
from x18.realtime.protocol import CloseCode
from x18.realtime.replay import Missed, Unreplayable
from x18.realtime.services import Services
from x18.realtime.sockets import Socket
from x18.realtime.topics import NOTIFICATIONS, parse_topic
from x18.realtime.wire import Encoding, encode_message

MAX_BUFFERED: Final = 1_000
"""How many writes of live events may wait for a replay to end."""

_decoders: Final[dict[Encoding, Any]] = {
    Encoding.JSON: msgspec.json.Decoder(p.ClientMessage),
    Encoding.MSGPACK: msgspec.msgpack.Decoder(p.ClientMessage),
}


class Session:
    """Handles the messages of one connection, one after the other. Made when the socket is accepted, gone when ``run`` returns."""

    def __init__(self, services: Services, socket: Socket, encoding: Encoding, *, is_legacy: bool = False) -> None:
        self.id = new_id()
        self._services = services
        self._socket = socket
        self._bucket = services.admission.new_bucket()
        self._errors = 0
        self.user_id: UUID | None = None
        """Whose the session is or was; the hub forgets it when the session is closed."""
        self._expires_at = 0.0
        self._notice_sent = False
        self._buffer: list[bytes] | None = None
        self._log_in_by = time.monotonic() + p.AUTH_TIMEOUT_S if is_legacy else 0.0
        self._is_legacy = is_legacy
        self.connection = Connection(encoding, socket.write)
        socket.on_write_changed = self._use_writer

    async def run(self, token: str | None) -> None:
        """Serve the client until the connection is over. ``token`` was sent with the handshake."""
        try:
            if token is not None and not await self._log_in(token):
                return
        except Problem as problem:
            self._refuse(problem)
            return
        self._send(
            p.Connected(p.ConnectedPayload(self.id, self.connection.user_id, str(self._cursor), self._cursor.epoch))
        )
        if self._is_legacy and token is not None:
            self._subscribe_to_notifications()
        while (message := await self._socket.receive()) is not None:
            await self._receive(message)

    def end(self) -> None:
        """Let go of everything. After this nothing is delivered."""
        self._services.hub.leave(self.connection)
        self._socket.ended()

    def close(self, code: CloseCode, reason: str) -> None:
        """Deliver nothing any more and close."""
        self._services.hub.leave(self.connection)
        self._socket.close(code, reason)

    def tick(self, now: float, wall: float) -> None:
        """Once a second: heartbeat, expiry, deadlines. ``now`` is monotonic, ``wall`` the time of day."""
        if self._socket.close_code is not None:
            return
        if self._log_in_by and now >= self._log_in_by:
            self.close(CloseCode.NOT_AUTHENTICATED, "not authenticated in time")
        elif self._expires_at and wall >= self._expires_at:
            self.close(CloseCode.TOKEN_EXPIRED, "the token has expired: refresh it and come back with the cursor")
        elif self._expires_at and not self._notice_sent and wall >= self._expires_at - p.EXPIRY_NOTICE_S:
            self._notice_sent = True
            self._send(p.AuthExpiring(p.AuthExpiringPayload(max(0, int(self._expires_at - wall)))))
        elif now - self.connection.sent_at >= p.HEARTBEAT_S and self._buffer is None:
            self._send(p.Heartbeat(p.HeartbeatPayload(str(self._cursor))))

    def tell_gap(self, reason: p.GapReason) -> None:
        """Events between the client's cursor and now cannot be sent."""
        metrics.GAPS.labels(reason).inc()
        backfill = list(dict.fromkeys(one.topic.backfill for one in self.connection.subscriptions.values()))
        self._send(p.Gap(p.GapPayload(reason, str(self._cursor), backfill)))

    # Messages

    async def _receive(self, data: str | bytes) -> None:
        if isinstance(data, str) is not (self.connection.encoding is Encoding.JSON):
            self.close(CloseCode.UNSUPPORTED_DATA, "text frames carry JSON, binary frames MessagePack")
            return
        message_id = None
        try:
            if wait := self._bucket.take():
                raise TooManyRequests("Too many messages; wait.", retry_after_s=max(1, round(wait)))
            message_id, message = self._decode(data)
            await self._handle(message)
        except Exception as error:
            self._answer_error(error, message_id)

    def _decode(self, data: str | bytes) -> tuple[p.MessageId, p.ClientMessage]:
        try:
            message: p.ClientMessage = _decoders[self.connection.encoding].decode(data)
        except msgspec.DecodeError as error:
            detail = str(error) if isinstance(error, msgspec.ValidationError) else "not a message"
            raise _Undecodable(f"The message cannot be read: {detail}.", _id_in(data)) from error
        if isinstance(message.id, str) and len(message.id) > 128:
            raise BadInput("An id has at most 128 characters.", code="bad_message")
        return message.id, message

    async def _handle(self, message: p.ClientMessage) -> None:
        match message:
            case p.Auth():
                await self._authenticate(message)
            case p.Subscribe():
                await self._subscribe(message)
            case p.Unsubscribe():
                for text in message.payload.topics:
                    self._services.hub.unsubscribe(self.connection, parse_topic(text).name)
                self._send(self._ok(message.id))
            case p.Ping():
                self._send(p.Pong(message.payload, message.id))

    def _answer_error(self, error: Exception, message_id: p.MessageId) -> None:
        if isinstance(error, _Undecodable):
            message_id = error.message_id
        problem = as_problem(error)
        if problem is None:
            self._services.logger.error("unhandled error on a socket", exc_info=error)
            problem = Problem("Something went wrong on our side.")
        if isinstance(problem, NotAuthenticated) and not isinstance(error, _NeedsAccount):
            self._refuse(problem)
            return
        wait = problem.retry_after_s
        self._send(
            p.Error(p.ErrorPayload(problem.code, problem.detail, None if wait is None else float(wait)), message_id)
        )
        self._errors += 1
        if self._errors >= p.MAX_ERRORS:
            limited = isinstance(problem, TooManyRequests)
            code = CloseCode.RATE_LIMITED if limited else CloseCode.BAD_MESSAGES
            self.close(code, "too many messages" if limited else "too many bad messages")

    # Who

    async def _authenticate(self, message: p.Auth) -> None:
        if await self._log_in(message.payload.token):
            if self._is_legacy:
                self._subscribe_to_notifications()
            self._send(self._ok(message.id))

    async def _log_in(self, token: str) -> bool:
        """Take the identity; False when the connection is closed for it."""
        viewer = await self._services.authenticate(token)
        known = self.connection.user_id
        if known is not None and known != viewer.user_id:
            raise BadInput("This connection belongs to another user: open a new one.", code="different_user")
        self.user_id = viewer.user_id
        if known is None and not self._services.admission.log_in(viewer.user_id):
            self.close(CloseCode.TOO_MANY_CONNECTIONS, "too many connections of this user")
            return False
        self._services.join(self.connection, viewer)
        if viewer.user_id in self._services.just_revoked:
            viewer = await self._services.authenticate(token)
        self._expires_at, self._notice_sent, self._log_in_by = viewer.expires_at.timestamp(), False, 0.0
        return True

    def _refuse(self, problem: Problem) -> None:
        expired = problem.code == "token_expired"
        self._send(p.Error(p.ErrorPayload(problem.code, problem.detail)))
        if not isinstance(problem, NotAuthenticated):
            self.close(CloseCode.OVERLOADED, "try again in a moment")
        else:
            self.close(CloseCode.TOKEN_EXPIRED if expired else CloseCode.NOT_AUTHENTICATED, problem.code)

    # What

    async def _subscribe(self, message: p.Subscribe) -> None:
        wanted = [(parse_topic(one.topic), parse_filter(one.filter)) for one in message.payload.topics]
        names = {topic.name for topic, _ in wanted}
        self._check(wanted, names)
        viewer = self.connection.viewer
        if viewer is not None and names - {NOTIFICATIONS}:
            await self._services.followees.ensure(viewer)
        since, gap = None, None
        if message.payload.since is not None:
            try:
                since = await self._services.replayer.check(message.payload.since)
            except Unreplayable as error:
                gap = error.reason
        # From here to the replay nothing is awaited: the seam is between two events.
        head = self._cursor
        had = dict(self.connection.subscriptions)
        for topic, chosen in wanted:
            start = head.seq if since is None else since.seq
            self._services.hub.subscribe(self.connection, Subscription(topic, chosen, start))
        self._send(self._ok(message.id))
        if gap is not None:
            self.tell_gap(gap)
        elif since is not None and since.seq < head.seq:
            subscriptions = {name: self.connection.subscriptions[name] for name in names}
            await self._replay(
                Missed(since, head.seq, subscriptions, had, self.connection.user_id, self.connection.encoding)
            )

    def _check(self, wanted: list[tuple[Any, Any]], names: set[str]) -> None:
        if self.connection.viewer is None and any(topic.is_personal for topic, _ in wanted):
            self._log_in_by = self._log_in_by or time.monotonic() + p.AUTH_TIMEOUT_S
            raise _NeedsAccount("This topic needs an account: send auth first.")
        if any(chosen is not None and not topic.takes_filter for topic, chosen in wanted):
            raise BadInput("Notifications take no filter.", code="bad_filter")
        if len(self.connection.subscriptions.keys() | names) > p.MAX_TOPICS:
            raise BadInput(f"A connection has at most {p.MAX_TOPICS} topics.", code="too_many_topics")

    async def _replay(self, missed: Missed) -> None:
        """Send what was missed while live events wait."""
        self._buffer = []
        self.connection.write = self._keep
        try:
            async for data in self._services.replayer.read(missed):
                if data:
                    self._socket.write(data)
                    await self._socket.drain()
        except Unreplayable as error:
            self.tell_gap(error.reason)
        except TimeoutError:
            self.close(CloseCode.SLOW_CONSUMER, "too slow: resume from your cursor")
        finally:
            buffered, self._buffer = self._buffer, None
            self._use_writer()
            if buffered:
                self._socket.write(b"".join(buffered))

    def _subscribe_to_notifications(self) -> None:
        topic = parse_topic(NOTIFICATIONS)
        self._services.hub.subscribe(self.connection, Subscription(topic, None, self._cursor.seq))

    def _keep(self, data: bytes) -> None:
        if self._buffer is not None:
            self._buffer.append(data)
            if len(self._buffer) > MAX_BUFFERED:
                self.close(CloseCode.SLOW_CONSUMER, "too slow: resume from your cursor")

    # Out

    @property
    def _cursor(self) -> Any:
        return self._services.feed.cursor

    def _ok(self, message_id: p.MessageId) -> p.Ok:
        topics = [
            p.Subscription(name, one.filter.wanted if one.filter else None)
            for name, one in sorted(self.connection.subscriptions.items())
        ]
        return p.Ok(p.OkPayload(topics, self.connection.user_id), message_id)

    def _send(self, message: Any) -> None:
        """A message to this client alone; it overtakes what waits for a replay, which it does not depend on."""
        self.connection.sent_at = time.monotonic()
        self._socket.write(encode_message(message, self.connection.encoding))

    def _use_writer(self) -> None:
        if self._buffer is None:
            self.connection.write = self._socket.write


class _NeedsAccount(NotAuthenticated):
    """An anonymous connection asked for what needs an account; it may still log in."""


class _Undecodable(BadInput):
    """A message that is none, with its id as far as that can be read."""

    def __init__(self, detail: str, message_id: p.MessageId) -> None:
        super().__init__(detail, code="bad_message")
        self.message_id = message_id


def _id_in(data: str | bytes) -> p.MessageId:
    class OnlyId(msgspec.Struct):
        id: str | int | None = None

    try:
        if isinstance(data, str):
            return msgspec.json.decode(data, type=OnlyId).id
        return msgspec.msgpack.decode(data, type=OnlyId).id
    except (msgspec.MsgspecError, RecursionError):
        return None
