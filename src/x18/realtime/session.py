"""One live client: who it is, what it says, and when it has to go."""

import asyncio
import random
import time
from functools import partial
from typing import Final
from uuid import UUID

from x18.core.clock import reckon_clock
from x18.core.errors import BadInput, NotAuthenticated, Problem, TooManyRequests, Unavailable
from x18.core.ids import new_id
from x18.core.problems import as_problem
from x18.realtime import protocol as p
from x18.realtime.calls import Calls
from x18.realtime.counters import Watcher
from x18.realtime.desk import Desk
from x18.realtime.incoming import Undecodable, decode, id_in
from x18.realtime.line import Line
from x18.realtime.protocol import CloseCode
from x18.realtime.refusals import Mistakes, TooManyConnections, close_code_of
from x18.realtime.services import Services
from x18.realtime.subscribing import NeedsAccount, Subscriber
from x18.realtime.wire import Encoding

DRAIN_S: Final = 5.0
SOONEST_S: Final = 0.1
DRAIN_RATE: Final = 200
"""Connections per second that are sent elsewhere before a restart; more where that would take longer than ``DRAIN_S``."""


class Session:
    """Handles the messages of one connection, one after the other. Calls run side by side, a log-in waits for nothing before it,
    and reading goes on while a message is handled.

    Made when the connection is accepted. ``end`` is called when it is over.
    """

    __slots__ = (
        "_bucket", "_calls", "_departs", "_desk", "_expires_at", "_is_legacy", "_is_open", "_log_in_by", "_mistakes",
        "_notice_at", "_services", "_token", "_watcher", "connection", "id", "line", "network", "subscriber", "user_id",
    )  # fmt: skip

    def __init__(
        self, services: Services, line: Line, network: str, calls: Calls | None = None, *, is_legacy: bool = False
    ) -> None:
        """``network`` is whence the client comes, as limits count."""
        self.id = new_id()
        self.line = line
        self.network = network
        self.connection = line.connection
        self.subscriber = Subscriber(services, line, network)
        self.user_id: UUID | None = None
        """The session's user, also after its end, when the hub has forgotten the session."""
        self._services = services
        self._calls = calls
        self._watcher: Watcher | None = None
        self._bucket = services.admission.new_bucket()
        self._desk: Desk[p.ClientMessage | tuple[Problem, p.MessageId]] = Desk(self._serve)
        self._mistakes = Mistakes()
        self._is_open = False
        self._departs = False
        self._token: str | None = None
        self._expires_at = 0.0
        self._notice_at = 0.0
        """When the client is told that its token is about to end; 0 once it was."""
        self._is_legacy = is_legacy
        self._log_in_by = time.monotonic() + p.AUTH_TIMEOUT_S if is_legacy else 0.0
        line.socket.on_shutdown = self.depart
        line.on_over = self._stop_working

    async def open(self, token: str | None, *, is_admitted: bool) -> None:
        """Take the identity that came with the handshake, and say where the stream stands.

        Raises:
            NotAuthenticated, TooManyConnections, Unavailable: the connection is not to be.
        """
        if not is_admitted:
            raise TooManyConnections("There are too many connections from this address: close one.")
        if self._services.feed.is_blind:
            raise Unavailable("This server cannot read the event log right now; try again in a moment.")
        if token is not None:
            await self._log_in(token)
        cursor = self._services.feed.cursor
        self._is_open = True
        self.line.send(p.Connected(p.ConnectedPayload(self.id, self.connection.user_id, str(cursor), cursor.epoch)))
        if self._is_legacy and token is not None:
            self.subscriber.subscribe_to_notifications()

    @property
    def cursor(self) -> str:
        """The position of the stream."""
        return str(self._services.feed.cursor)

    async def run(self) -> None:
        """Serve the client until the connection is over."""
        while (data := await self.line.socket.receive()) is not None:
            await self._receive(data)
            await asyncio.sleep(0)  # one message of each client a turn

    def refuse(self, problem: Problem, message_id: p.MessageId = None) -> None:
        """Say why there will be no connection, and close."""
        message = p.Error(p.ErrorPayload(problem.code, problem.detail), message_id)
        self.line.part(message, close_code_of(problem), problem.code)

    def end(self) -> None:
        """Let go of everything. After this nothing is delivered."""
        self.line.end()
        if self._watcher is not None:
            self._services.counters.leave(self._watcher)

    def _stop_working(self) -> None:
        self._desk.stop()
        self.subscriber.stop()

    def close(self, code: CloseCode, reason: str) -> None:
        """Deliver nothing any more and close."""
        self.line.close(code, reason)

    def break_off(self, reason: p.GapReason) -> None:
        """The log broke off: say so, and have the client come back."""
        if self._is_open:
            self.line.part(self.subscriber.gap(reason, self._services.feed.cursor), CloseCode.RESTART, reason)
        else:
            self.close(CloseCode.RESTART, reason)

    def depart(self) -> None:
        """The server is about to stop, or cannot deliver: send the client elsewhere, not all at the same moment."""
        if self._departs:
            return
        self._departs = True
        spread = max(SOONEST_S, min(DRAIN_S, self._services.admission.total / DRAIN_RATE))
        delay = random.uniform(SOONEST_S, spread)
        if self._is_open:  # the first message is always `connected`
            self.line.send(p.Reconnect(p.ReconnectPayload(int(delay * 1000))))
        asyncio.get_running_loop().call_later(delay, self.close, CloseCode.RESTART, "restart")

    def tick(self, now: float, wall: float) -> None:
        """Once a second: heartbeat, expiry, deadlines, a node that is blind. ``now`` is monotonic, ``wall`` the time of day."""
        if self.line.socket.close_code is not None or not self._is_open:
            return
        if self._log_in_by and now >= self._log_in_by and not self._desk.is_urgent:  # else it is us who take so long
            self.close(CloseCode.NOT_AUTHENTICATED, "not authenticated in time")
        elif self._expires_at and wall >= self._expires_at:
            self.close(CloseCode.TOKEN_EXPIRED, "the token has expired: refresh it and reconnect with the cursor")
        elif self._notice_at and wall >= self._notice_at:
            self._notice_at = 0.0
            self.line.send(p.AuthExpiring(p.AuthExpiringPayload(max(0, int(self._expires_at - wall)))))
        elif self._services.feed.is_blind:
            self.depart()
        elif now - self.connection.sent_at >= p.HEARTBEAT_S and not self.line.is_held:
            self.line.send(p.Heartbeat(p.HeartbeatPayload(str(self._services.feed.cursor))))

    # Messages

    async def _receive(self, data: str | bytes) -> None:
        if isinstance(data, str) is not (self.connection.encoding is Encoding.JSON):
            self.close(CloseCode.UNSUPPORTED_DATA, "text frames carry JSON, binary frames MessagePack")
            return
        if wait := self._bucket.take() or self._services.admission.hear(len(data), self.network, self.user_id):
            problem = TooManyRequests("Too many messages; wait.", retry_after_s=max(1, round(wait)))
            await self._desk.put((problem, id_in(data)), 0)
            return
        try:
            message = decode(data, self.connection.encoding)
        except Undecodable as error:
            await self._desk.put((error, error.message_id), 0)
        else:
            await self._desk.put(message, len(data), urgent=isinstance(message, p.Auth))

    async def _serve(self, message: p.ClientMessage | tuple[Problem, p.MessageId]) -> None:
        if isinstance(message, tuple):
            self._answer_error(*message)
            return
        try:
            await self._handle(message)
            self._mistakes.forgive()
        except Exception as error:
            self._answer_error(error, message.id)

    async def _handle(self, message: p.ClientMessage) -> None:
        match message:
            case p.Auth():
                await self._authenticate(message)
            case p.Subscribe():
                await self._subscribe(message)
            case p.Unsubscribe():
                await self.subscriber.settle()
                self.subscriber.unsubscribe(message.payload.topics, message.id)
            case p.Watch():
                await self._watch(message)
            case p.Unwatch():
                if self._watcher is not None:
                    self._services.counters.unwatch(self._watcher, message.payload.posts)
                self.line.send(self.subscriber.ok(message.id))
            case p.Call():
                if self._calls is not None:
                    self._calls.start(partial(self._call, self._calls), message)
            case p.Ping():
                await self.subscriber.settle()
                self.line.send(p.Pong(message.payload, message.id))

    async def _subscribe(self, message: p.Subscribe) -> None:
        try:
            wanted = message.payload
            await self.subscriber.subscribe(wanted.topics, wanted.since, message.id, latest=wanted.latest)
        except NeedsAccount:
            self._log_in_by = self._log_in_by or time.monotonic() + p.AUTH_TIMEOUT_S
            raise

    async def _watch(self, message: p.Watch) -> None:
        watcher = self._watcher = self._watcher or Watcher(self.line)
        if self.connection.viewer is not None:
            await self._services.followees.ensure(self.connection.viewer)
        self._services.counters.watch(watcher, message.payload.posts)
        self.line.send(self.subscriber.ok(message.id))

    async def _call(self, calls: Calls, message: p.Call) -> None:
        try:
            async with self._services.admission.call(self.network, self.user_id):
                if self.line.socket.close_code is not None:
                    return  # it was still waiting, and nobody waits for it any more
                result = await calls.answer(message, self._token, self.connection.encoding)
            self.line.send(result)
        except Exception as error:
            self._answer_error(error, message.id)

    # Errors

    def _answer_error(self, error: Exception, message_id: p.MessageId) -> None:
        problem = as_problem(error)
        if problem is None:
            self._services.logger.error("unhandled error on a socket", exc_info=error)
            problem = Problem("Something went wrong on our side.")
        if isinstance(problem, TooManyConnections) or (
            isinstance(problem, NotAuthenticated) and not isinstance(problem, NeedsAccount)
        ):
            self.refuse(problem, message_id)
            return
        wait = problem.retry_after_s
        message = p.Error(
            p.ErrorPayload(problem.code, problem.detail, None if wait is None else float(wait)), message_id
        )
        counts = problem.status < 500 and problem.code != "too_many_calls"  # else to try again is what it was told
        if not counts or not self._mistakes.add():
            self.line.send(message)
        elif isinstance(problem, TooManyRequests):
            self.line.part(message, CloseCode.RATE_LIMITED, "too many messages")
        else:
            self.line.part(message, CloseCode.BAD_MESSAGES, "too many bad messages")

    # Who

    async def _authenticate(self, message: p.Auth) -> None:
        was_anonymous = self.connection.viewer is None
        token = message.payload.token
        if token[:7].lower() == "bearer ":
            raise NotAuthenticated("Send only the token, without the word Bearer.", code="invalid_token")
        if (
            was_anonymous or token != self._token
        ):  # with its own it is logged in, whatever the clock says of the token now
            await self._log_in(token)
        if self._is_legacy and was_anonymous:
            self.subscriber.subscribe_to_notifications()
        await self.subscriber.know_viewer(is_new=was_anonymous, is_watching=self._watcher is not None)
        self.line.send(self.subscriber.ok(message.id))

    async def _log_in(self, token: str) -> None:
        try:
            viewer = await self._services.authenticate(token)
        except NotAuthenticated:
            self._services.admission.fail(self.network)
            raise
        known = self.user_id  # the hub may have forgotten it while we waited: whom we counted stays counted
        if known is not None and known != viewer.user_id:
            raise BadInput("This connection belongs to another user: open a new one.", code="different_user")
        self.user_id = viewer.user_id
        if known is None and not self._services.admission.log_in(viewer.user_id):
            raise TooManyConnections("You have too many connections: close one.")
        self._token = token
        self._log_in_by = 0.0
        self._expire_at(viewer.expires_at.timestamp())
        self._services.join(self.connection, viewer)
        if viewer.user_id in self._services.just_revoked:
            await self._check_again(token)

    def _expire_at(self, end: float) -> None:
        """Tell the client in time; again only where it came with a token that lives longer."""
        if end > self._expires_at:
            self._notice_at = end - min(p.EXPIRY_NOTICE_S, (end - reckon_clock().timestamp()) / 2)
        self._expires_at = end

    async def _check_again(self, token: str) -> None:
        """A session of the user ended while this one was being checked: it may have been this one."""
        try:
            await self._services.authenticate(token)
        except Exception as error:
            self.refuse(as_problem(error) or Unavailable("Something went wrong on our side."))
            raise
