"""The live channel of one process: its parts, their tasks, and all its sessions."""

import asyncio
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis
from structlog.contextvars import bind_contextvars

from x18.core import db, metrics
from x18.core.clock import read_clock, reckon_clock
from x18.core.errors import NotAuthenticated, Unavailable
from x18.core.ids import moment_of
from x18.core.problems import as_problem
from x18.core.tasks import end
from x18.core.viewer import Authenticate, Redeem
from x18.realtime.admission import Admission
from x18.realtime.batches import Batch, pack
from x18.realtime.broker import Broker
from x18.realtime.counters import Counters, ReadCounts
from x18.realtime.events import Event, Renderers
from x18.realtime.feed import Feed, Steps
from x18.realtime.hub import Hub
from x18.realtime.load import MADE_WITH_ID, Load, close_label
from x18.realtime.outbox import wake
from x18.realtime.protocol import CloseCode, GapReason
from x18.realtime.readers import Readers
from x18.realtime.relay import LOCK, Relay
from x18.realtime.replay import Replayer
from x18.realtime.seal import Seal
from x18.realtime.services import Services, logger
from x18.realtime.session import Session
from x18.realtime.sockets import Backlog

TICK_S: Final = 1.0
TICK_CHUNK: Final = 500
"""After so many sessions the clock lets others run."""

RECHECK_EVERY_S: Final = 60.0
JUST_S: Final = 10.0


