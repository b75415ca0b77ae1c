"""PostgreSQL crashes: what was acknowledged is there, and reaches everybody once and in order."""

import asyncio
import os
import signal

import asyncpg

from tests.conftest import Account
from tests.flows.test_resume import Writers, resuming
from tests.live import live
from tests.server import Server

CRASHES = 3


async def crash(database_url: str) -> None:
    """Kill a backend: the postmaster ends all others and recovers from the write-ahead log."""
    async with asyncio.timeout(60):
        while True:
            try:
                database = await asyncpg.connect(database_url)
                break
            except (asyncpg.CannotConnectNowError, OSError):  # it still recovers from the last time
                await asyncio.sleep(0.1)
    os.kill(await database.fetchval("SELECT pg_backend_pid()"), signal.SIGKILL)
    database.terminate()


async def test_a_crash_of_the_database_loses_and_doubles_nothing(nodes: list[Server], authors: list[Account]) -> None:
    topics = [f"user:{author.id}" for author in authors]
    writers, done = Writers(authors), asyncio.Event()
    async with live(nodes[0]) as first:
        cursor = first.cursor
    writing = asyncio.create_task(writers.run())
    clients = [asyncio.create_task(resuming(nodes[n % 2], topics, cursor, writers.made, done)) for n in range(4)]
    for _ in range(CRASHES):
        await writers.make(20)
        await crash(nodes[0].database_url)
    await writers.make(20)
    writers.running = False
    await writing
    done.set()
    async with asyncio.timeout(30):
        collected = await asyncio.gather(*clients)

    database = await asyncpg.connect(nodes[0].database_url)
    logged = await database.fetch(
        "SELECT object_id::text AS id FROM event_log WHERE kind = 1 AND actor_id = ANY($1) ORDER BY seq",
        [author.id for author in authors],
    )
    await database.close()
    expected = [row["id"] for row in logged]
    assert writers.made <= set(expected)
    assert writers.refused <= {503}
    assert [got[: len(expected)] for got in collected] == [expected[: len(got)] for got in collected]
    assert all(writers.made <= set(got) for got in collected)
