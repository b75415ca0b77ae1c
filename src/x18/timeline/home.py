"""Which entries stand in a viewer's home: those of the users that one follows, and one's own.

Nothing is written per follower when somebody posts. A page is read from the newest entries of all users where these hold enough
of the viewer's, and else from the entries of the freshest of the followees, by covering indexes; ``docs/architecture.md`` has
the figures. A post stands once, at the newest of its entries; on the page of an older one it is left out.
"""

from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from x18.core import db
from x18.core.paging import Page
from x18.timeline.filtered_home import FOLLOWED, FOLLOWEES, MINE, RANGE, read_filtered
from x18.timeline.filters import Filters

RECENT: Final = 2_000
"""How many of the newest entries of all are looked through first."""

NEWER: Final = 1_000
"""So many newer entries of a post are looked through for one that stands in the same home; in between lie others' retweets."""

SPARE: Final = 4
GROWTH: Final = 4
"""As some entries may be of posts that stand elsewhere, a quarter and four more are read than wanted; where that was not enough, four
times as many more.
"""

PICKED: Final = f"""
    WITH {FOLLOWEES}
    SELECT e.id, e.post_id FROM f CROSS JOIN LATERAL (
        SELECT e.id, e.post_id FROM feed_entries e WHERE e.actor_id = f.u AND {MINE} LIMIT $2) e LIMIT $2"""

# Only a retweet can be newer than another entry, and those are for everybody.
STANDS: Final = f"""
    NOT EXISTS (SELECT FROM (SELECT n.actor_id FROM feed_entries n WHERE n.post_id = e.post_id AND n.id > e.id ORDER BY n.id LIMIT {NEWER}) n
                WHERE (n.actor_id IN (SELECT u FROM f)) IS TRUE)"""

STANDING: Final = f"""
    WITH {FOLLOWEES} SELECT e.id FROM unnest($2::uuid[], $3::uuid[]) e (id, post_id) WHERE {STANDS}"""


async def read_home(viewer_id: UUID, page: Page, filters: Filters) -> list[asyncpg.Record]:
    """The entries (id, post_id, actor_id) of a page, one more than the limit, in ``page.direction``."""
    wanted = page.limit + 1 + page.offset
    found: list[asyncpg.Record] = []
    spare = SPARE + wanted // 4
    while True:
        most = wanted - len(found) + spare
        rows, standing = await _read(viewer_id, page, most, filters)
        found += [row for row in rows if row["id"] in standing]
        if len(rows) < most or len(found) >= wanted:
            return found[page.offset : wanted]
        page = msgspec.structs.replace(page, **{"after" if page.ascending else "before": rows[-1]["id"]})
        spare *= GROWTH


async def pick_home(viewer_id: UUID, most: int, filters: Filters) -> list[asyncpg.Record]:
    """So many entries (id, post_id) at most, one of a post, for counting: any, where sorting would read as many of each followee."""
    if not filters.groups:
        rows = await db.fetch(PICKED, viewer_id, most)
    else:
        rows = await read_filtered(Page(), most, viewer_id, filters)
    return list({row["post_id"]: row for row in rows}.values())


async def _read(viewer_id: UUID, page: Page, most: int, filters: Filters) -> tuple[list[asyncpg.Record], set[UUID]]:
    """The next entries, and the ids of those at which their posts stand."""
    if not filters.groups:
        rows = await db.fetch(_unfiltered(page.direction), viewer_id, page.below, page.above, most)
        return rows, {row["id"] for row in rows if row["stands"]}
    rows = await read_filtered(page, most, viewer_id, filters)
    standing = await db.fetch(STANDING, viewer_id, [row["id"] for row in rows], [row["post_id"] for row in rows])
    return rows, {row["id"] for row in standing}


def _unfiltered(direction: str) -> str:
    order = f"ORDER BY e.id {direction}"
    return f"""
    WITH {FOLLOWEES},
    recent AS MATERIALIZED (
        SELECT e.id, e.post_id, e.actor_id
        FROM (SELECT * FROM feed_entries e WHERE {RANGE} {order} LIMIT {RECENT}) e
        WHERE {FOLLOWED} AND {MINE} {order} LIMIT $4),
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
        SELECT * FROM recent WHERE (SELECT count(*) FROM recent) = $4 UNION ALL SELECT * FROM old ORDER BY id {direction} LIMIT $4)
    SELECT e.*, {STANDS} AS stands FROM page e {order}"""
