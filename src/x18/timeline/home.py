"""Entries of a viewer's home: those of the users whom the viewer follows, and the viewer's own.

Nothing is written per follower when somebody posts. A page is read from the newest entries of all users where these hold enough
of the viewer's, and else from the entries of the freshest of the followees, by covering indexes; ``docs/architecture.md`` has
the figures.
"""

from typing import Final
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.paging import Page
from x18.timeline.filtered_home import FOLLOWED, FOLLOWEES, MINE, RANGE, read_filtered
from x18.timeline.filters import Filters
from x18.timeline.standing import collect, stands_on

RECENT: Final = 2_000
"""The number of newest entries of everybody that are looked through first."""

PICKED: Final = f"""
    WITH {FOLLOWEES}
    SELECT e.id, e.post_id FROM f CROSS JOIN LATERAL (
        SELECT e.id, e.post_id FROM feed_entries e WHERE e.actor_id = f.u AND {MINE} LIMIT $2) e LIMIT $2"""


async def read_home(viewer_id: UUID, page: Page, filters: Filters) -> list[asyncpg.Record]:
    """The entries (id, post_id, actor_id) of a page, one more than the limit, in ``page.direction``."""
    wanted = page.limit + 1 + page.offset
    if filters.groups:
        found = await read_filtered(page, wanted, viewer_id, filters)
    else:
        sql = _unfiltered(page.direction, stands_on(page))
        found = await collect(page, wanted, lambda page, most: db.fetch(sql, viewer_id, page.below, page.above, most))
    return found[page.offset :]


async def pick_home(viewer_id: UUID, most: int, filters: Filters) -> list[asyncpg.Record]:
    """So many entries (id, post_id) at most, one of a post, for counting: any, where sorting would read as many of each followee."""
    if filters.groups:
        return await read_filtered(Page(), most, viewer_id, filters)
    rows = await db.fetch(PICKED, viewer_id, most)
    return list({row["post_id"]: row for row in rows}.values())


def _unfiltered(direction: str, stands: str) -> str:
    order = f"ORDER BY e.id {direction}"
    return f"""
    WITH {FOLLOWEES},
    recent AS MATERIALIZED (
        SELECT e.id, e.post_id, e.actor_id
        FROM (SELECT * FROM (SELECT * FROM feed_entries e WHERE {RANGE} {order} LIMIT {RECENT}) e
              WHERE {FOLLOWED} AND {MINE} {order} OFFSET 0) e
        WHERE {stands} {order} LIMIT $4),
    -- Runs only when the recent entries did not fill the page, which then can only come from the freshest actors.
    top AS MATERIALIZED (
        SELECT g.u FROM (SELECT u FROM f WHERE (SELECT count(*) FROM recent) < $4) g CROSS JOIN LATERAL
            (SELECT e.id FROM feed_entries e WHERE e.actor_id = g.u AND {RANGE} AND {MINE} {order} LIMIT 1) e
        {order} LIMIT $4),
    old AS (
        SELECT e.* FROM top CROSS JOIN LATERAL
            (SELECT e.id, e.post_id, e.actor_id FROM feed_entries e
             WHERE e.actor_id = top.u AND {RANGE} AND {MINE} {order} LIMIT $4) e
        {order} LIMIT $4),
    page AS MATERIALIZED (
        SELECT *, true AS is_recent FROM recent WHERE (SELECT count(*) FROM recent) = $4
        UNION ALL SELECT *, false FROM old ORDER BY id {direction} LIMIT $4)
    SELECT e.id, e.post_id, e.actor_id, e.is_recent OR {stands} AS stands FROM page e {order}"""
