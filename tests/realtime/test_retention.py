"""Partitions come in time and go by age or number, and the floor is never below a hole."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.databases import new_database
from x18.realtime.relay import Relay
from x18.realtime.retention import KEEP_EVENTS, PARTITION, Retention
from x18.runtime.embedded import Servers


@pytest.fixture
async def url(servers: Servers) -> AsyncIterator[str]:
    """A database of one's own."""
    async with new_database(servers) as url:
        yield url


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to it."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def dump(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another connection, which has read the log in a transaction that is still open, as a dump does."""
    connection = await asyncpg.connect(url)
    await connection.execute("BEGIN; LOCK TABLE event_log IN ACCESS SHARE MODE")
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


async def test_events_are_numbered_while_a_dump_holds_up_the_next_partition(
    url: str, connection: asyncpg.Connection, dump: asyncpg.Connection
) -> None:
    relay = Relay(url, {}, asyncio.Event(), lambda _: None)
    running = asyncio.create_task(relay.run())
    try:
        await connection.execute(
            "INSERT INTO event_outbox (kind, actor_id, object_id) VALUES (12, gen_random_uuid(), gen_random_uuid())"
        )
        async with asyncio.timeout(30):
            while await connection.fetchval("SELECT head FROM event_state") < 1:
                await asyncio.sleep(0.02)

        assert relay.leads
        assert await partitions(connection) == ["event_log_0"], "the dump did hold it up"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_partition_that_was_held_up_is_made_after_the_dump(
    connection: asyncpg.Connection, dump: asyncpg.Connection
) -> None:
    retention = Retention(connection, check_every_s=0.05)
    await retention.keep(0)
    assert await partitions(connection) == ["event_log_0"]

    await dump.execute("COMMIT")
    async with asyncio.timeout(30):
        while await partitions(connection) != ["event_log_0", "event_log_1"]:
            await retention.keep(0)


async def test_an_old_partition_stays_readable_during_the_dump_and_goes_after_it(
    connection: asyncpg.Connection, dump: asyncpg.Connection
) -> None:
    await dump.execute("COMMIT")
    retention = Retention(connection, check_every_s=0.05)
    await retention.keep(0)
    await log(connection, 5, "8 days")
    await log(connection, PARTITION + 5, "1 day")
    await dump.execute("BEGIN; LOCK TABLE event_log IN ACCESS SHARE MODE")
    await Retention(connection).keep(PARTITION + 5)
    held_up = await partitions(connection)
    floor = await connection.fetchval("SELECT floor FROM event_state")

    await dump.execute("COMMIT")
    async with asyncio.timeout(30):
        while "event_log_0" in await partitions(connection):
            await retention.keep(PARTITION + 5)

    assert "event_log_0" in held_up
    assert floor == 0, "the floor moves only with the partition"
    assert await connection.fetchval("SELECT floor FROM event_state") == PARTITION - 1
