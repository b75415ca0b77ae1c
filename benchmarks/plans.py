"""What PostgreSQL does for a read: every statement that X18's own code sends, with its plan and what it touched."""

import json
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from x18.core import db

RUNS: Final = 3
EXPLAIN: Final = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
DEAR: Final = ("search ", "count ", "hashtag ")
"""Reads that run on the connections for what may take long, where the planner may not choose to read a whole table."""

NO_READS: Final = ("SET", "EXPLAIN")


@dataclass
class Read:
    """The statements of one read. ``ms`` and ``buffers`` are those of the server's execution, caches warm; ``rows`` came back."""

    name: str
    ms: float = 0.0
    buffers: int = 0
    rows: int = 0
    statements: int = 0
    nodes: Counter[str] = field(default_factory=Counter)
    scanned: dict[str, float] = field(default_factory=dict)
    """How many rows of a table were read without an index. A scan that was planned but not needed counts with none."""

    @property
    def summary(self) -> str:
        """The nodes of the plans that touched most buffers."""
        return ", ".join(f"{title} {buffers}" for title, buffers in self.nodes.most_common(3) if buffers)


class Recorder:
    """A connection that explains each statement before it runs it. To be used through ``db.using``."""

    def __init__(self, connection: asyncpg.Connection, read: Read) -> None:
        self._connection = connection
        self._read = read

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self._connection.fetch(sql, *args)
        await self._explain(sql, args)
        self._read.rows += len(rows)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *args: Any) -> Any:
        row = await self.fetchrow(sql, *args)
        return row[0] if row else None

    async def execute(self, sql: str, *args: Any) -> str:
        tag: str = await self._connection.execute(sql, *args)
        await self._explain(sql, args)
        return tag

    async def _explain(self, sql: str, args: tuple[Any, ...]) -> None:
        if sql.startswith(NO_READS):
            return
        runs = []
        for _ in range(RUNS):
            undone = self._connection.transaction()
            await undone.start()
            try:
                (explained,) = json.loads(await self._connection.fetchval(EXPLAIN + sql, *args))
            finally:
                await undone.rollback()
            runs.append(explained["Execution Time"])
        root = explained["Plan"]
        self._read.statements += 1
        self._read.ms += statistics.median(runs)
        self._read.buffers += _buffers(root)
        for node in _nodes(root):
            if where := node.get("Index Name") or node.get("Relation Name"):
                self._read.nodes[f"{node['Node Type']} {where}"] += _own_buffers(node)
            if node["Node Type"] == "Seq Scan":
                rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
                self._read.scanned[node["Relation Name"]] = max(rows, self._read.scanned.get(node["Relation Name"], 0))


async def measure(database_url: str, name: str, work: Callable[[], Awaitable[object]]) -> Read:
    """Run a read of X18 on a connection of its own, in a transaction that is rolled back."""
    read = Read(name)
    settings = {"enable_seqscan": db.DEAR_SETTINGS["enable_seqscan"]} if name.startswith(DEAR) else {}
    connection = await db.connect(database_url, **settings)
    try:
        undone = connection.transaction()
        await undone.start()
        async with db.using(Recorder(connection, read)):
            await work()
        await undone.rollback()
    finally:
        await connection.close()
    return read


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _buffers(node: dict[str, Any]) -> int:
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])


def _own_buffers(node: dict[str, Any]) -> int:
    return _buffers(node) - sum(_buffers(child) for child in node.get("Plans", ()))