class Channel:
    """Made by the composition root; ``start`` and ``stop`` once."""

    def __init__(
        self,
        *,
        database_url: str,
        redis: Redis,
        seal: Seal,
        renderers: Renderers,
        read_counts: ReadCounts,
        authenticate: Authenticate,
        redeem: Redeem,
        origins: tuple[str, ...],
        query_tokens: bool,
        limited: bool,
    ) -> None:
        self.origins = origins
        self.query_tokens = query_tokens
        self._redeem = redeem
        self.sessions: set[Session] = set()
        self._readers = Readers(database_url)
        self._counters = Counters(self._readers, read_counts)
        self.hub = Hub(self._end_sessions, self._counters.moved)
        self.feed = Feed(self._readers, renderers, self._deliver, self._tell_gap)
        self._broker = Broker(redis, seal, self.feed.receive, wake.event.set, self.feed.ready)
        self._relay = Relay(database_url, renderers, wake.event, self._spread)
        self.services = Services(
            self.hub,
            self.feed,
            self._readers,
            Replayer(self._readers, renderers, limited=limited),
            authenticate,
            Admission(enforced=limited),
            self._counters,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Stand at the head of the log and begin."""
        await self._readers.start()
        await read_clock()
        await self.feed.start()
        wake.connect(self._broker.wake_relays)
        parts: list[Coroutine[Any, Any, None]] = [
            self._relay.run(),
            self.feed.run(),
            self._broker.run_publisher(),
            self._broker.run_subscriber(),
            self._counters.run(),
            self._run_clock(),
            self._run_rechecks(),
        ]
        self._tasks = [asyncio.create_task(part) for part in parts]

    async def stop(self) -> None:
        """End everything; sessions were told before, when the server closed their sockets."""
        wake.connect(None)
        self.services.test_topic.stop()
        await end(self._tasks)
        await self._readers.stop()

    async def redeem(self, ticket: str, network: str) -> str:
        """An access token for a ticket from this network.

        Raises:
            NotAuthenticated: a bad, expired or used ticket.
        """
        try:
            return await self._redeem(ticket)
        except NotAuthenticated:
            self.services.admission.fail(network)
            raise

    @contextmanager
    def attend(self, session: Session, address: str) -> Iterator[bool]:
        """Count a session for the block, and let go of everything after it. Yields whether its network may have one more."""
        network = session.network
        self.sessions.add(session)
        bind_contextvars(connection_id=str(session.id), address=address)
        try:
            yield self.services.admission.enter(network)
        finally:
            socket = session.line.socket
            code = socket.disconnect_code or socket.close_code
            metrics.CLOSES.labels(close_label(code)).inc()
            logger.debug("connection ended", extra={"code": code})
            self.services.admission.leave(network, session.user_id)
            session.end()
            self.sessions.discard(session)

    async def check(self) -> None:
        """Whether events get numbers, and this process is where the log is.

        Raises:
            Unavailable: no relay leads, or this process has not been there for some seconds.
        """
        if self.feed.is_astray:
            raise Unavailable("This process does not keep up with the log.")
        led = await db.fetch_value(
            """SELECT true FROM pg_locks WHERE locktype = 'advisory' AND granted AND (classid, objid, objsubid) = (0, $1, 1)
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
            LOCK,
        )
        if not led:
            raise Unavailable("No relay leads.")

    def load(self) -> Load:
        """The load of the process now, for the metrics."""
        return Load(
            connections=len(self.sessions),
            users=len(self.hub.viewers),
            subscriptions=self.hub.subscriptions,
            watched=self._counters.watched,
            queue_bytes=Backlog.waiting_bytes,
            head=self.feed.head,
            position=self.feed.last,
            broker_lag_s=self._broker.silence_s,
            broker_waiting=self._broker.waiting,
            leads=self._relay.leads,
            pool=self._readers.use(),
        )

    def _spread(self, batch: Batch) -> None:
        """Hand on events that this process numbered as the leader, to its own sessions and to the other processes."""
        self.feed.offer(batch)
        self._broker.publish(pack(batch))

    def _deliver(self, events: Sequence[Event]) -> Steps:
        metrics.DELIVERIES.inc((yield from self.hub.publish(events, self.feed.epoch, self.feed.pace.is_over)))
        now = reckon_clock()
        for event in events:
            if event.kind in MADE_WITH_ID:
                metrics.COMMIT_TO_SOCKET.observe(max(0.0, (now - moment_of(event.object_id)).total_seconds()))

    def _tell_gap(self, reason: GapReason) -> Steps:
        """The log broke off: what is known of follows may be wrong too, so everybody comes back and is told where from."""
        logger.warning("the stream broke off: %s", reason)
        self.hub.begin_anew()
        for session in list(self.sessions):
            session.break_off(reason)
            if self.feed.pace.is_over():
                yield self.feed.last

    def _end_sessions(self, user_id: UUID, session_id: UUID | None) -> None:
        """A log-out, here or anywhere."""
        self.services.just_revoked.add(user_id)
        asyncio.get_running_loop().call_later(JUST_S, self.services.just_revoked.discard, user_id)
        viewer = self.hub.viewers.get(user_id)
        for connection in list(viewer.connections) if viewer else ():
            if session_id in (None, connection.session_id):
                connection.close(CloseCode.REVOKED, "the session has ended")

    async def _run_clock(self) -> None:
        """Waits for nothing else: a token expires on time, whatever the database does."""
        while True:
            await asyncio.sleep(TICK_S)
            for number, session in enumerate(list(self.sessions), start=1):
                _tick(session)
                if number % TICK_CHUNK == 0:
                    await asyncio.sleep(0)

    async def _run_rechecks(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_EVERY_S)
            try:
                await read_clock()
                await self._recheck()
            except Exception as error:
                if as_problem(error) is None:
                    logger.exception("sessions cannot be checked")

    async def _recheck(self) -> None:
        """Close the sockets of sessions that ended without an event, as when somebody edits the tables."""
        ids = {session.connection.session_id for session in self.sessions} - {None}
        rows = await db.fetch(
            """SELECT s.id FROM auth_sessions s JOIN users u ON u.id = s.user_id
               WHERE s.id = ANY($1) AND s.revoked_at IS NULL AND s.expires_at > now() AND u.disabled_at IS NULL""",
            list(ids),
        )
        ended = ids - {row["id"] for row in rows}
        for session in list(self.sessions):
            if session.connection.session_id in ended:
                session.close(CloseCode.REVOKED, "the session has ended")


def _tick(session: Session) -> None:
    try:
        session.tick(time.monotonic(), reckon_clock().timestamp())
    except Exception:
        logger.exception("session %s stumbled", session.id)
