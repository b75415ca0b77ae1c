"""After all clients have left, nothing of them remains."""

import asyncio
import random
from pathlib import Path

import httpx
import redis.asyncio

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import post
from tests.flows.test_streams import stream
from tests.live import live
from tests.server import TLS, Server, make_server

CLIENTS = 40
WATCHED = ("x18_connections", "x18_users_connected", "x18_watched_posts", "x18_queue_bytes", "x18_tasks")


async def measure(server: Server) -> dict[str, float]:
    """What the server says that it holds."""
    async with httpx.AsyncClient(base_url=server.url, verify=TLS) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs if name.startswith((*WATCHED, "x18_subscriptions{"))}


def topics_of(measured: dict[str, float]) -> float:
    """How many subscriptions of all kinds there are."""
    return sum(value for name, value in measured.items() if name.startswith("x18_subscriptions"))


async def measure_at_rest(server: Server) -> dict[str, float]:
    """Once what a start does is done: two samples, of which one is taken each second, say the same."""
    before: dict[str, float] = {}
    async with asyncio.timeout(30):
        while (now := await measure(server)) != before:
            before = now
            await asyncio.sleep(1.1)
    return now


async def visit(server: Server, user: Account, author: Account, made: dict[str, object], number: int) -> None:
    """Use everything, and leave in one of several ways."""
    topics = ["home", "notifications", f"user:{author.id}", {"topic": "explore", "filter": {"category": ["crypto"]}}]
    if number % 4 == 0:
        async with stream(server, "home,explore,test?rate=20", headers=user.headers) as events:
            for _ in range(4):
                await events.read()
        return
    async with live(server, user.access_token if number % 4 == 1 else None) as client:
        if number % 4 == 2:
            await client.ask("auth", {"token": user.access_token})
        if number % 4 < 3:
            await client.subscribe(*topics, since=client.cursor)
        await client.subscribe(f"hashtag:t{number}", "test?rate=50")
        await client.ask("watch", {"posts": [made["id"]]})
        await client.send("call", {"method": "GET", "path": "/api/timeline/explore"}, id="never read")
        if number % 3 == 0:
            client.socket.transport.abort()  # type: ignore[attr-defined]


async def test_nothing_remains_of_clients_that_left(server: Server, make_user: MakeUser, tmp_path: Path) -> None:
    author = await make_user("author")
    users = [await make_user(f"visitor{number}") for number in range(4)]
    made = await post(author)
    broker = redis.asyncio.Redis.from_url(server.redis_url)
    place = make_server(server.database_url, server.redis_url, tmp_path)
    await place.start()
    try:
        before, channels = await measure_at_rest(place), await broker.pubsub_channels()
        async with live(place, users[0].access_token, "home", "test"), stream(place, "explore") as events:
            await events.read()
            async with asyncio.timeout(30):
                while (during := await measure(place))["x18_connections"] != 2 or topics_of(during) != 3:
                    await asyncio.sleep(0.2)
        chance = random.Random(1)
        await asyncio.gather(*(visit(place, chance.choice(users), author, made, number) for number in range(CLIENTS)))
        async with asyncio.timeout(30):
            while (after := await measure(place)) != {
                **dict.fromkeys(after, 0.0),
                "x18_tasks": before["x18_tasks"],
            }:
                await asyncio.sleep(0.2)

        assert during["x18_tasks"] > before["x18_tasks"]
        assert await broker.pubsub_channels() == channels
    finally:
        place.stop()
        place.listener.close()
        await broker.aclose()
