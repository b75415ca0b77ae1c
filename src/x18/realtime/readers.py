"""A few connections for the channel's own reading, so that a flood of requests cannot stop delivery."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from x18.core.db import COMMAND_TIMEOUT_S, SERVER_SETTINGS
from x18.core.errors import Unavailable
from x18.core.pools import OUTAGES, PooledConnection, PoolUse, pool_use

MOST: Final = 4
WAIT_S: Final = 5.0


class Readers:
    """A small pool. Opened by ``start``, closed by ``stop``."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._pool: asyncpg.Pool | None = None

    async def start(self) -> None:
        """Connect."""
        self._pool = await asyncpg.create_pool(
            self._database_url,
            min_size=1,
            max_size=MOST,
            server_settings=SERVER_SETTINGS,
            command_timeout=COMMAND_TIMEOUT_S,
            timeout=5,
            connection_class=PooledConnection,
        )

    async def stop(self) -> None:
        """Disconnect, without waiting for what still reads."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    def use(self) -> PoolUse:
        """Open connections, and those of them that are lent."""
        return pool_use(self._pool)

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for the block.

        Raises:
            Unavailable: none came free in time, or the server is gone.
        """
        pool = self._pool
        if pool is None:
            raise Unavailable("The channel is stopped.")
        try:
            connection = await pool.acquire(timeout=WAIT_S)
        except (*OUTAGES, OSError) as error:
            raise Unavailable("The database cannot be reached; try again in a moment.", retry_after_s=1) from error
        try:
            yield connection
        finally:
            await pool.release(connection)
