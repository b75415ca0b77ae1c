"""What hours say of hashtags follows from who used them, in whatever order uses come and go."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from tests.databases import new_database
from x18.core import db
from x18.runtime.embedded import Servers
from x18.search.uses import Use, add_uses

HOURS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(4)]


@pytest.fixture(scope="module")
async def connection(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """A database of its own: others count there too."""
    async with new_database(servers) as url:
        connection = await db.connect(url)
        try:
            yield connection
        finally:
            await connection.close()


async def stored(connection: asyncpg.Connection) -> tuple[dict[Use, int], dict[tuple[datetime, str], tuple[int, int]]]:
    uses = await connection.fetch("SELECT author_id, hashtag, hour, posts FROM hashtag_uses")
    hours = await connection.fetch("SELECT hour, hashtag, posts, authors FROM hashtag_hours WHERE posts + authors > 0")
    return {Use(*row[:3]): row["posts"] for row in uses}, {(row[0], row[1]): (row[2], row[3]) for row in hours}


def hours_of(uses: dict[Use, int]) -> dict[tuple[datetime, str], tuple[int, int]]:
    """Posts of each hour, and the authors whose newest use is in it."""
    posts: Counter[tuple[datetime, str]] = Counter()
    for use, count in uses.items():
        posts[use.hour, use.hashtag] += count
    authors = Counter((max(use.hour for use in uses if use.key == key), key[1]) for key in {use.key for use in uses})
    return {hour: (count, authors[hour]) for hour, count in posts.items()}


@pytest.mark.parametrize("seed", range(6))
async def test_hours_follow_from_uses_however_they_come_and_go(connection: asyncpg.Connection, seed: int) -> None:
    await connection.execute("TRUNCATE hashtag_uses, hashtag_hours")
    chance, naive = random.Random(seed), Counter[Use]()
    for _ in range(25):
        changes = Counter[Use]()
        for _ in range(chance.randint(1, 8)):
            use = Use(UUID(int=chance.randint(1, 2)), chance.choice("ab"), chance.choice(HOURS))
            changes[use] += chance.choice([1, 1, 2, -1, -2, -3])
        async with db.using(connection):
            await add_uses(changes)
        for use, change in changes.items():
            naive[use] = max(naive[use] + change, 0)
        naive = +naive

        uses, hours = await stored(connection)

        assert uses == naive
        assert hours == hours_of(uses)


async def test_nothing_is_taken_away_that_was_not_counted(connection: asyncpg.Connection) -> None:
    await connection.execute("TRUNCATE hashtag_uses, hashtag_hours")
    author, other = UUID(int=1), UUID(int=2)
    async with db.using(connection):
        await add_uses(Counter({Use(author, "a", HOURS[1]): 2}))
        await add_uses(Counter({Use(other, "a", HOURS[1]): -1, Use(author, "a", HOURS[0]): -1}))

    assert await stored(connection) == ({Use(author, "a", HOURS[1]): 2}, {(HOURS[1], "a"): (2, 1)})
