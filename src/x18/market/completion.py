"""Symbols by their beginning, among those that people use."""

from typing import Final

from x18.core import db
from x18.core.cache import Cached
from x18.core.clock import read_clock
from x18.core.windows import WINDOWS
from x18.market.schemas import SymbolCount
from x18.market.trending import SEEN_BY_ALL
from x18.search.hashtags import roll_up

OFFERED: Final = 2_000
"""So many symbols are looked through, those that most people used in the last seven days."""

USED: Final = f"""
    SELECT a.symbol, sum(a.posts)::int AS posts
    FROM (SELECT symbol, author_id, sum(posts) AS posts FROM symbol_uses WHERE hour >= $1 GROUP BY symbol, author_id) a WHERE {SEEN_BY_ALL}
    GROUP BY a.symbol ORDER BY count(*) DESC, posts DESC, a.symbol LIMIT {OFFERED}"""


async def _read_used() -> list[SymbolCount]:
    await roll_up()
    rows = await db.fetch(USED, await read_clock() - WINDOWS["7d"])
    return [SymbolCount(symbol=row["symbol"], count=row["posts"]) for row in rows]


_used: Final = Cached(_read_used)


async def complete_symbol(beginning: str, limit: int) -> list[SymbolCount]:
    """Those that begin so, a symbol in its canonical form; all where the beginning is empty. First those that most people used."""
    found = (used for used in await _used.get() if used.symbol.startswith(beginning))
    return [used for used, _ in zip(found, range(limit), strict=False)]
