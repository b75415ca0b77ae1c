"""Databases of one test, beside the one that the server of the run uses."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from x18.core.migrations import migrate
from x18.runtime.embedded import Servers


@asynccontextmanager
async def new_database(servers: Servers) -> AsyncIterator[str]:
    """The address of a migrated, empty database."""
    name = f"test_{secrets.token_hex(6)}"
    main = await asyncpg.connect(servers.database_url)
    try:
        await main.execute(f"CREATE DATABASE {name}")
        url = urlunsplit(urlsplit(str(servers.database_url))._replace(path=f"/{name}"))
        await migrate(url)
        yield url
    finally:
        await main.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await main.close()
