"""PostgreSQL: the pool, transactions, and raw statements inside them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, cast

import asyncpg

from x18.core.errors import Unavailable
from x18.tables.engine import DB

STUCK_S: Final = 1.5
"""After so long without a connection coming back, the pool is stuck and nobody waits any more."""

LONGEST_WAIT_S: Final = 10.0
"""In a queue that moves one waits longer: a burst of requests is no outage."""

COMMAND_TIMEOUT_S: Final = 15.0

IDLE_IN_TRANSACTION: Final = "15s"
"""After so long PostgreSQL ends a transaction whose process stands still: others wait for its locks, and lists for its items."""

# Generic plans ruin the two-stage queries (51 ms for 2.8); JIT costs more than these short queries; and where a random page is
# thought to be four times as dear as the next one, as on a disk that turns, a list is walked for what an index knows. JSON that
# PostgreSQL writes shows times in the zone of the connection.
SERVER_SETTINGS: Final = {
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "random_page_cost": "1.1",
    "application_name": "x18",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
}

_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)


async def start_pool(database_url: str, *, max_size: int = 20) -> None:
    """Open the pool of the process. To be closed by ``close_pool``."""
    DB.config = {"dsn": database_url}
    await DB.start_connection_pool(
        min_size=2,
        max_size=max_size,
        server_settings=SERVER_SETTINGS,
        command_timeout=COMMAND_TIMEOUT_S,
        connect=_connect,
    )


async def close_pool() -> None:
    """Close the pool once its connections are back, or after 5 s without mercy."""
    if DB.pool is None:
        return
    try:
        await asyncio.wait_for(DB.pool.close(), 5)
    except TimeoutError:
        DB.pool.terminate()
    DB.pool = None


class PoolUse(NamedTuple):
    """Connections of a pool."""

    used: int
    idle: int


def pool_use(pool: asyncpg.Pool | None) -> PoolUse:
    """How many connections of a pool are lent and how many wait; a pool that is closed has none."""
    if pool is None:
        return PoolUse(0, 0)
    idle = pool.get_idle_size()
    return PoolUse(pool.get_size() - idle, idle)


async def _connect(*args: Any, **kwargs: Any) -> asyncpg.Connection:
    kwargs.setdefault("timeout", 5)
    return await asyncpg.connect(*args, **kwargs)


async def connect(database_url: str, **settings: str) -> asyncpg.Connection:
    """A connection of one's own, outside the pool, with the same settings of the server and these."""
    return await asyncpg.connect(
        database_url, server_settings={**SERVER_SETTINGS, **settings}, command_timeout=COMMAND_TIMEOUT_S, timeout=5
    )


@asynccontextmanager
async def transaction() -> AsyncIterator[asyncpg.Connection]:
    """One transaction; inside another one it joins it.

    Do not start tasks inside: they would inherit the connection. What shall follow the commit goes to ``after_commit``.

    Raises:
        Unavailable: no connection came free in time, or the server is gone.
    """
    current = DB.current_transaction.get()
    if current is not None:
        yield current.connection
        return
    callbacks: list[Callable[[], None]] = []
    async with _lend() as connection:
        joined = DB.current_transaction.set(cast(Any, _Transaction(connection)))
        waiting = _after_commit.set(callbacks)
        try:
            async with connection.transaction():
                yield connection
        finally:
            DB.current_transaction.reset(joined)
            _after_commit.reset(waiting)
    for callback in callbacks:
        callback()


@asynccontextmanager
async def using(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Run the statements of this block on a connection of one's own, not of the pool, each in a transaction of its own."""
    joined = DB.current_transaction.set(cast(Any, _Transaction(connection)))
    try:
        yield
    finally:
        DB.current_transaction.reset(joined)


def after_commit(callback: Callable[[], None]) -> None:
    """Call back once the open transaction is committed, never if it is rolled back; at once where none is open."""
    callbacks = _after_commit.get()
    if callbacks is None:
        callback()
    else:
        callbacks.append(callback)


async def fetch(sql: str, *args: Any) -> list[asyncpg.Record]:
    """All rows of a statement with ``$1`` placeholders, in the open transaction if there is one."""
    async with _current() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
    return rows


async def fetch_row(sql: str, *args: Any) -> asyncpg.Record | None:
    """The first row, or None."""
    async with _current() as connection:
        return await connection.fetchrow(sql, *args)


async def fetch_value(sql: str, *args: Any) -> Any:
    """The first column of the first row, or None."""
    async with _current() as connection:
        return await connection.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> str:
    """Run a statement; PostgreSQL's tag (``"UPDATE 1"``)."""
    async with _current() as connection:
        tag: str = await connection.execute(sql, *args)
    return tag


def is_outage(error: BaseException) -> bool:
    """Whether an error says that the server cannot be used now, rather than that a statement is wrong."""
    return isinstance(error, OUTAGES) and not isinstance(error, asyncpg.InterfaceWarning)


OUTAGES: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement met the server's last words: it ended the connection, which is not closed yet
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    ConnectionError,
    TimeoutError,
)


class _Transaction:
    """What Piccolo looks for in its context variable: the connection that its queries shall use.

    Piccolo's own transaction leaves the connection lent out when a commit fails; this one gives it back.
    """

    __slots__ = ("connection",)

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection


@asynccontextmanager
async def _current() -> AsyncIterator[asyncpg.Connection]:
    current = DB.current_transaction.get()
    if current is not None:
        yield current.connection
        return
    async with _lend() as connection:
        yield connection


@asynccontextmanager
async def _lend() -> AsyncIterator[asyncpg.Connection]:
    if DB.pool is None:
        raise Unavailable("The database pool is not open.")
    try:
        connection = await _acquire(DB.pool)
    except (*OUTAGES, OSError) as error:
        raise Unavailable("The database cannot be reached; try again in a moment.", retry_after_s=1) from error
    try:
        yield connection
    finally:
        _Returned.at = asyncio.get_running_loop().time()
        await DB.pool.release(connection)


class _Returned:
    """When a connection last came back to the pool."""

    at = 0.0


async def _acquire(pool: asyncpg.Pool) -> asyncpg.Connection:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        try:
            return await pool.acquire(timeout=STUCK_S)
        except TimeoutError:
            now = loop.time()
            if now - _Returned.at > STUCK_S or now - began > LONGEST_WAIT_S:
                raise
