"""Trending hashtags, from hours that were counted when their posts were logged."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from x18.core import db
from x18.core.cache import Cached
from x18.core.clock import read_clock
from x18.core.ids import moment_of
from x18.core.paging import Page
from x18.core.windows import WINDOWS, Timeframe
from x18.realtime.events import EventKind
from x18.search.schemas import HashtagCount, TrendingHashtags

BATCH: Final = 1_000
RANKED: Final = 100
"""The largest limit of a list."""

KEEP: Final = timedelta(days=31)


def _rank(window: Timeframe) -> Cached[list[HashtagCount]]:
    async def compute() -> list[HashtagCount]:
        since = (await read_clock() - WINDOWS[window]).replace(minute=0, second=0, microsecond=0)
        async with db.transaction():
            # Of a wide window the planner would rather read the whole table than the part of it.
            await db.execute("SET LOCAL enable_seqscan = off")
            rows = await db.fetch(
                """SELECT hashtag, sum(posts)::int AS total FROM hashtag_hours WHERE hour >= $1 AND posts > 0
                   GROUP BY hashtag ORDER BY total DESC, hashtag LIMIT $2""",
                since,
                RANKED,
            )
        return [HashtagCount(tag=row["hashtag"], count=row["total"]) for row in rows]

    return Cached(compute)


_rankings: Final = {window: _rank(window) for window in WINDOWS}


async def show_trending_hashtags(timeframe: Timeframe, page: Page) -> tuple[TrendingHashtags, int]:
    """A page of the most used hashtags of public posts, and how many are ranked.

    The window begins with a full hour; seconds old on a large table.
    """
    await roll_up()
    counts = await _rankings[timeframe].get()
    listing = TrendingHashtags(
        hashtags=counts[page.offset : page.offset + page.limit],
        limit=page.limit,
        offset=page.offset,
        timeframe=timeframe,
    )
    if page.count:
        listing.total = len(counts)
    return listing, len(counts)


async def roll_up() -> int:
    """Count the hashtags of the next events of the log, at most 1,000; how many events that were.

    One process at a time; while another one counts, nothing is done. A deletion takes away what its post had added: whether it counts
    is settled when it is written, else an account that turns private and back could take away the counts of others.
    """
    async with db.transaction():
        seq = await db.fetch_value("SELECT seq FROM hashtag_state FOR UPDATE SKIP LOCKED")
        if seq is None:
            return 0
        head = await db.fetch_value("SELECT head FROM event_state")
        rows = await db.fetch(
            """SELECT e.seq, e.kind, e.object_id AS post_id, COALESCE(p.hashtags, t.hashtags) AS hashtags
               FROM event_log e
               LEFT JOIN posts p ON p.id = e.object_id AND p.in_trends AND e.kind = $3
               LEFT JOIN LATERAL (SELECT ARRAY(SELECT substr(term, 3) FROM unnest(t.terms) term WHERE term LIKE 'h:%') AS hashtags
                   FROM post_tombstones t WHERE t.post_id = e.object_id AND t.in_trends) t ON true
               WHERE e.seq > $1 AND e.seq <= $5 AND e.kind IN ($3, $4) ORDER BY e.seq LIMIT $2""",
            seq,
            BATCH,
            EventKind.POST,
            EventKind.POST_DELETED,
            head,
        )
        counts: Counter[tuple[datetime, str]] = Counter()
        for row in rows:
            hour = moment_of(row["post_id"]).replace(minute=0, second=0, microsecond=0)
            for tag in row["hashtags"] or ():
                counts[hour, tag] += 1 if row["kind"] == EventKind.POST else -1
        await _add(counts)
        if head > seq:
            await db.execute("UPDATE hashtag_state SET seq = $1", rows[-1]["seq"] if len(rows) == BATCH else head)
    return len(rows)


async def forget_old_hours() -> None:
    """Drop what no window reaches."""
    await db.execute("DELETE FROM hashtag_hours WHERE hour < $1", await read_clock() - KEEP)


async def _add(counts: "Counter[tuple[datetime, str]]") -> None:
    more = [(hour, tag, count) for (hour, tag), count in sorted(counts.items()) if count > 0]
    less = [(hour, tag, count) for (hour, tag), count in sorted(counts.items()) if count < 0]
    await db.execute(
        """INSERT INTO hashtag_hours AS h (hour, hashtag, posts)
           SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::int[])
           ON CONFLICT (hour, hashtag) DO UPDATE SET posts = h.posts + EXCLUDED.posts""",
        *_columns(more),
    )
    await db.execute(
        """UPDATE hashtag_hours h SET posts = GREATEST(h.posts + gone.posts, 0)
           FROM unnest($1::timestamptz[], $2::text[], $3::int[]) AS gone (hour, hashtag, posts)
           WHERE h.hour = gone.hour AND h.hashtag = gone.hashtag""",
        *_columns(less),
    )


def _columns(rows: list[tuple[datetime, str, int]]) -> tuple[list[datetime], list[str], list[int]]:
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
