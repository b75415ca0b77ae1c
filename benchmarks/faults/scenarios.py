"""What breaks, and what must hold meanwhile besides the lists. F numbers are those of ``docs/security.md``."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import asyncpg
import httpx
import psutil
import redis.asyncio

from benchmarks.faults.line import Line
from tests.conftest import Account
from tests.live import live
from tests.server import Server
from x18.realtime.broker import EVENTS


@dataclass
class Scene:
    """The nodes and what they stand on. ``notes`` is what a fault has to say besides the lists; ``wrong`` what must not be."""

    nodes: list[Server]
    line: Line
    database_url: str
    redis_url: str
    authors: list[Account] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def hold(self, what: str, *, is_so: bool) -> None:
        """Note something that must be so."""
        (self.notes if is_so else self.wrong).append(what)

    async def valkey(self) -> psutil.Process:
        """Its process."""
        async with redis.asyncio.Redis.from_url(self.redis_url) as client:
            return psutil.Process((await client.info("server"))["process_id"])


async def kill_the_leader(scene: Scene) -> None:
    """F1, F2, F33: a node dies between a commit and its message, or anywhere else, and comes back."""
    for round_ in range(4):
        await asyncio.sleep(1)
        node = scene.nodes[round_ % 2]
        node.kill()
        await node.start()


async def stop_redis(scene: Scene) -> None:
    """F4: no request waits for it."""
    valkey = await scene.valkey()
    valkey.suspend()
    try:
        await asyncio.sleep(2)
        took = await slowest(scene.nodes[0])
        scene.hold(f"slowest request {took:.2f} s", is_so=took < 1.5)
        await asyncio.sleep(3)
    finally:
        valkey.resume()


async def flush_and_cut_redis(scene: Scene) -> None:
    """F5, F6: nothing that Redis holds is missed, nobody is logged out."""
    async with redis.asyncio.Redis.from_url(scene.redis_url) as client:
        for _ in range(10):
            await asyncio.sleep(0.4)
            await client.flushall()
            await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    status = (await scene.authors[0].client.get("/api/users/me")).status_code
    scene.hold(f"/api/users/me {status}", is_so=status == 200)


async def say_everything_twice(scene: Scene) -> None:
    """F16: every message between the nodes comes again, and later ones before it."""
    seen: set[bytes] = set()
    async with redis.asyncio.Redis.from_url(scene.redis_url) as client, client.pubsub() as listening:
        await listening.subscribe(EVENTS)
        late: list[bytes] = []
        until = time.monotonic() + 4
        while time.monotonic() < until:
            message = await listening.get_message(ignore_subscribe_messages=True, timeout=0.5)
            if message is None or message["data"] in seen:
                continue
            seen.add(message["data"])
            late.append(message["data"])
            if len(late) > 3:
                await client.publish(EVENTS, late.pop(0))
    scene.notes.append(f"{len(seen)} messages doubled")


async def crash_postgres(scene: Scene) -> None:
    """F7: writes are refused with 503 meanwhile and taken within 5 s."""
    for _ in range(2):
        await asyncio.sleep(1)
        database = await asyncpg.connect(scene.database_url)
        os.kill(await database.fetchval("SELECT pg_backend_pid()"), signal.SIGKILL)
        database.terminate()
        began = time.monotonic()
        await accepted(scene.authors[0])
        took = time.monotonic() - began
        scene.hold(f"back after {took:.1f} s", is_so=took < 5)


async def end_backends(scene: Scene) -> None:
    """F8: the pools heal."""
    for _ in range(5):
        await asyncio.sleep(0.6)
        database = await asyncpg.connect(scene.database_url)
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'x18' ORDER BY random() LIMIT 5"
        )
        await database.close()


async def hang_in_a_transaction(scene: Scene) -> None:
    """F10, F17: an event that commits late holds up nobody and gets its number then; what is rolled back gets none."""
    database = await asyncpg.connect(scene.database_url)
    insert = "INSERT INTO event_outbox (kind, actor_id, object_id) SELECT 1, $1, $1 FROM generate_series(1, 3)"
    hung = database.transaction()
    await hung.start()
    await database.execute(insert, scene.authors[0].id)
    async with live(scene.nodes[1], None, f"user:{scene.authors[0].id}") as client:
        await asyncio.sleep(3)
        before = time.monotonic()
        await client.wait_for_post(await accepted(scene.authors[0]))
        took = time.monotonic() - before
        scene.hold(f"delivered in {took:.2f} s meanwhile", is_so=took < 1.5)
    await hung.rollback()
    await database.close()


async def use_up_the_pool(scene: Scene) -> None:
    """F9: 60 requests wait for a row; others get 503 soon, and delivery, which has connections of its own, goes on."""
    database = await asyncpg.connect(scene.database_url)
    post_id, node = await accepted(scene.authors[0]), scene.nodes[0]
    async with (
        live(node, None, f"user:{scene.authors[1].id}") as client,
        httpx.AsyncClient(
            base_url=node.url, timeout=30, headers=scene.authors[0].headers, limits=httpx.Limits(max_connections=80)
        ) as http,
    ):
        async with database.transaction():
            await database.execute("SELECT FROM post_stats WHERE post_id = $1::text::uuid FOR UPDATE", post_id)
            stuck = [asyncio.create_task(http.post(f"/api/posts/{post_id}/bookmark")) for _ in range(60)]
            await asyncio.sleep(1)
            took = await slowest(node)
            scene.hold(f"slowest request {took:.1f} s", is_so=took < 4)
            await client.wait_for_post(await accepted(scene.authors[1]))
        statuses = {answer.status_code for answer in await asyncio.gather(*stuck)}
        scene.hold(f"of the waiting {sorted(statuses)}", is_so=statuses <= {200, 201, 503})
    await database.close()


async def cut_the_line(scene: Scene) -> None:
    """F34: a node that cannot reach PostgreSQL says so within 3 s, and catches up."""
    scene.line.cut()
    try:
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=scene.nodes[1].url, timeout=10) as http:
            status = (await http.get("/health")).status_code
        took = time.monotonic() - began
        scene.hold(f"/health {status} after {took:.1f} s", is_so=status == 503 and took < 3)
        await asyncio.sleep(6)
    finally:
        scene.line.mend()


async def stop_in_good_order(scene: Scene) -> None:
    """F36: SIGTERM under load."""
    for node in scene.nodes:
        began = time.monotonic()
        code = await asyncio.to_thread(node.stop)
        scene.hold(f"exit {code} in {time.monotonic() - began:.1f} s", is_so=code == 0)
        await node.start()


async def kill_redis(scene: Scene) -> None:
    """F3, and for good: it is not started again."""
    (await scene.valkey()).kill()
    await asyncio.sleep(3)
    async with live(scene.nodes[1], None, f"user:{scene.authors[0].id}") as client:
        before = time.monotonic()
        await client.wait_for_post(await accepted(scene.authors[0]))
        took = time.monotonic() - before
        scene.hold(f"delivered in {took:.1f} s without it", is_so=took < 2)


Fault = Callable[[Scene], Awaitable[None]]

FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        kill_the_leader, stop_redis, flush_and_cut_redis, say_everything_twice, crash_postgres, end_backends,
        hang_in_a_transaction, use_up_the_pool, cut_the_line, stop_in_good_order, kill_redis,
    )
}  # fmt: skip


async def slowest(node: Server) -> float:
    """Of ten requests, side by side."""
    async with httpx.AsyncClient(base_url=node.url, timeout=30) as http:

        async def one() -> float:
            began = time.monotonic()
            await http.get("/api/timeline/explore")
            return time.monotonic() - began

        return max(await asyncio.gather(*(one() for _ in range(10))))


async def accepted(author: Account) -> str:
    """The id of a post that was tried until it was taken."""
    while True:
        try:
            answer = await author.client.post("/api/posts", json={"content": "again"})
            if answer.status_code == 201:
                return str(answer.json()["id"])
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.1)
