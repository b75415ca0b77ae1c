"""The server is stopped while it is asked, Redis hangs or the database does: what was begun is answered, and never with a 500."""

import asyncio
from collections import Counter
from itertools import chain, cycle, islice
from pathlib import Path

import asyncpg
import httpx
import psutil

from tests.conftest import PASSWORD, Account, MakeUser
from tests.faults import test_redis
from tests.server import TLS, Server, make_server

valkey = test_redis.valkey

HURRIED = """
import sys, x18.runtime.serve as serve
from x18.__main__ import main
serve.GRACE_S = 1
sys.exit(main())
"""
"""X18 that gives a second to what is being answered when it stops."""


async def ask_until(
    stopping: asyncio.Event, url: str, author: Account, begin_with: int, answered: Counter[int]
) -> list[str]:
    """Ask one thing after the other. What was begun before the server was stopped and got no answer."""
    ways = [
        ("GET", "/api/timeline/explore", None),
        ("POST", "/api/posts", {"content": "while it stops"}),
        ("POST", "/api/auth/login", {"username": author.username, "password": PASSWORD}),
        ("GET", "/api/users/me", None),
    ]
    async with httpx.AsyncClient(base_url=url, headers=author.headers, timeout=60, verify=TLS) as client:
        for method, path, body in islice(cycle(ways), begin_with, None):
            if stopping.is_set():
                break
            try:
                answer = await client.request(method, path, json=body)
            except httpx.TransportError as error:
                return [f"{path}: {error!r}"]
            answered[answer.status_code] += 1
            await asyncio.sleep(0.1)
    return []


async def test_who_is_being_answered_while_redis_hangs_gets_no_error_when_the_server_stops(
    nodes: list[Server], authors: list[Account], valkey: psutil.Process, tmp_path: Path
) -> None:
    server = make_server(nodes[0].database_url, nodes[0].redis_url, tmp_path, RATE_LIMITS="on")
    await server.start()
    assert server.process
    answered: Counter[int] = Counter()
    stopping = asyncio.Event()
    asking = [
        asyncio.create_task(ask_until(stopping, server.url, author, number, answered))
        for number, author in enumerate(authors * 3)
    ]
    async with asyncio.timeout(60):
        while answered.total() < len(asking):
            await asyncio.sleep(0.01)
        valkey.suspend()
        try:
            at = answered.total()
            while answered.total() < at + 4:  # some wait for Redis
                await asyncio.sleep(0.01)
            stopping.set()
            await asyncio.sleep(0.1)  # what was begun has arrived
            code = await asyncio.to_thread(server.stop)
        finally:
            valkey.resume()
            server.listener.close()
        lost = list(chain.from_iterable(await asyncio.gather(*asking)))

    assert code == 0
    assert lost == []
    assert answered.keys() <= {200, 201, 503}
    assert "Traceback" not in server.read_log()


async def test_who_cannot_be_answered_in_time_is_told_to_come_again(
    server: Server, database: asyncpg.Pool, make_user: MakeUser, tmp_path: Path
) -> None:
    user = await make_user()
    other = make_server(server.database_url, server.redis_url, tmp_path)
    other.program = ("-c", HURRIED)
    await other.start()
    headers = user.headers
    async with (
        httpx.AsyncClient(base_url=other.url, headers=headers, timeout=60, verify=TLS) as client,
        asyncio.timeout(60),
        database.acquire() as holding,
        holding.transaction(),
    ):
        await holding.execute("LOCK TABLE bookmarks IN ACCESS EXCLUSIVE MODE")
        asking = [asyncio.create_task(client.request(method, "/api/bookmarks")) for method in ("GET", "GET", "HEAD")]
        while await database.fetchval(WAITING) < len(asking):
            await asyncio.sleep(0.01)
        code = await asyncio.to_thread(other.stop)
        answers = await asyncio.gather(*asking)
    other.listener.close()

    assert code == 0
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    assert answers[0].json()["code"] == "unavailable"
    assert answers[2].content == b""
    assert "Traceback" not in other.read_log()


WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'bookmarks'::regclass AND NOT granted"
