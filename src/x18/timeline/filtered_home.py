"""The entries of a viewer's home whose posts have certain terms.

Three ways give the same rows, and each is good where the others are not: looking up the posts of the newest entries of all; those
of the followees' entries, in windows of time that grow; and finding all posts with the terms by their index. What was found so far
and what the planner expects tell which is next, so that neither many followees nor a rare term make a read long.
"""

from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from x18.core import db
from x18.core.paging import Page
from x18.realtime.audience import is_enabled, visible_to_followers
from x18.timeline.filters import Filters
from x18.timeline.standing import STANDS, collect, stands_on

RECENT: Final = 8_000
"""The number of newest entries of everybody that are looked through first."""

FEW_FOLLOWEES: Final = 20
"""Up to here each followee's own entries are looked through."""

WINDOWS: Final = 3
GROWTH: Final = 8
"""Each window is eight times as wide as the one before; the last one has no end."""

# $1 viewer, $2 below, $3 above, $4 how many, then the terms
FOLLOWEES: Final = f"""
    f AS MATERIALIZED (
        SELECT followee_id AS u FROM follows WHERE follower_id = $1 AND {is_enabled("followee_id")} UNION ALL SELECT $1::uuid)"""

MINE: Final = visible_to_followers("$1")
# IS TRUE makes it a look-up in a hash; as a join it may be planned as a loop over all followees for each entry.
FOLLOWED: Final = "(e.actor_id IN (SELECT u FROM f)) IS TRUE"

RANGE: Final = "e.id < $2 AND e.id > $3"

NEWEST_OF_ALL: Final = """
    newest AS MATERIALIZED (SELECT * FROM feed_entries e WHERE {range} ORDER BY e.id {direction} LIMIT {limit}),
    mine AS MATERIALIZED (SELECT e.id, e.post_id, e.actor_id FROM newest e WHERE {followed} AND {mine})"""

NEWEST_OF_FOLLOWEES: Final = """
    newest AS (SELECT NULL::uuid AS id WHERE false),
    mine AS MATERIALIZED (
        SELECT e.* FROM f CROSS JOIN LATERAL (
            SELECT e.id, e.post_id, e.actor_id FROM feed_entries e WHERE e.actor_id = f.u AND {range} AND {mine} OFFSET 0) e)"""

POSTS_OF_FEW: Final = f"""
    WITH {FOLLOWEES} SELECT COALESCE(sum((SELECT posts_count FROM users WHERE id = f.u)), 0) FROM f"""


class _Reading(msgspec.Struct):
    """Progress of a read: the entries that were found, and the range that is left."""

    viewer_id: UUID
    filters: Filters
    ascending: bool
    below: UUID
    above: UUID
    missing: int
    found: list[asyncpg.Record]
    seen: int = 0
    """The number of followees' entries that were looked through."""

    in_all: float = 0.0
    """The estimated number of all entries of the followees, from their share of the newest."""

    span_ms: float = 1.0
    """The width of the next window."""

    @property
    def lookups(self) -> float:
        """The number of entries to look through for the rest of the page, at the density of those that were found."""
        if not self.found:
            return self.in_all
        return min(self.missing * (self.seen + 1) / len(self.found), self.in_all)

    def add(self, rows: list[asyncpg.Record], *, until: UUID) -> None:
        """Note what was found, and that all is known up to an entry."""
        self.found += rows
        self.missing -= len(rows)
        if self.ascending:
            self.above = until
        else:
            self.below = until

    def edge(self) -> UUID:
        """The end of the next window: a limit of the page, or an instant, which is no entry's id."""
        near = (self.above if self.ascending else self.below).int >> 80
        if self.ascending:
            return min(self.below, UUID(int=min(int(near + self.span_ms), 2**48 - 1) << 80))
        return max(self.above, UUID(int=max(int(near - self.span_ms), 0) << 80))


async def read_filtered(page: Page, wanted: int, viewer_id: UUID, filters: Filters) -> list[asyncpg.Record]:
    """The entries (id, post_id, actor_id) whose posts have the terms, one of a post, in the page's direction."""
    reading = _Reading(viewer_id, filters, page.ascending, page.below, page.above, wanted, [])
    followees = await db.fetch_value("SELECT following_count FROM users WHERE id = $1", viewer_id) or 0
    if followees <= FEW_FOLLOWEES:
        return await _read_few(reading, page)
    if await _read_recent(reading):
        return reading.found
    expected = await _expect(filters)
    for number in range(WINDOWS):
        if expected < reading.lookups:
            return reading.found + await _fetch(reading, _by_terms(reading))
        await _read_window(reading, is_last=number == WINDOWS - 1)
        if reading.missing == 0:
            break
    return reading.found


