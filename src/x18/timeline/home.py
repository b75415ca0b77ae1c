"""Which entries stand in a viewer's home: those of the users that one follows, and one's own.

Nothing is written per follower when somebody posts. A page is read from the newest entries of all users where these hold enough
of the viewer's, and else from the entries of the freshest of the followees, by covering indexes; ``docs/architecture.md`` has
the figures.
"""

from typing import Any, Final
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.paging import Page
from x18.timeline.filters import Filters

RECENT: Final = 2_000
"""How many of the newest entries of all are looked through first."""

RECENT_FILTERED: Final = 8_000
FEW_FOLLOWEES: Final = 20
"""Up to here each followee's own entries are looked through, whatever the filter."""

RARE: Final = 0.02
"""Terms in fewer posts than this share are better found by their own index."""

# $1 viewer, $2 below, $3 above, $4 how many
FOLLOWEES: Final = """
    f AS MATERIALIZED (SELECT followee_id AS u FROM follows WHERE follower_id = $1 UNION ALL SELECT $1::uuid)"""

MINE: Final = "(e.visibility < 2 OR e.actor_id = $1)"
RANGE: Final = "e.id < $2 AND e.id > $3"


async def read_home(viewer_id: UUID, page: Page, filters: Filters) -> list[asyncpg.Record]:
    """The entries (id, post_id, actor_id) of a page, one more than the limit, in ``page.direction``."""
    wanted = page.limit + 1 + page.offset
    args: list[Any] = [viewer_id, page.below, page.above, wanted]
    if not filters.groups:
        rows = await db.fetch(_unfiltered(page.direction), *args)
    else:
        rows = await _read_filtered(page.direction, args, filters)
    return rows[page.offset :]


def _unfiltered(direction: str) -> str:
    order = f"ORDER BY e.id {direction}"
    return f"""
    WITH {FOLLOWEES},
    recent AS MATERIALIZED (
        SELECT e.id, e.post_id, e.actor_id
        FROM (SELECT * FROM feed_entries e WHERE {RANGE} {order} LIMIT {RECENT}) e
        WHERE e.actor_id IN (SELECT u FROM f) AND {MINE} {order} LIMIT $4),
    -- Runs only when the recent entries did not fill the page, which then can only come from the freshest actors.
    top AS MATERIALIZED (
        SELECT g.u FROM (SELECT u FROM f WHERE (SELECT count(*) FROM recent) < $4) g CROSS JOIN LATERAL
            (SELECT e.id FROM feed_entries e WHERE e.actor_id = g.u AND {RANGE} AND {MINE} {order} LIMIT 1) e
        {order} LIMIT $4),
    old AS (
        SELECT e.* FROM top CROSS JOIN LATERAL
            (SELECT e.id, e.post_id, e.actor_id FROM feed_entries e
             WHERE e.actor_id = top.u AND {RANGE} AND {MINE} {order} LIMIT $4) e
        {order} LIMIT $4)
    SELECT * FROM recent WHERE (SELECT count(*) FROM recent) = $4 UNION ALL SELECT * FROM old ORDER BY id {direction} LIMIT $4"""


async def _read_filtered(direction: str, args: list[Any], filters: Filters) -> list[asyncpg.Record]:
    condition, terms = filters.condition("p", 5), filters.groups
    followees = await db.fetch_value("SELECT following_count FROM users WHERE id = $1", args[0])
    if followees is not None and followees > FEW_FOLLOWEES:
        rows = await db.fetch(_recent(direction, condition), *args, *terms)
        if len(rows) == args[3]:
            return rows
        if await _rarest_share(filters) < RARE:
            return await db.fetch(_by_terms(direction, condition), *args, *terms)
    return await db.fetch(_by_followee(direction, condition), *args, *terms)


def _recent(direction: str, condition: str) -> str:
    order = f"ORDER BY e.id {direction}"
    return f"""
    WITH {FOLLOWEES}
    SELECT e.id, e.post_id, e.actor_id
    FROM (SELECT * FROM feed_entries e WHERE {RANGE} {order} LIMIT {RECENT_FILTERED}) e
    WHERE e.actor_id IN (SELECT u FROM f) AND {MINE}
      AND EXISTS (SELECT 1 FROM posts p WHERE p.id = e.post_id AND {condition} OFFSET 0)
    {order} LIMIT $4"""


def _by_terms(direction: str, condition: str) -> str:
    return f"""
    WITH {FOLLOWEES}, m AS MATERIALIZED (SELECT p.id FROM posts p WHERE {condition})
    SELECT e.id, e.post_id, e.actor_id FROM m JOIN feed_entries e ON e.post_id = m.id
    WHERE {RANGE} AND e.actor_id IN (SELECT u FROM f) AND {MINE} ORDER BY e.id {direction} LIMIT $4"""


def _by_followee(direction: str, condition: str) -> str:
    return f"""
    WITH {FOLLOWEES}
    SELECT e.* FROM f CROSS JOIN LATERAL
        (SELECT e.id, e.post_id, e.actor_id FROM feed_entries e JOIN posts p ON p.id = e.post_id AND {condition}
         WHERE e.actor_id = f.u AND {RANGE} AND {MINE} ORDER BY e.id {direction} LIMIT $4) e
    ORDER BY e.id {direction} LIMIT $4"""


async def _rarest_share(filters: Filters) -> float:
    """The share of posts that have the rarest group of terms, from the planner's statistics; a term they do not know is rare."""
    shares = await db.fetch(
        """SELECT term, share FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS e (term, share)
           WHERE schemaname = current_schema() AND tablename = 'posts' AND attname = 'terms' AND term = ANY($1)""",
        [term for group in filters.groups for term in group],
    )
    known: dict[str, float] = {row["term"]: row["share"] for row in shares}
    return min(sum(known.get(term, 0.0) for term in group) for group in filters.groups)
