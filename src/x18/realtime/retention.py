"""Partitions of the log: made before they are needed, dropped when nobody may ask for them any more.

Both need the log for themselves alone. A dump holds it for as long as it takes, so nobody waits for that here: what did not go at
once is tried again later, and numbering goes on meanwhile.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

logger = logging.getLogger("x18.relay")

PARTITION: Final = 1_000_000
KEEP_EVENTS: Final = 10_000_000
KEEP: Final = "7 days"
TOMBSTONES_KEPT: Final = "8 days"
CHECK_EVERY_S: Final = 60.0


class Retention:
    """Looks once a minute, on the leader's connection. The log holds 7 days and 10 M events, whichever is less."""

    def __init__(self, connection: asyncpg.Connection, check_every_s: float = CHECK_EVERY_S) -> None:
        self._connection = connection
        self._check_every_s = check_every_s
        self._made_until = 0
        self._tried = self._checked = -check_every_s

    async def keep(self, head: int) -> None:
        """Make the next partition in time, and now and then drop old ones."""
        now = asyncio.get_running_loop().time()
        try:
            if head + PARTITION // 2 >= self._made_until and now - self._tried >= self._check_every_s:
                self._tried = now
                await self._make(head)
            if now - self._checked >= self._check_every_s:
                self._checked = now
                await self._drop(head)
        except asyncpg.LockNotAvailableError:
            logger.warning("the log is in use: partitions are made and dropped later")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """A transaction that gives up soon where it must wait for others: they hold up whoever comes after it."""
        async with self._connection.transaction():
            await self._connection.execute("SET LOCAL lock_timeout = '100ms'")
            yield

    async def _make(self, head: int) -> None:
        first = head // PARTITION
        async with self._alone():
            for number in (first, first + 1):
                await self._connection.execute(
                    f"""CREATE TABLE IF NOT EXISTS event_log_{number} PARTITION OF event_log
                        FOR VALUES FROM ({number * PARTITION}) TO ({(number + 1) * PARTITION})"""
                )
        self._made_until = (first + 2) * PARTITION

    async def _drop(self, head: int) -> None:
        """Set the floor, then drop: a reader that is told the floor never meets a hole above it."""
        for table, moment in (("post_tombstones", "deleted_at"), ("retweet_tombstones", "undone_at")):
            await self._connection.execute(f"DELETE FROM {table} WHERE {moment} < now() - interval '{TOMBSTONES_KEPT}'")
        for number in await self._partitions():
            last = (number + 1) * PARTITION - 1
            if last >= head or not await self._is_old(number, last, head):
                return
            await self._drop_one(number, last)

    async def _drop_one(self, number: int, last: int) -> None:
        async with self._alone():
            await self._connection.execute("UPDATE event_state SET floor = GREATEST(floor, $1)", last)
            await self._connection.execute(f"DROP TABLE event_log_{number}")
        logger.info("dropped events up to %s", last)

    async def _partitions(self) -> list[int]:
        rows = await self._connection.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'event_log'::regclass"
        )
        return sorted(int(row["name"].rsplit("_", 1)[1]) for row in rows)

    async def _is_old(self, number: int, last: int, head: int) -> bool:
        if head - last >= KEEP_EVENTS:
            return True
        newest_is_old = await self._connection.fetchval(
            f"SELECT created_at < now() - interval '{KEEP}' FROM event_log_{number} ORDER BY seq DESC LIMIT 1"
        )
        return newest_is_old is not False