async def _read_few(reading: _Reading, page: Page) -> list[asyncpg.Record]:
    expected, posts = await _expect(reading.filters), await db.fetch_value(POSTS_OF_FEW, reading.viewer_id)
    if expected < posts:
        return await _fetch(reading, _by_terms(reading))
    sql = _by_followee(reading, stands_on(page))

    async def read(page: Page, most: int) -> list[asyncpg.Record]:
        return await db.fetch(sql, reading.viewer_id, page.below, page.above, most, *reading.filters.groups)

    return await collect(page, reading.missing, read)


async def _read_recent(reading: _Reading) -> bool:
    """Look through the newest entries of all; whether that was enough."""
    rows = await _fetch(reading, _look_through(reading, NEWEST_OF_ALL))
    first = rows[0]
    reading.seen, looked = first["seen"], first["looked"]
    reading.add([row for row in rows if row["id"]], until=first["last"] or reading.below)
    if reading.missing == 0 or looked < RECENT:
        return True
    reading.in_all = max(first["entries"], looked) * (reading.seen + 1) / looked
    span_ms = abs((first["first"].int >> 80) - (first["last"].int >> 80)) + 1
    reading.span_ms = span_ms * 2 * reading.missing / max(len(reading.found), 0.5)
    return False


async def _read_window(reading: _Reading, *, is_last: bool) -> None:
    """Look through the followees' entries of the next window of time."""
    near, far = reading.below, reading.above
    edge = (near if reading.ascending else far) if is_last else reading.edge()
    window = msgspec.structs.replace(reading, **{"below" if reading.ascending else "above": edge})
    rows = await _fetch(window, _look_through(window, NEWEST_OF_FOLLOWEES))
    reading.seen += rows[0]["seen"]
    reading.span_ms *= GROWTH
    reading.add([row for row in rows if row["id"]], until=edge)


async def _fetch(reading: _Reading, sql: str) -> list[asyncpg.Record]:
    return await db.fetch(
        sql, reading.viewer_id, reading.below, reading.above, reading.missing, *reading.filters.groups
    )


async def _expect(filters: Filters) -> float:
    """The number of posts with the terms, as the planner estimates it."""
    plan = await db.fetch_value(
        f"EXPLAIN (FORMAT JSON) SELECT 1 FROM posts p WHERE {filters.condition('p', 1)}", *filters.groups
    )
    rows: float = msgspec.json.decode(plan)[0]["Plan"]["Plan Rows"]
    return rows


def _direction(reading: _Reading) -> str:
    return "ASC" if reading.ascending else "DESC"


def _look_through(reading: _Reading, source: str) -> str:
    """The entries of ``mine`` in their order, each post looked up until the page is full.

    What was seen stands in every row, of which there is one at least.
    """
    direction = _direction(reading)
    entries = source.format(range=RANGE, followed=FOLLOWED, mine=MINE, direction=direction, limit=RECENT)
    return f"""
    WITH {FOLLOWEES}, {entries}
    SELECT e.*, (SELECT count(*) FROM mine) AS seen, (SELECT count(*) FROM newest) AS looked,
           (SELECT id FROM newest ORDER BY id {direction} LIMIT 1) AS first,
           (SELECT id FROM newest ORDER BY id {"DESC" if reading.ascending else "ASC"} LIMIT 1) AS last,
           (SELECT reltuples FROM pg_class WHERE oid = 'feed_entries'::regclass) AS entries
    FROM (SELECT) one LEFT JOIN (
        SELECT e.* FROM (SELECT * FROM mine ORDER BY id {direction} OFFSET 0) e
        WHERE EXISTS (SELECT 1 FROM posts p WHERE p.id = e.post_id AND {reading.filters.condition("p", 5)} OFFSET 0) AND {STANDS}
        ORDER BY e.id {direction} LIMIT $4) e ON true"""


def _by_terms(reading: _Reading) -> str:
    return f"""
    WITH {FOLLOWEES}, m AS MATERIALIZED (SELECT p.id FROM posts p WHERE {reading.filters.condition("p", 5)})
    SELECT e.id, e.post_id, e.actor_id FROM m CROSS JOIN LATERAL (
        SELECT * FROM feed_entries e WHERE e.post_id = m.id AND {MINE} AND {FOLLOWED} ORDER BY e.id DESC LIMIT 1) e
    WHERE {RANGE} ORDER BY e.id {_direction(reading)} LIMIT $4"""


def _by_followee(reading: _Reading, stands: str) -> str:
    order = f"ORDER BY e.id {_direction(reading)} LIMIT $4"
    return f"""
    WITH {FOLLOWEES}, page AS MATERIALIZED (
        SELECT e.* FROM f CROSS JOIN LATERAL (
            SELECT e.id, e.post_id, e.actor_id FROM feed_entries e JOIN posts p ON p.id = e.post_id AND {reading.filters.condition("p", 5)}
            WHERE e.actor_id = f.u AND {RANGE} AND {MINE} {order}) e {order})
    SELECT e.*, {stands} AS stands FROM page e ORDER BY e.id {_direction(reading)}"""
