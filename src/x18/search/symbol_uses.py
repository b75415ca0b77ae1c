"""Who used which symbol when: what is said of symbols is read from here, by whoever leaves out the accounts that not everybody sees now."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.ids import moment_of
from x18.realtime.events import EventKind


class SymbolUse(NamedTuple):
    """An author's public posts of an hour with a symbol: a row of ``symbol_uses``."""

    symbol: str
    hour: datetime
    author_id: UUID


async def add_symbol_uses(rows: Iterable[asyncpg.Record]) -> None:
    """Count what events of posts add, and take away what deletions had added. Call inside a transaction, one at a time."""
    changes: Counter[SymbolUse] = Counter()
    for row in rows:
        hour = moment_of(row["post_id"]).replace(minute=0, second=0, microsecond=0)
        for symbol in row["symbols"]:
            changes[SymbolUse(symbol, hour, row["actor_id"])] += 1 if row["kind"] == EventKind.POST else -1
    await _add({use: change for use, change in changes.items() if change > 0})
    await _take({use: -change for use, change in changes.items() if change < 0})


async def _add(uses: dict[SymbolUse, int]) -> None:
    if not uses:
        return
    await db.execute(
        """INSERT INTO symbol_uses AS u (symbol, hour, author_id, posts)
           SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::int[])
           ON CONFLICT (symbol, hour, author_id) DO UPDATE SET posts = u.posts + EXCLUDED.posts""",
        *_columns(uses),
    )


async def _take(uses: dict[SymbolUse, int]) -> None:
    """Nothing is taken away that was not counted."""
    if not uses:
        return
    await db.execute(
        """WITH gone AS (
               SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::int[]) AS gone (symbol, hour, author_id, posts)),
           emptied AS (
               DELETE FROM symbol_uses u USING gone g
               WHERE (u.symbol, u.hour, u.author_id) = (g.symbol, g.hour, g.author_id) AND u.posts <= g.posts)
           UPDATE symbol_uses u SET posts = u.posts - g.posts FROM gone g
           WHERE (u.symbol, u.hour, u.author_id) = (g.symbol, g.hour, g.author_id) AND u.posts > g.posts""",
        *_columns(uses),
    )


def _columns(uses: dict[SymbolUse, int]) -> tuple[list[str], list[datetime], list[UUID], list[int]]:
    return (
        [use.symbol for use in uses],
        [use.hour for use in uses],
        [use.author_id for use in uses],
        list(uses.values()),
    )
