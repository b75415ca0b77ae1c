"""Trending hashtags: those that most people used, from hours that were counted when their posts were logged."""

from collections import Counter
from datetime import timedelta
from itertools import groupby
from typing import Final

import asyncpg

from x18.core import db
from x18.core.cache import Cached
from x18.core.clock import read_clock
from x18.core.ids import id_floor
from x18.core.paging import Page
from x18.core.windows import WINDOWS, Timeframe
from x18.realtime.events import EventKind
from x18.search.schemas import HashtagCount, TrendingHashtags
from x18.search.symbol_uses import add_symbol_uses
from x18.search.uses import Use, add_uses, uses_of

BATCH: Final = 1_000
RANKED: Final = 100
"""The largest limit of a list."""

KEEP: Final = timedelta(days=31)

HOUR_OF_POST: Final = """
    date_trunc('hour', to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0), 'UTC')"""
"""SQL of the hour in an id, as ``uses_of`` reads it."""

ACCOUNTS: Final = (EventKind.ACCOUNT_HIDDEN, EventKind.ACCOUNT_SHOWN)


def _rank(window: Timeframe) -> Cached[list[HashtagCount]]:
    async def compute() -> list[HashtagCount]:
        since = (await read_clock() - WINDOWS[window]).replace(minute=0, second=0, microsecond=0)
        async with db.transaction():
            # Of a wide window the planner would rather read the whole table than the part of it.
            await db.execute("SET LOCAL enable_seqscan = off")
            rows = await db.fetch(
                """SELECT hashtag, sum(posts)::int AS posts, sum(authors)::int AS authors FROM hashtag_hours
                   WHERE hour >= $1 AND posts > 0 GROUP BY hashtag ORDER BY authors DESC, posts DESC, hashtag LIMIT $2""",
                since,
                RANKED,
            )
        return [HashtagCount(tag=row["hashtag"], count=row["posts"], authors=row["authors"]) for row in rows]

    return Cached(compute)


_rankings: Final = {window: _rank(window) for window in WINDOWS}


async def show_trending_hashtags(timeframe: Timeframe, page: Page) -> tuple[TrendingHashtags, int]:
    """A page of the hashtags that most people used in public posts, and how many are ranked.

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
    """Count the hashtags and symbols of the next events of the log, at most 1,000; how many events that were.

    One process at a time; while another one counts, nothing is done. Of a post those hashtags count that it is found by, which are the
    ones that its tombstone keeps. A deletion takes away what its post had added: whether it counts is settled when it is written, else an
    account that turns private and back could take away the counts of others. A disabled account takes all of its own away, and brings
    them back; of symbols that is done by whoever reads their uses.
    """
    async with db.transaction():
        seq = await db.fetch_value("SELECT seq FROM hashtag_state FOR UPDATE SKIP LOCKED")
        if seq is None:
            return 0
        head = await db.fetch_value("SELECT head FROM event_state")
        rows = await db.fetch(
            """SELECT e.seq, e.kind, e.actor_id, e.created_at, e.object_id AS post_id,
                   ARRAY(SELECT substr(term, 3) FROM unnest(COALESCE(p.terms, t.terms)) term WHERE term LIKE 'h:%') AS hashtags,
                   ARRAY(SELECT substr(term, 3) FROM unnest(COALESCE(p.terms, t.terms)) term WHERE term LIKE 's:%') AS symbols
               FROM event_log e
               LEFT JOIN posts p ON p.id = e.object_id AND p.in_trends AND e.kind = $3
               LEFT JOIN post_tombstones t ON t.post_id = e.object_id AND t.in_trends
               WHERE e.seq > $1 AND e.seq <= $5 AND e.kind = ANY($4) ORDER BY e.seq LIMIT $2""",
            seq,
            BATCH,
            EventKind.POST,
            [EventKind.POST, EventKind.POST_DELETED, *ACCOUNTS],
            head,
        )
        await add_symbol_uses(row for row in rows if row["kind"] not in ACCOUNTS)
        for is_account, group in groupby(rows, key=lambda row: row["kind"] in ACCOUNTS):
            if not is_account:
                await add_uses(uses_of(group))
                continue
            for event in group:  # an operator's act: a rare one
                await _switch(event)
        if head > seq:
            await db.execute("UPDATE hashtag_state SET seq = $1", rows[-1]["seq"] if len(rows) == BATCH else head)
    return len(rows)


async def _switch(event: asyncpg.Record) -> None:
    """Take away what an account had used, or bring back what it had used before it was enabled again."""
    if event["kind"] == EventKind.ACCOUNT_HIDDEN:
        rows = await db.fetch(
            "SELECT hashtag, hour, -posts AS posts FROM hashtag_uses WHERE author_id = $1", event["actor_id"]
        )
    else:
        rows = await db.fetch(
            f"""SELECT substr(term, 3) AS hashtag, {HOUR_OF_POST} AS hour, count(*)::int AS posts FROM posts, unnest(terms) term
               WHERE author_id = $1 AND in_trends AND term LIKE 'h:%' AND id > $2 AND created_at < $3
                 AND NOT EXISTS (SELECT FROM hashtag_uses WHERE author_id = $1) GROUP BY 1, 2""",
            event["actor_id"],
            id_floor(await read_clock() - KEEP),
            event["created_at"],
        )
    await add_uses(Counter({Use(event["actor_id"], row["hashtag"], row["hour"]): row["posts"] for row in rows}))


async def forget_old_hours() -> None:
    """Drop what no window reaches."""
    since = await read_clock() - KEEP
    await db.execute("DELETE FROM hashtag_hours WHERE hour < $1", since)
    await db.execute("DELETE FROM hashtag_uses WHERE hour < $1", since)
    await db.execute("DELETE FROM symbol_uses WHERE hour < $1", since)
