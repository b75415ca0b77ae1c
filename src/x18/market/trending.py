"""Trending symbols: those that most people used in public posts."""

from datetime import timedelta
from typing import Final, Literal

from x18.core import db
from x18.core.cache import Cached
from x18.core.clock import read_clock
from x18.core.windows import WINDOWS
from x18.market.schemas import Ticker
from x18.realtime.audience import is_public
from x18.search.hashtags import roll_up

TickerWindow = Literal["1h", "6h", "12h", "24h", "7d"]
TICKER_WINDOWS: Final[tuple[TickerWindow, ...]] = ("1h", "6h", "12h", "24h", "7d")

RANKED: Final = 100
"""The largest limit of a list."""

HOUR: Final = timedelta(hours=1)

SEEN_BY_ALL: Final = is_public("a.author_id")
"""SQL: of uses ``a`` those by accounts that everybody sees now, whatever they were when they wrote."""

# $1 the span begins, $2 so does the one before, $3 that one with an hour more
RANKING: Final = f"""
    SELECT a.symbol, sum(a.posts)::int AS posts, count(*) FILTER (WHERE a.posts > 0)::int AS authors,
           count(*) FILTER (WHERE a.before)::int AS before, count(*) FILTER (WHERE a.earlier)::int AS earlier
    FROM (SELECT symbol, author_id, COALESCE(sum(posts) FILTER (WHERE hour >= $1), 0) AS posts,
                 bool_or(hour >= $2 AND hour < $1) AS before, bool_or(hour < $1) AS earlier
          FROM symbol_uses WHERE hour >= $3 GROUP BY symbol, author_id) a WHERE {SEEN_BY_ALL}
    GROUP BY a.symbol HAVING sum(a.posts) > 0 ORDER BY authors DESC, posts DESC, a.symbol LIMIT {RANKED}"""


def _rank(window: timedelta) -> Cached[list[Ticker]]:
    async def compute() -> list[Ticker]:
        await roll_up()
        now = await read_clock()
        since = (now - window).replace(minute=0, second=0, microsecond=0)
        more = (now - since - window) / HOUR
        async with db.transaction():
            # Of a wide window the planner would rather read the whole table than the part of it.
            await db.execute("SET LOCAL enable_seqscan = off")
            rows = await db.fetch(RANKING, since, since - window, since - window - HOUR)
        return [
            Ticker(
                ticker=row["symbol"],
                count=row["posts"],
                authors=row["authors"],
                change=change_of(row["authors"], row["before"] + more * (row["earlier"] - row["before"])),
            )
            for row in rows
        ]

    return Cached(compute)


_rankings: Final = {window: _rank(WINDOWS[window]) for window in TICKER_WINDOWS}


async def list_trending(window: TickerWindow, limit: int) -> list[Ticker]:
    """The symbols that most people used in public posts, ties by posts, then by name; seconds old where there are many.

    Uses are counted by the hour, so the window begins with a full hour. What is before it is given the same part of an hour more.
    """
    return (await _rankings[window].get())[:limit]


def change_of(now: float, before: float) -> float | None:
    """By how many percent it is more; None where there was nothing."""
    return round((now - before) / before * 100, 1) if before else None
