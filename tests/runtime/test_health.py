"""A part that does not answer is down, and is not waited for."""

import asyncio
from contextlib import AsyncExitStack, suppress
from contextvars import Context
from functools import partial

import asyncpg
import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from tests.server import TLS, Server
from x18.core import db, outages, pools
from x18.runtime import health
from x18.runtime.health import Checks, NodeChecks, OwnConnection, SystemController


async def well() -> None:
    """At once."""


async def broken() -> None:
    raise ConnectionError("away")


async def stubborn() -> None:
    """Takes its time also to give up."""
    try:
        await asyncio.sleep(3_600)
    finally:
        await asyncio.sleep(3_600)


async def test_every_part_is_told_also_when_one_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.01)
    monkeypatch.setattr(outages, "_told", {})
    checks = Checks({"postgres": stubborn, "redis": broken, "relay": well})

    async with asyncio.timeout(30):
        answer = await SystemController.health.fn(None, checks)

    assert answer.status_code == 503
    assert msgspec.to_builtins(answer.content) == {
        "status": "down",
        "checks": {"postgres": "down", "redis": "down", "relay": "ok"},
        "trouble": ["unreachable"],
    }
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


class Counted:
    """A check that waits until it is let go, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> None:
        self.asked += 1
        await self.may_end.wait()


async def test_however_many_ask_one_looks_and_its_answer_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Counted()
    checks = Checks({"part": part})
    asking = [asyncio.create_task(checks.look()) for _ in range(300)]
    await asyncio.sleep(0)
    asking[0].cancel()
    part.may_end.set()
    views = await asyncio.gather(*asking[1:])
    await checks.look()

    assert {view.status for view in views} == {"ok"}
    assert part.asked == 1, "who leaves does not end it for the others"
    monkeypatch.setattr(health, "KEPT_S", -1)
    checks._good_until = 0
    await checks.look()
    await checks.look()
    assert part.asked == 3


async def test_three_hundred_at_once_find_it_well_and_hurt_nobody(api: httpx.AsyncClient) -> None:
    limits = httpx.Limits(max_connections=300)
    async with httpx.AsyncClient(base_url=api.base_url, timeout=30, verify=TLS, limits=limits) as client:
        answers = await asyncio.gather(*(client.get("/health") for _ in range(300)))
        explored = await api.get("/api/timeline/explore")

    assert {answer.status_code for answer in answers} == {200}
    assert explored.status_code == 200


async def test_a_pool_that_is_used_up_is_no_outage(server: Server) -> None:
    checks = NodeChecks(server.database_url, Redis.from_url(server.redis_url), partial(db.fetch_value, "SELECT 2"))
    await db.start_pool(server.database_url, max_size=2)
    try:
        async with db.transaction(), AsyncExitStack() as stack:
            await stack.enter_async_context(db._lend())
            view = await asyncio.create_task(checks.look(), context=Context())
    finally:
        await checks.stop()
        await db.close_pool()

    assert view.status == "ok", view


async def test_a_connection_that_was_cut_is_made_anew(server: Server, database: asyncpg.Pool) -> None:
    connection, pids = OwnConnection(server.database_url), list[int]()

    async def look() -> None:
        pids.append(await db.fetch_value("SELECT pg_backend_pid()"))

    await connection.run(look)
    await database.execute("SELECT pg_terminate_backend($1)", pids[0])
    async with asyncio.timeout(30):
        while pids[-1] == pids[0]:
            with suppress(*pools.OUTAGES):
                await connection.run(look)
    connection.close()
