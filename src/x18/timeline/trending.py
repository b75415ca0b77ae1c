"""Trending: public posts of a window of time by 2·likes + 3·retweets of others, ties by newest; then those without any.

The ranking of a window is one scan of the narrow counters, shared by all requests and kept for as long as it is worth
(``core/cache.py``): immediate on a small table, seconds old on a large one, and never more than a twentieth of a core.
"""

from typing import Final
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.cache import Cached
from x18.core.clock import read_clock
from x18.core.errors import BadInput
from x18.core.ids import MAX_ID, id_floor
from x18.core.paging import MOST_COUNTED, Ends, Page
from x18.core.windows import WINDOWS, Timeframe
from x18.posts.counts import SCORE
from x18.posts.queries import list_posts
from x18.posts.schemas import PostList
from x18.realtime.audience import AUTHOR, LEVEL
from x18.timeline.filters import Filters

RANKED: Final = 2_000
"""The number of posts that a window ranks; posts below them are not shown."""

RANKING: Final = f"""
    SELECT s.post_id AS id, {SCORE} AS score FROM post_stats s
    WHERE s.post_id >= $1 AND {SCORE} > 0
    ORDER BY score DESC, s.post_id DESC LIMIT {RANKED}"""


def _rank(window: Timeframe) -> Cached[list[asyncpg.Record]]:
    async def compute() -> list[asyncpg.Record]:
        floor = id_floor(await read_clock() - WINDOWS[window])
        async with db.transaction():
            # Of a wide window the planner would rather read the whole table than the part of it.
            await db.execute("SET LOCAL enable_seqscan = off")
            return await db.fetch(RANKING, floor)

    return Cached(compute)


_rankings: Final = {window: _rank(window) for window in WINDOWS}


async def show_trending(viewer_id: UUID | None, page: Page, filters: Filters, timeframe: Timeframe) -> PostList:
    """The posts of a window by rank. The cursor is a post's id: the page continues below where that post stands now.

    Raises:
        BadInput: ``after`` was sent.
    """
    if page.after is not None:
        raise BadInput.of("after", "cannot be used here: ranks change; use before or offset")
    ranking = await _rankings[timeframe].get()
    floor = id_floor(await read_clock() - WINDOWS[timeframe])
    score, below = await _position(page.before, ranking)
    ranked = [row["id"] for row in ranking if (row["score"], row["id"]) < (score, below) and row["id"] >= floor]
    wanted = page.offset + page.limit + 1
    found = await _keep_public(ranked, filters, wanted)
    if filters.groups and len(found) < wanted:  # the ranking was cut before it was filtered
        async with db.dear_reads():
            found = await _rank_matching(floor, score, below, filters, wanted)
    elif len(found) < wanted and len(ranking) < RANKED:
        unranked_below = below if score == 0 else MAX_ID
        found += await _read_unranked(floor, unranked_below, wanted - len(found))
    shown = found[page.offset : page.offset + page.limit]
    cursor = shown[-1] if len(found) == wanted and shown else None
    total = await _count(floor, filters) if page.count else 0
    if not filters.groups and len(ranking) == RANKED:  # the list ends there
        total = min(total, RANKED)
    return await list_posts(shown, Ends(cursor, None), page, viewer_id, total=total)


async def _position(before: UUID | None, ranking: list[asyncpg.Record]) -> tuple[int, UUID]:
    """Score and id below which the page lies; of a deleted post, the score that it had."""
    if before is None:
        return 2**62, MAX_ID
    for row in ranking:
        if row["id"] == before:
            return row["score"], before
    score = await db.fetch_value(
        f"""SELECT {SCORE} FROM post_stats s WHERE s.post_id = $1
            UNION ALL SELECT score FROM post_tombstones WHERE post_id = $1""",
        before,
    )
    return score or 0, before


async def _keep_public(post_ids: list[UUID], filters: Filters, limit: int) -> list[UUID]:
    rows = await db.fetch(
        f"""SELECT p.id FROM unnest($1::uuid[]) WITH ORDINALITY AS ranked (id, place)
            JOIN posts p ON p.id = ranked.id {AUTHOR}
            WHERE {LEVEL} = 0 AND {filters.condition("p", 3)} ORDER BY ranked.place LIMIT $2""",
        post_ids,
        limit,
        *filters.groups,
    )
    return [row["id"] for row in rows]


async def _rank_matching(floor: UUID, score: int, below: UUID, filters: Filters, limit: int) -> list[UUID]:
    """The posts of the window with the terms by rank, those without a reaction last; the newest 10,000 by the index of terms."""
    rows = await db.fetch(
        f"""WITH matching AS MATERIALIZED (
                SELECT p.id, p.author_id, p.visibility FROM posts p
                WHERE p.visibility = 0 AND p.id >= $1 AND {filters.condition("p", 5)})
            SELECT p.id FROM (SELECT * FROM matching ORDER BY id DESC LIMIT {MOST_COUNTED}) p
            {AUTHOR} JOIN post_stats s ON s.post_id = p.id
            WHERE {LEVEL} = 0 AND ({SCORE}, p.id) < ($2::bigint, $3::uuid)
            ORDER BY {SCORE} DESC, p.id DESC LIMIT $4""",
        floor,
        score,
        below,
        limit,
        *filters.groups,
    )
    return [row["id"] for row in rows]


async def _read_unranked(floor: UUID, below: UUID, limit: int) -> list[UUID]:
    """Posts of the window without a reaction, newest first: the newest 2,000 are looked through."""
    rows = await db.fetch(
        f"""SELECT p.id FROM (SELECT id, author_id, visibility FROM posts
                              WHERE visibility = 0 AND id >= $1 AND id < $2 ORDER BY id DESC LIMIT {RANKED}) p
            {AUTHOR} JOIN post_stats s ON s.post_id = p.id
            WHERE {LEVEL} = 0 AND {SCORE} = 0 ORDER BY p.id DESC LIMIT $3""",
        floor,
        below,
        limit,
    )
    return [row["id"] for row in rows]


async def _count(floor: UUID, filters: Filters) -> int:
    count: int = await db.fetch_value(
        f"""SELECT count(*) FROM (SELECT 1 FROM posts p {AUTHOR}
            WHERE p.visibility = 0 AND p.id >= $1 AND {LEVEL} = 0 AND {filters.condition("p", 2)} LIMIT {MOST_COUNTED}) x""",
        floor,
        *filters.groups,
    )
    return count
