"""Home with filters holds what the plain query gives, whichever way it is read."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.databases import new_database
from x18.core import db
from x18.core.paging import Page
from x18.runtime.embedded import Servers
from x18.timeline.filtered_home import RECENT
from x18.timeline.filters import Filters, provide_filters
from x18.timeline.home import read_home

ENTRIES = 3 * RECENT
USERS = 60

# Ten days of posts and retweets; the first users write most of it. Every post is in a category: one that
# is frequent, one that is rare, one that nobody has used lately.
FILL = f"""
    INSERT INTO users (id, username, email, password_hash, display_name, posts_count, following_count)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'user_' || n, n || '@example.com', '', '', {ENTRIES} / {USERS}, n % {USERS}
    FROM generate_series(1, {USERS}) n;
    INSERT INTO follows (id, follower_id, followee_id)
    SELECT gen_random_uuid(), a.id, b.id FROM (SELECT *, row_number() OVER (ORDER BY id) n FROM users) a,
        (SELECT *, row_number() OVER (ORDER BY id) n FROM users) b WHERE a.n <> b.n AND b.n > {USERS} - a.n;
    CREATE TEMP TABLE made AS
    SELECT n, (lpad(to_hex(1700000000000 + n * 36000), 12, '0') || '7000800000000000' || lpad(to_hex(n), 4, '0'))::uuid AS id,
           lpad(to_hex(1 + floor({USERS} * power(random(), 8))::int), 32, '0')::uuid AS user_id,
           CASE WHEN n < {ENTRIES} / 3 AND random() < 0.3 THEN 'old' WHEN random() < 0.3 THEN 'often' WHEN random() < 0.002 THEN 'rare'
                ELSE 'other' END AS category, CASE WHEN random() < 0.1 THEN 1 ELSE 0 END AS visibility, n % 10 < 3 AND n > 30 AS is_retweet
    FROM generate_series(1, {ENTRIES}) n;
    INSERT INTO posts (id, author_id, content, visibility, terms)
    SELECT id, user_id, 'x', visibility, ARRAY['c:' || category, 't:' || n % 3] FROM made WHERE NOT is_retweet;
    INSERT INTO feed_entries (id, actor_id, post_id, visibility)
    SELECT m.id, m.user_id, CASE WHEN m.is_retweet THEN (SELECT p.id FROM posts p WHERE p.id < m.id ORDER BY p.id DESC OFFSET m.n % 3 LIMIT 1)
                                   ELSE m.id END,
           CASE WHEN m.is_retweet THEN 0 ELSE m.visibility END FROM made m WHERE m.n > 1;
    UPDATE users SET disabled_at = now() WHERE id IN (SELECT lpad(to_hex(n), 32, '0')::uuid FROM unnest(ARRAY[2, 7]) n);
    ANALYZE"""

# A post stands once, at its newest entry.
PLAIN = """
    SELECT id FROM (
        SELECT DISTINCT ON (e.post_id) e.id FROM feed_entries e JOIN posts p ON p.id = e.post_id
        WHERE (e.actor_id = $1 OR e.visibility < 2 AND e.actor_id IN (
                SELECT f.followee_id FROM follows f JOIN users u ON u.id = f.followee_id
                WHERE f.follower_id = $1 AND u.disabled_at IS NULL))
          AND {condition} ORDER BY e.post_id, e.id DESC) e
    WHERE e.id < $2 AND e.id > $3 ORDER BY e.id {direction} LIMIT $4"""


@pytest.fixture(scope="module")
async def connection(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """A database with more entries than are looked through first."""
    async with new_database(servers) as url:
        connection = await db.connect(url)
        try:
            await connection.execute("SELECT setseed(0.5)")
            await connection.execute(FILL)
            yield connection
        finally:
            await connection.close()


async def plain(connection: asyncpg.Connection, viewer: UUID, page: Page, filters: Filters) -> list[UUID]:
    sql = PLAIN.format(condition=filters.condition("p", 5), direction=page.direction)
    rows = await connection.fetch(sql, viewer, page.below, page.above, page.limit + 1 + page.offset, *filters.groups)
    return [row["id"] for row in rows][page.offset :]


def entry(number: int) -> UUID:
    """The id of an entry."""
    return UUID(f"{1_700_000_000_000 + number * 36_000:012x}70008000 00000000{number:04x}".replace(" ", ""))


wanted = st.fixed_dictionaries(
    {},
    optional={
        "category": st.lists(st.sampled_from(["often", "rare", "old", "other", "none"]), min_size=1, max_size=2),
        "tag": st.lists(st.sampled_from(["0", "1", "none"]), min_size=1, max_size=2),
    },
)
cursors = st.none() | st.integers(1, ENTRIES).map(entry)
pages = st.builds(
    Page, limit=st.sampled_from([1, 20, 300]), offset=st.sampled_from([0, 7]), before=cursors, after=cursors
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(viewer=st.integers(1, USERS), page=pages, by_name=wanted)
async def test_every_way_gives_what_the_plain_query_gives(
    connection: asyncpg.Connection, viewer: int, page: Page, by_name: dict[str, Any]
) -> None:
    filters, viewer_id = await provide_filters(**by_name), UUID(int=viewer)
    async with db.using(connection):
        found = await read_home(viewer_id, page, filters)

    assert [row["id"] for row in found] == await plain(connection, viewer_id, page, filters)
