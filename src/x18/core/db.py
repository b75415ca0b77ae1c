"""PostgreSQL: the pool, transactions, and raw statements inside them."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Final, cast

import asyncpg

from x18.core.costs import bill
from x18.core.errors import Unavailable
from x18.core.pools import OUTAGES, Lender, PooledConnection, PoolUse, pool_use
from x18.tables.engine import DB

COMMAND_TIMEOUT_S: Final = 15.0

IDLE_IN_TRANSACTION: Final = "15s"
"""After so long PostgreSQL ends a transaction whose process stands still: others wait for its locks, and lists for its items."""

MOST_DEAR: Final = 3
DEAR_TIMEOUT_MS: Final = 1_500
"""Searches and what else may take long have so many connections of their own, and so much time for each statement."""

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

# For a word that it thinks frequent the planner would rather read the whole table until it has enough.
DEAR_SETTINGS: Final = {**SERVER_SETTINGS, "statement_timeout": str(DEAR_TIMEOUT_MS), "enable_seqscan": "off"}

_is_dear: ContextVar[bool] = ContextVar("is_dear", default=False)
_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)


class _Pools:
    """Those of this process."""

    requests: Lender | None = None
    dear: Lender | None = None


async def start_pool(database_url: str, *, max_size: int = 16) -> None:
    """Open the pools of the process. To be closed by ``close_pool``."""
    DB.config = {"dsn": database_url}
    await DB.start_connection_pool(
        min_size=2,
        max_size=max_size,
        server_settings=SERVER_SETTINGS,
        command_timeout=COMMAND_TIMEOUT_S,
        connect=_connect,
        connection_class=PooledConnection,
    )
    assert DB.pool is not None
    _Pools.requests = Lender(DB.pool)
    _Pools.dear = Lender(
        await asyncpg.create_pool(
            database_url,
            min_size=0,
            max_size=MOST_DEAR,
            server_settings=DEAR_SETTINGS,
            command_timeout=COMMAND_TIMEOUT_S,
            connect=_connect,
            connection_class=PooledConnection,
        )
    )


async def close_pool() -> None:
    """Close the pools."""
    for lender in (_Pools.dear, _Pools.requests):
        if lender is not None:
            await lender.close()
    DB.pool = _Pools.dear = _Pools.requests = None


def pools_in_use() -> dict[str, PoolUse]:
    """The connections of each pool by its name."""
    lenders = {"requests": _Pools.requests, "searches": _Pools.dear}
    return {name: pool_use(lender and lender.pool) for name, lender in lenders.items()}


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


@asynccontextmanager
async def dear_reads() -> AsyncIterator[None]:
    """For what may take long: few at a time, on connections of their own, so that everything else is answered meanwhile.

    Raises:
        TooManyRequests: the user or the network has as many under way as it may.
        QueryCanceledError: a statement was ended after a second and a half; the answer is a 503 that says what to ask for instead.
    """
    mine = bill.get()
    async with mine.dear() if mine is not None else nullcontext():
        chosen = _is_dear.set(True)
        try:
            yield
        finally:
            _is_dear.reset(chosen)


async def fetch(sql: str, *args: Any) -> list[asyncpg.Record]:
    """All rows of a statement with ``$1`` placeholders, in the open transaction if there is one."""
    async with _current() as connection:
        with _Billing():
            rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
    return rows


async def fetch_row(sql: str, *args: Any) -> asyncpg.Record | None:
    """The first row, or None."""
    async with _current() as connection:
        with _Billing():
            return await connection.fetchrow(sql, *args)


async def fetch_value(sql: str, *args: Any) -> Any:
    """The first column of the first row, or None."""
    async with _current() as connection:
        with _Billing():
            return await connection.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> str:
    """Run a statement; PostgreSQL's tag (``"UPDATE 1"``)."""
    async with _current() as connection:
        with _Billing():
            tag: str = await connection.execute(sql, *args)
    return tag


def is_outage(error: BaseException) -> bool:
    """Whether an error says that the server cannot be used now, rather than that a statement is wrong."""
    return isinstance(error, OUTAGES) and not isinstance(error, asyncpg.InterfaceWarning)


class _Billing:
    """Writes the time of a statement on the bill of the request, whatever becomes of it. A generator would cost more."""

    __slots__ = ("began", "mine")

    def __enter__(self) -> None:
        self.mine = bill.get()
        self.began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        if self.mine is not None:
            self.mine.seconds += time.perf_counter() - self.began


class _Transaction:
    """The object that Piccolo expects in its context variable: it holds the connection that Piccolo's queries use.

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
    mine = bill.get()
    is_dear = _is_dear.get() or (mine is not None and mine.is_dear)
    lender = _Pools.dear if is_dear else _Pools.requests
    if lender is None:
        raise Unavailable("The database pool is not open.")
    async with lender.lend() as connection:
        yield connection
