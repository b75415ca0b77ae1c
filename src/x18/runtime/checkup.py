"""The doctor's look at PostgreSQL and Redis."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self

import asyncpg
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from x18.core.migrations import list_pending
from x18.core.tokens import SKEW
from x18.runtime.embedded import StartError, check_start
from x18.runtime.start import place_of

TIMEOUT_S: Final = 5.0
OLDEST_POSTGRES: Final = 15
OLDEST_REDIS: Final = 7
REDIS_POLICY: Final = "allkeys-lru"
CONNECTIONS_WANTED: Final = 25
"""A process keeps 20 for requests, 4 for the channel and one for its relay."""

CLOCK_TOLERANCE_S: Final = 2.0
CLOCK_LIMIT_S: Final = SKEW.total_seconds() / 2
"""Two nodes that are no farther from the database's clock take each other's tokens, also where one could not read it yet."""

State = Literal["ok", "warning", "failed"]


class Finding(msgspec.Struct, frozen=True):
    """A finding: the thing that was checked, its state, and what to do about it."""

    name: str
    state: State
    found: str
    advice: str = ""

    @classmethod
    def ok(cls, name: str, found: str) -> Self:
        """All is well."""
        return cls(name, "ok", found)

    @classmethod
    def warning(cls, name: str, found: str, advice: str) -> Self:
        """It works, and should be otherwise."""
        return cls(name, "warning", found, advice)

    @classmethod
    def failed(cls, name: str, found: str, advice: str) -> Self:
        """X18 will not work like this."""
        return cls(name, "failed", found, advice)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return msgspec.structs.asdict(self)


def check_embedded(storage: Path, *, postgres: bool, redis: bool) -> Finding:
    """Whether the servers that are not set can be started."""
    try:
        check_start(storage, postgres=postgres, redis=redis)
    except StartError as error:
        found, _, advice = str(error).partition(": ")
        return Finding.failed("embedded", found, f"{advice[:1].upper()}{advice[1:]}")
    names = " and ".join([*(["PostgreSQL"] if postgres else []), *(["Valkey"] if redis else [])])
    return Finding.ok(
        "embedded",
        f"x18 serve starts its own {names} in {storage.resolve()}; for production, set up servers of your own",
    )


async def check_database(url: str) -> Sequence[Finding]:
    """Reachable, new enough, writable, migrated, with room for our connections."""
    try:
        connection = await asyncpg.connect(url, timeout=TIMEOUT_S)
    except asyncpg.InvalidCatalogNameError as error:
        return [Finding.failed("database", str(error), "Create it, or set DB_NAME to one that exists.")]
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        return [Finding.failed("database", _first_line(error), "Correct DB_USER and DB_PASSWORD, or DATABASE_URL.")]
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        advice = "Start PostgreSQL, or correct DB_HOST and DB_PORT (or DATABASE_URL); check firewalls and sslmode."
        return [Finding.failed("database", f"{place_of(url)} does not answer: {_first_line(error)}", advice)]
    try:
        return [await _check_version(connection), await _check_room(connection), await _check_migrations(connection)]
    finally:
        await connection.close()


async def _check_version(connection: asyncpg.Connection) -> Finding:
    version = connection.get_server_version()
    found = f"PostgreSQL {str(await connection.fetchval('SHOW server_version')).partition(' ')[0]}"
    if version.major < OLDEST_POSTGRES:
        return Finding.failed("database", found, f"Upgrade it to {OLDEST_POSTGRES} or newer.")
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        return Finding.failed("database", f"{found}, a replica", "Set DATABASE_URL to the primary server.")
    if await connection.fetchval("SELECT current_setting('transaction_read_only')::boolean"):
        advice = "Set default_transaction_read_only to off for X18's role and database."
        return Finding.failed("database", f"{found}, which takes no writes", advice)
    return Finding.ok("database", found)


async def _check_room(connection: asyncpg.Connection) -> Finding:
    most, used = await connection.fetchrow(
        "SELECT current_setting('max_connections')::int, (SELECT count(*) FROM pg_stat_activity)::int"
    )
    found = f"{used} of {most} connections used"
    if most - used < CONNECTIONS_WANTED:
        advice = f"Raise max_connections: each process of X18 may use {CONNECTIONS_WANTED}."
        return Finding.warning("connections", found, advice)
    return Finding.ok("connections", found)


async def _check_migrations(connection: asyncpg.Connection) -> Finding:
    try:
        pending = await list_pending(connection)
    except asyncpg.PostgresError as error:
        return Finding.failed("migrations", _first_line(error), "Grant X18's role the rights on its database.")
    if pending:
        advice = "x18 serve applies them at its start; x18 migrate does so now."
        return Finding.warning("migrations", f"{len(pending)} to apply", advice)
    return Finding.ok("migrations", "all applied")


async def check_clock(url: str) -> Sequence[Finding]:
    """Whether this machine's clock agrees with the database's. X18 goes by the latter; logs, TLS and buckets do not."""
    try:
        connection = await asyncpg.connect(url, timeout=TIMEOUT_S)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return []  # told by check_database
    try:
        before = time.time()
        theirs = float(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())"))
        off = theirs - (before + time.time()) / 2
    finally:
        await connection.close()
    found = f"{abs(off):.3f} s {'behind' if off > 0 else 'ahead of'} the database's"
    if abs(off) > CLOCK_LIMIT_S:
        return [
            Finding.failed(
                "clock", found, "Set the clock: logs, TLS and buckets go by it. Run chrony or systemd-timesyncd."
            )
        ]
    if abs(off) > CLOCK_TOLERANCE_S:
        return [Finding.warning("clock", found, "Run chrony or systemd-timesyncd on all machines.")]
    return [Finding.ok("clock", found)]


async def check_redis(url: str) -> Sequence[Finding]:
    """Reachable, new enough, and set up so that it never refuses a write."""
    try:
        client = Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        async with client:
            info = await client.info("server")
            memory = await client.info("memory")
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        advice = "Start Redis or Valkey, or correct REDIS_HOST, REDIS_PORT, REDIS_PASSWORD (or REDIS_URL)."
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            advice = "Append ?ssl_ca_certs=/path to REDIS_URL, or ?ssl_cert_reqs=none where that network is trusted."
        return [Finding.failed("redis", f"{place_of(url)} does not answer: {_first_line(error)}", advice)]
    name, version = ("Valkey", info["valkey_version"]) if "valkey_version" in info else ("Redis", info["redis_version"])
    if int(str(version).partition(".")[0]) < OLDEST_REDIS:
        return [Finding.failed("redis", f"{name} {version}", f"Upgrade it to {OLDEST_REDIS} or newer.")]
    policy = memory.get("maxmemory_policy", REDIS_POLICY)
    if int(memory.get("maxmemory", 0)) and policy != REDIS_POLICY:
        found = f"{name} {version} with maxmemory-policy {policy}"
        advice = f"Set maxmemory-policy {REDIS_POLICY}: with others a full {name} refuses writes, or keeps what is old."
        return [Finding.warning("redis", found, advice)]
    return [Finding.ok("redis", f"{name} {version}")]


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
