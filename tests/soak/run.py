"""The soak itself: everything at once for some time, then the comparison of every listener's list with the model."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import redis.asyncio

from tests.conftest import Account
from tests.live import live
from tests.server import Server
from tests.soak.listeners import Listener
from tests.soak.model import Model
from tests.soak.writers import Post, Story, Writer
from x18.realtime.events import EventKind
from x18.realtime.log import read_kinds

FAULT_EVERY_S = 1.7
MOODY = 4
"""So many of the writers change their privacy."""


@dataclass
class Report:
    """What came of it. ``wrong`` names each difference."""

    events: int
    delivered: int
    connections: int
    faults: int
    certain: int
    possible: int
    wrong: list[str]


async def soak(
    accounts: list[Account],
    servers: list[Server],
    database: asyncpg.Pool,
    *,
    seconds: float,
    listeners: int,
    seed: int,
    tell: Callable[[float], None] = lambda _: None,
) -> Report:
    """Run for so many seconds. The accounts are new, and all of them write."""
    chance = random.Random(seed)
    async with live(servers[0]) as first:
        cursor = first.cursor
    story, stopping = Story(), asyncio.Event()
    fence: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    writers = [Writer(one, accounts, story, seed + n, moody=n < MOODY) for n, one in enumerate(accounts)]
    people = [_listener(n, accounts, servers, cursor, chance) for n in range(listeners)]
    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(person.run(stopping, fence))
        breaking = group.create_task(_break(servers[0].redis_url, stopping))
        writing = [group.create_task(writer.run(stopping)) for writer in writers]
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds and not any(task.done() for task in writing):
            tell(passed)
            await asyncio.sleep(0.5)
        stopping.set()
        await asyncio.wait([*writing, breaking])
        fence.set_result(await _put_fence(accounts[-1], story))
    return await _compare(story, people, database, cursor, breaking.result())


def _listener(
    number: int, accounts: list[Account], servers: list[Server], cursor: str, chance: random.Random
) -> Listener:
    account = chance.choice(accounts) if number % 4 else None
    choices: list[dict[str, Any]] = [
        {"topic": "explore"},
        {"topic": "explore", "filter": {"category": ["crypto"]}},
        {"topic": "hashtag:soaka"},
        {"topic": "category:forex"},
        {"topic": f"user:{chance.choice(accounts).id}"},
    ]
    topics = chance.sample(choices[1:], 2) if number % 3 else chance.sample([choices[0], *choices[2:]], 3)
    if account is not None:
        topics += [{"topic": "home"}, {"topic": "notifications"}][: 1 + number % 2]
    topics.append({"topic": f"user:{accounts[-1].id}"})
    unique = {one["topic"]: one for one in topics}
    return Listener(account, list(unique.values()), servers, number, cursor)


async def _break(redis_url: str, stopping: asyncio.Event) -> int:
    """Kill the nodes' subscriptions and empty Redis, again and again. How often."""
    faults = 0
    async with redis.asyncio.Redis.from_url(redis_url) as broker:
        while not stopping.is_set():
            await asyncio.sleep(FAULT_EVERY_S)
            await broker.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await broker.flushall()
            faults += 1
    return faults


async def _put_fence(author: Account, story: Story) -> str:
    answer = await author.client.post("/api/posts", json={"content": "the end"})
    assert answer.status_code == 201
    made = Post(answer.json()["id"], str(author.id), 0, frozenset())
    story.posts[made.id] = made
    return made.id


async def _compare(story: Story, people: list[Listener], database: asyncpg.Pool, cursor: str, faults: int) -> Report:
    start = int(cursor.split(".")[1])
    kinds = [kind for kind in EventKind if kind != EventKind.COUNTS]
    async with database.acquire() as connection:
        rows = []
        for user in {person.account.id if person.account else None for person in people} | {None}:
            rows += await read_kinds(connection, start, 2**62, kinds, user, 10_000_000)
        ids = await connection.fetch("SELECT id::text FROM notifications WHERE gone_at IS NULL")
    rows = sorted({row.seq: row for row in rows}.values())
    model = Model(story, rows, frozenset(row["id"] for row in ids))
    wrong: list[str] = []
    certain = possible = 0
    for number, person in enumerate(people):
        must, may = model.judge(str(person.account.id) if person.account else None, person.topics, start)
        certain, possible = certain + len(must), possible + len(may)
        wrong += [f"listener {number}: {what}" for what in _differences(person, must, may)]
    delivered, connections = sum(len(one.got) for one in people), sum(one.connections for one in people)
    return Report(len(rows), delivered, connections, faults, certain, possible, wrong)


def _differences(person: Listener, must: dict[int, str], may: dict[int, str]) -> list[str]:
    order = [seq for seq, _ in person.got]
    wrong = [f"{person.gaps} gaps"] if person.gaps else []
    if order != sorted(set(order)):
        wrong.append("doubled or out of order")
    wrong += [f"got {kind} {seq}, which is not for it" for seq, kind in person.got if may.get(seq) != kind]
    got = dict(person.got)
    return wrong + [f"missed {kind} {seq}" for seq, kind in must.items() if seq not in got]
