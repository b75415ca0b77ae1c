"""Partitions come in time and go by age or number, and the floor is never below a hole."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.databases import new_database
from x18.realtime.retention import KEEP_EVENTS, PARTITION, Retention
from x18.runtime.embedded import Servers


@pytest.fixture
async def connection(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """A database of one's own."""
    async with new_database(servers) as url:
        connection = await asyncpg.connect(url)
        yield connection
        await connection.close()


async def partitions(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'event_log'::regclass"
    )
    return sorted(row["name"] for row in rows)


async def log(connection: asyncpg.Connection, seq: int, age: str) -> None:
    await connection.execute(
        f"""INSERT INTO event_log (seq, kind, actor_id, object_id, created_at)
            VALUES ($1, 12, gen_random_uuid(), gen_random_uuid(), now() - interval '{age}')""",
        seq,
    )


async def test_old_partitions_are_dropped_and_the_floor_says_so(connection: asyncpg.Connection) -> None:
    await Retention(connection).keep(0)
    await log(connection, 5, "8 days")
    await log(connection, PARTITION + 5, "1 day")

    await Retention(connection).keep(PARTITION + 5)

    assert await partitions(connection) == ["event_log_1", "event_log_2"]
    assert await connection.fetchval("SELECT floor FROM event_state") == PARTITION - 1


async def test_young_partitions_stay(connection: asyncpg.Connection) -> None:
    await Retention(connection).keep(0)
    await log(connection, 5, "6 days")

    await Retention(connection).keep(PARTITION + 5)

    assert await partitions(connection) == ["event_log_0", "event_log_1", "event_log_2"]
    assert await connection.fetchval("SELECT floor FROM event_state") == 0


async def test_more_than_ten_million_events_are_too_many(connection: asyncpg.Connection) -> None:
    await log(connection, 5, "1 minute")

    await Retention(connection).keep(KEEP_EVENTS + PARTITION)

    assert "event_log_0" not in await partitions(connection)
    assert await connection.fetchval("SELECT floor FROM event_state") == PARTITION - 1
