"""Pools of connections to PostgreSQL: lending one, and when to stop waiting for one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import asyncpg

from x18.core.errors import Unavailable
from x18.core.outages import tell_outage

STUCK_S: Final = 1.5
"""After so long without a connection coming back, a pool is stuck and nobody waits any more."""

LONGEST_WAIT_S: Final = 10.0
"""In a queue that moves one waits longer: a burst of requests is no outage."""

OUTAGES: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement met the server's last words: it ended the connection, which is not closed yet
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,  # a primary that became a replica
    asyncpg.exceptions.PostgresSystemError,  # its disk fails
    ConnectionError,
    TimeoutError,
)


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that goes back to its pool without a statement: asyncpg's reset of the session is a round trip for each.

    Nothing of a session is ever set (``tests/test_sql.py`` holds that); a transaction that is open is still rolled back.
    """

    def get_reset_query(self) -> str:
        """None."""
        return ""


class PoolUse(NamedTuple):
    """Connections of a pool."""

    used: int
    idle: int


def pool_use(pool: asyncpg.Pool | None) -> PoolUse:
    """Connections of a pool that are lent, and callers that wait for one; none of either in a closed pool."""
    if pool is None:
        return PoolUse(0, 0)
    idle = pool.get_idle_size()
    return PoolUse(pool.get_size() - idle, idle)


class Lender:
    """Lends the connections of one pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._returned_at = 0.0

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for the block.

        Raises:
            Unavailable: none came free in time, or the server is gone.
        """
        try:
            connection = await self._acquire()
        except (*OUTAGES, OSError) as error:
            tell_outage(error)
            raise Unavailable("The database cannot be reached; try again in a moment.", retry_after_s=1) from error
        try:
            yield connection
        finally:
            self._returned_at = asyncio.get_running_loop().time()
            await self.pool.release(connection)

    async def close(self) -> None:
        """Close once the connections are back, or after 5 s without mercy."""
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except TimeoutError:
            self.pool.terminate()

    async def _acquire(self) -> Any:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            try:
                return await self.pool.acquire(timeout=STUCK_S)
            except TimeoutError:
                now = loop.time()
                if now - self._returned_at > STUCK_S or now - began > LONGEST_WAIT_S:
                    raise
