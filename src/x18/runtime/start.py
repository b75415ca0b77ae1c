"""The first steps of commands that need servers: read the settings, find or start the servers, and say plainly what is wrong."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import msgspec
from dotenv import load_dotenv
from rich.console import Console

from x18.core.migrations import MigrationFailed, migrate
from x18.core.outages import ADVICE, reason_of
from x18.runtime.embedded import StartError, embedded_servers, find_running
from x18.runtime.kept_secrets import provide_secrets
from x18.settings import Settings, SettingsError, read_settings

DATABASE_DEADLINE_S: Final = 8.0
"""So long may a server of somebody else take to answer; an embedded one has answered."""

EMBEDDED_DEADLINE_S: Final = 90.0
"""A new connection is a new process, which a busy machine may keep waiting."""


PASSING: Final = ("disk_full", "out_of_memory", "too_many_connections", "starting_or_stopping", "read_only")
"""Reasons of a PostgreSQL whose address is right."""

SOCKET: Final = "its socket"


def working(text: str) -> AbstractContextManager[object]:
    """A spinner while the block runs, where standard error is a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    return console.status(text) if console.is_terminal else nullcontext()


def settings_from_environment() -> Settings:
    """The settings of the environment, over those of a file ``.env`` in the working folder.

    The file's are put into the environment: the application, other processes and OpenTelemetry read them there.

    Raises:
        StartError: lists all that is wrong.
    """
    try:
        load_dotenv(".env")
    except (OSError, ValueError) as error:
        raise StartError(f"The file .env cannot be read ({error}): write it as text in UTF-8.") from error
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        raise StartError(str(error)) from error


def with_secrets(settings: Settings) -> Settings:
    """The settings with secrets for tokens; outside of production, where none are set, with those of the storage folder.

    Raises:
        StartError: they cannot be kept there.
    """
    if settings.is_production or not provide_secrets(settings.storage_path, os.environ):
        return settings
    return read_settings(os.environ)


@contextmanager
def with_servers(settings: Settings) -> Iterator[Settings]:
    """The settings with the addresses of both servers, which are also left in the environment for worker processes.

    Raises:
        StartError: an embedded server does not start.
    """
    embedded = embedded_servers(
        settings.storage_path, postgres=settings.database_url is None, redis=settings.redis_url is None
    )
    with ExitStack() as stack:
        with working("starting PostgreSQL and Valkey"):
            servers = stack.enter_context(embedded)
        complete = msgspec.structs.replace(
            settings,
            database_url=settings.database_url or servers.database_url,
            redis_url=settings.redis_url or servers.redis_url,
        )
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = str(complete.database_url), str(complete.redis_url)
        yield complete


@contextmanager
def reach_servers(settings: Settings) -> Iterator[Settings]:
    """The same for a command beside a server: embedded servers that run are used, not refused.

    Raises:
        StartError: an embedded server does not start.
    """
    running = None
    if settings.database_url is None or settings.redis_url is None:
        running = find_running(settings.storage_path)
    if running is None:
        with with_servers(settings) as complete:
            yield complete
    else:
        yield msgspec.structs.replace(
            settings,
            database_url=settings.database_url or running.database_url,
            redis_url=settings.redis_url or running.redis_url,
        )


def migrate_database(settings: Settings) -> int:
    """Apply what is missing; how many migrations that were.

    Raises:
        StartError: the database does not answer, or a migration failed.
    """
    url = str(settings.database_url)
    try:
        with explain_outages(url), working("migrating the database"):
            return asyncio.run(_migrate(url))
    except MigrationFailed as error:
        raise StartError(f"The database cannot be migrated: {error}") from error


@contextmanager
def explain_outages(url: str) -> Iterator[None]:
    """Say what to do where the database cannot be used.

    Raises:
        StartError: in place of what asyncpg raised.
    """
    try:
        yield
    except asyncpg.InvalidCatalogNameError as error:
        raise StartError(f"{error}: create it, or set DB_NAME to one that exists.") from error
    except asyncpg.UndefinedTableError as error:
        raise StartError("The database has no tables of X18 yet: make them with x18 migrate.") from error
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if (known := reason_of(error)) in PASSING:
            raise StartError(f"{ADVICE[known].removesuffix('.')} ({reason}).") from error
        raise StartError(
            f"PostgreSQL at {place_of(url)} does not answer ({reason}): start it, or correct DB_HOST, DB_PORT, DB_USER and "
            "DB_PASSWORD (or DATABASE_URL); without them X18 brings its own."
        ) from error


async def _migrate(url: str) -> int:
    patience = EMBEDDED_DEADLINE_S if place_of(url) == SOCKET else DATABASE_DEADLINE_S
    async with asyncio.timeout(patience):
        connection = await asyncpg.connect(url, timeout=patience)
        await connection.close()
    return await migrate(url)


def place_of(url: str) -> str:
    """Host and port of an address, without user and password."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or SOCKET


def report(error: StartError) -> int:
    """Tell why it does not start; the exit code."""
    for line in str(error).splitlines():
        print(f"x18: {line}", file=sys.stderr)
    return 1
