"""What is said of one symbol: how much over time, by whom, and with what else."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.cache import CachedByKey
from x18.core.clock import read_clock
from x18.core.windows import WINDOWS
from x18.market.schemas import Bucket, RelatedHashtag, RelatedSymbol, SymbolView, SymbolWindow, TopAuthor
from x18.market.trending import HOUR, SEEN_BY_ALL
from x18.search.hashtags import roll_up
from x18.users.queries import load_enabled

WIDTHS: Final[dict[SymbolWindow, timedelta]] = {
    "24h": timedelta(hours=1),
    "7d": timedelta(hours=6),
    "30d": timedelta(days=1),
}
MOST_AUTHORS: Final = 5
MOST_RELATED: Final = 8

SAMPLED_USES: Final = 300
"""What else stands in the posts is read from so many uses, the newest: of an author and an hour each, and of these the last posts."""

SAMPLED_POSTS: Final = 20

REMEMBERED: Final = 300
"""Answers of so many symbols and timeframes are kept."""

USES: Final = f"FROM symbol_uses a WHERE a.symbol = $1 AND a.hour >= $2 AND {SEEN_BY_ALL}"

OVER_TIME: Final = f"""
    SELECT floor(extract(epoch FROM a.hour - $2) / extract(epoch FROM $3::interval))::int AS bucket, sum(a.posts)::int AS posts
    {USES} GROUP BY 1"""

AUTHORS: Final = f"""
    SELECT a.author_id, sum(a.posts)::int AS posts, (count(*) OVER ())::int AS authors
    {USES} GROUP BY a.author_id ORDER BY posts DESC, a.author_id LIMIT {MOST_AUTHORS}"""


def _floor_of(moment: str) -> str:
    """SQL of ``core.ids.id_floor``."""
    return f"(lpad(to_hex((extract(epoch FROM {moment}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid"


# By the index of an author's posts: that of terms would find all posts that ever had the symbol.
RELATED: Final = f"""
    WITH newest AS MATERIALIZED (SELECT a.author_id, a.hour {USES} ORDER BY a.hour DESC, a.author_id DESC LIMIT {SAMPLED_USES}),
    found AS (
        SELECT n.author_id, term FROM newest n CROSS JOIN LATERAL (
            SELECT p.terms FROM posts p
            WHERE p.author_id = n.author_id AND p.visibility = 0
              AND p.id >= {_floor_of("n.hour")} AND p.id < {_floor_of("n.hour + interval '1 hour'")}
            ORDER BY p.id DESC LIMIT {SAMPLED_POSTS}) p, unnest(p.terms) term
        WHERE p.terms @> ARRAY['s:' || $1] AND left(term, 2) IN ('h:', 's:') AND term <> 's:' || $1),
    counted AS (
        SELECT term, count(DISTINCT author_id)::int AS authors FROM found GROUP BY term)
    SELECT left(term, 2) AS kind, substr(term, 3) AS name, authors FROM (
        SELECT *, row_number() OVER (PARTITION BY left(term, 2) ORDER BY authors DESC, term) AS place FROM counted) c
    WHERE place <= {MOST_RELATED} ORDER BY place"""


class _Said(NamedTuple):
    """What is the same for everybody who asks."""

    over_time: list[Bucket]
    authors: list[asyncpg.Record]
    related: list[asyncpg.Record]


async def _compute(key: tuple[str, SymbolWindow]) -> _Said:
    symbol, window = key
    await roll_up()
    hour = (await read_clock()).replace(minute=0, second=0, microsecond=0)
    since, width = hour + HOUR - WINDOWS[window], WIDTHS[window]
    rows = await db.fetch(OVER_TIME, symbol, since, width)
    if not rows:
        return _Said(_buckets(since, width, window, {}), [], [])
    authors = await db.fetch(AUTHORS, symbol, since)
    related = await db.fetch(RELATED, symbol, since)
    return _Said(_buckets(since, width, window, {row["bucket"]: row["posts"] for row in rows}), authors, related)


def _buckets(since: datetime, width: timedelta, window: SymbolWindow, posts: dict[int, int]) -> list[Bucket]:
    return [Bucket(start=since + place * width, count=posts.get(place, 0)) for place in range(WINDOWS[window] // width)]


_pages: Final = CachedByKey(_compute, lambda said: bool(said.authors), most=REMEMBERED)
"""Not of symbols that nobody used: of these strangers can name any number."""


async def show_symbol(symbol: str, window: SymbolWindow, viewer_id: UUID | None) -> SymbolView:
    """The page of a symbol in its canonical form, the same for everybody but for what the viewer is to its authors."""
    said = await _pages.get((symbol, window))
    users = await load_enabled([row["author_id"] for row in said.authors], viewer_id) if said.authors else {}
    return SymbolView(
        symbol=symbol,
        timeframe=window,
        posts_count=sum(bucket.count for bucket in said.over_time),
        authors_count=said.authors[0]["authors"] if said.authors else 0,
        posts_over_time=said.over_time,
        top_authors=[
            TopAuthor(user=users[row["author_id"]], posts_count=row["posts"])
            for row in said.authors
            if row["author_id"] in users and not users[row["author_id"]].private_account
        ],
        related_symbols=[
            RelatedSymbol(symbol=row["name"], count=row["authors"]) for row in said.related if row["kind"] == "s:"
        ],
        related_hashtags=[
            RelatedHashtag(tag=row["name"], count=row["authors"]) for row in said.related if row["kind"] == "h:"
        ],
    )
