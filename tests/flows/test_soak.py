"""Everything at once: every listener's list equals the model's. Three minutes of it: ``python -m benchmarks.soak``."""

import asyncio
from pathlib import Path

import asyncpg

from tests.conftest import MakeUser
from tests.server import Server, make_server
from tests.soak.run import soak

WRITERS, LISTENERS, SECONDS = 16, 40, 20


async def test_every_list_equals_the_model(
    server: Server, make_user: MakeUser, database: asyncpg.Pool, tmp_path: Path
) -> None:
    accounts = list(await asyncio.gather(*(make_user(f"soak{number}") for number in range(WRITERS))))
    second = make_server(server.database_url, server.redis_url, tmp_path)
    await second.start()
    try:
        report = await soak(accounts, [server, second], database, seconds=SECONDS, listeners=LISTENERS, seed=1)
    finally:
        second.stop()
        second.listener.close()

    assert report.wrong == []
    assert report.events > 150
    assert report.connections > 5 * LISTENERS
    assert report.faults > 5
    assert report.certain > 0.5 * report.possible > 1_000
