"""Numbers committed events. Every process runs a relay, one leads: whose session holds the advisory lock.

The lock is held by the connection that assigns numbers, so a leader that lost it cannot assign any more. Why numbers are given
after the commit, and what else was measured: ``docs/architecture.md``.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import asyncpg

from x18.core import db
from x18.core.outages import said_by
from x18.realtime.batches import Batch
from x18.realtime.events import RENDERED_AT_ONCE, Renderers, render
from x18.realtime.log import read_position, to_log_rows
from x18.realtime.retention import Retention

logger = logging.getLogger("x18.relay")

LOCK: Final = 7718
MAX_BATCH: Final = 1_000
POLL_S: Final = 0.1
"""The longest wait of an event whose wake-up was lost."""

MOST_LOOKS: Final = 50
"""So many looks that find nothing may be taken in ``POLL_S``."""

HEAD_EVERY_S: Final = 0.25
CANDIDATE_RETRY_S: Final = 0.3
RECONNECT_S: Final = 0.3
FULL_SCAN_EVERY_S: Final = 30.0

LOST_AFTER: Final = "5s"
"""After so long without a word PostgreSQL ends a leader's session: the process stands still, or its machine is gone."""

# One statement: the batch leaves the outbox, gets the next numbers and moves the head, or nothing of it happens.
# Ids below $1 were looked at before; skipping them keeps a vacuum that lags from making every poll slow.
NUMBER: Final = f"""
    WITH state AS (SELECT head, epoch FROM event_state FOR UPDATE),
    batch AS (DELETE FROM event_outbox WHERE id IN (
                  SELECT id FROM event_outbox WHERE id > $1 ORDER BY id LIMIT {MAX_BATCH} FOR UPDATE SKIP LOCKED)
              RETURNING *),
    logged AS (INSERT INTO event_log (seq, kind, actor_id, recipient_id, object_id, created_at)
               SELECT state.head + row_number() OVER (ORDER BY batch.id), batch.kind, batch.actor_id, batch.recipient_id,
                      batch.object_id, batch.created_at FROM batch, state
               RETURNING seq, kind, actor_id, recipient_id, object_id),
    moved AS (UPDATE event_state SET head = head + (SELECT count(*) FROM batch) WHERE EXISTS (SELECT 1 FROM batch))
    SELECT seq, kind, actor_id, recipient_id, object_id, (SELECT max(id) FROM batch) AS last_id,
           (SELECT epoch FROM state) AS epoch FROM logged ORDER BY seq"""


class Relay:
    """Runs until cancelled and survives the loss of PostgreSQL. ``on_batch`` gets every batch, in order, while it leads."""

    def __init__(
        self, database_url: str, renderers: Renderers, wake: asyncio.Event, on_batch: Callable[[Batch], None]
    ) -> None:
        self._database_url = database_url
        self._renderers = renderers
        self._wake = wake
        self._on_batch = on_batch
        self.leads = False

    async def run(self) -> None:
        """Be a candidate, or the leader."""
        while True:
            connection = None
            try:
                connection = await stand(self._database_url)
                await self._stand_by(connection)
                self.leads = True
                await self._lead(connection)
            except Exception as error:
                level = logging.WARNING if db.is_outage(error) or isinstance(error, OSError) else logging.ERROR
                logger.log(level, "relay interrupted: %s", said_by(error), exc_info=level == logging.ERROR)
            finally:
                self.leads = False
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(RECONNECT_S)

    @staticmethod
    async def _stand_by(connection: asyncpg.Connection) -> None:
        """Ask for the lock again and again; a blocking call would be ended by the command timeout."""
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110
            await asyncio.sleep(CANDIDATE_RETRY_S)  # the lock is another process's

    async def _lead(self, connection: asyncpg.Connection) -> None:
        _, head, _ = await read_position(connection)
        retention, floor, patience = Retention(connection), _Floor(), _Patience()
        loop = asyncio.get_running_loop()
        told = 0.0
        while True:
            self._wake.clear()
            await retention.keep(head)
            records = await connection.fetch(NUMBER, floor.value())
            if records:
                floor.seen(records[0]["last_id"])
                head = records[-1]["seq"]
                await self._tell(records, connection)
                told = loop.time()
                continue
            if loop.time() - told >= HEAD_EVERY_S:
                epoch, head, _ = await read_position(connection)
                self._on_batch(Batch(epoch, head + 1, head, []))
                told = loop.time()
            await _wait(self._wake, POLL_S)
            await patience.wait()

    async def _tell(self, records: list[asyncpg.Record], connection: asyncpg.Connection) -> None:
        """Say what was numbered, piece by piece: the first need not wait until the last is read."""
        epoch, rows = records[0]["epoch"].hex, to_log_rows(records)
        for start in range(0, len(rows), RENDERED_AT_ONCE):
            page = rows[start : start + RENDERED_AT_ONCE]
            async with db.using(connection):
                events = await render(page, self._renderers)
            for batch in Batch(epoch, page[0].seq, page[-1].seq, events).split():
                self._on_batch(batch)
                await asyncio.sleep(0)


async def stand(database_url: str) -> asyncpg.Connection:
    """The session of a candidate. The lock ends with it, also where nobody is left to end it."""
    return await db.connect(
        database_url, idle_session_timeout=LOST_AFTER, idle_in_transaction_session_timeout=LOST_AFTER
    )


class _Floor:
    """The greatest outbox id that is surely done: the one seen a minute ago, except that every 30 s all are looked at."""

    def __init__(self) -> None:
        self._now = self._before = self._done = 0
        self._rotated = self._scanned = asyncio.get_running_loop().time()

    def seen(self, last_id: int) -> None:
        self._now = max(self._now, last_id)

    def value(self) -> int:
        time = asyncio.get_running_loop().time()
        if time - self._rotated > 2 * FULL_SCAN_EVERY_S:
            self._rotated, self._done, self._before = time, self._before, self._now
        if time - self._scanned > FULL_SCAN_EVERY_S:
            self._scanned = time
            return 0
        return self._done


class _Patience:
    """Keeps wake-ups for nothing from making the leader ask PostgreSQL without a break: anybody on Redis may repeat one."""

    def __init__(self) -> None:
        self._began = asyncio.get_running_loop().time()
        self._looks = 0

    async def wait(self) -> None:
        """Called after a look that found nothing: the first ``MOST_LOOKS`` in ``POLL_S`` cost no time."""
        passed = asyncio.get_running_loop().time() - self._began
        self._looks += 1
        if passed >= POLL_S:
            self._began, self._looks = self._began + passed, 0
        elif self._looks >= MOST_LOOKS:
            await asyncio.sleep(POLL_S - passed)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        pass
