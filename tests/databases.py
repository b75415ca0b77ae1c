"""Databases of one test, beside the one that the server of the run uses."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from x18.core import db
from x18.core.migrations import migrate
from x18.runtime.embedded import Servers

MIGRATED = "test_migrated"
"""Made once; a copy of it takes a tenth of the time."""


@asynccontextmanager
async def new_database(servers: Servers) -> AsyncIterator[str]:
    """The address of a migrated, empty database."""
    name = f"test_{secrets.token_hex(6)}"
    main = await asyncpg.connect(servers.database_url)
    try:
        if not await main.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", MIGRATED):
            await main.execute(f"CREATE DATABASE {MIGRATED}")
            await migrate(_address(servers, MIGRATED))
        await main.execute(f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
        yield _address(servers, name)
    finally:
        await main.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await main.close()


@asynccontextmanager
async def own_pool(servers: Servers, *, max_size: int = 2) -> AsyncIterator[str]:
    """A new database, to which ``x18.core.db`` of this process speaks for the block; its address."""
    async with new_database(servers) as url:
        await db.start_pool(url, max_size=max_size)
        try:
            yield url
        finally:
            await db.close_pool()


async def until_blocked(database: asyncpg.Pool, by: asyncpg.Connection) -> None:
    """Wait until somebody waits for what this connection has locked."""
    blocked = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)))"
    async with asyncio.timeout(30):
        while not await database.fetchval(blocked, by.get_server_pid()):
            await asyncio.sleep(0.01)


def _address(servers: Servers, name: str) -> str:
    return urlunsplit(urlsplit(str(servers.database_url))._replace(path=f"/{name}"))
