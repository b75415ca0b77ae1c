"""Numbers are dense and in one order for everybody, whatever writers, relays and the broker do."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import asyncpg
import pytest

from tests.databases import new_database
from x18.realtime import feed
from x18.realtime.batches import Batch, pack
from x18.realtime.events import Event, EventKind
from x18.realtime.feed import Feed, Steps
from x18.realtime.log import read_position
from x18.realtime.readers import Readers
from x18.realtime.relay import LOCK, LOST_AFTER, Relay, stand
from x18.runtime.embedded import Servers

WRITERS, WRITES = 16, 40
ACTOR = uuid4()


@pytest.fixture
async def url(servers: Servers) -> AsyncIterator[str]:
    """A database of one's own."""
    async with new_database(servers) as url:
        yield url


class Node:
    """A relay and a feed as in one process, and what the feed delivered. ``lossy`` drops, doubles and reorders messages."""

    def __init__(self, url: str, others: "list[Node]", *, lossy: bool = False) -> None:
        self.readers = Readers(url)
        self.delivered: list[Event] = []
        self.gaps: list[str] = []
        self.feed = Feed(self.readers, {}, self._deliver, self._tell_gap)
        self.relay = Relay(url, {}, asyncio.Event(), self._spread)
        self._others = others
        self._lossy = lossy
        self._held: list[bytes] = []

    def _deliver(self, events: Sequence[Event]) -> Steps:
        for event in events:
            self.delivered.append(event)
            if self._lossy:
                yield event.seq  # as a hub that is late

    def _tell_gap(self, reason: str) -> Steps:
        self.gaps.append(reason)
        yield from ()

    def _spread(self, batch: Batch) -> None:
        for node in self._others:
            node.hear(pack(batch))

    def hear(self, message: bytes) -> None:
        """A message as the broker brings it."""
        if self._lossy and random.random() < 0.3:
            return
        self._held.append(message)
        if self._lossy and random.random() < 0.3:
            return
        random.shuffle(self._held)
        for held in self._held * (2 if self._lossy else 1):
            self.feed.receive(held)
        self._held.clear()

    async def run(self) -> None:
        """Until cancelled."""
        await self.readers.start()
        try:
            await self.feed.start()
            await asyncio.gather(self.relay.run(), self.feed.run())
        finally:
            await self.readers.stop()


async def write(pool: asyncpg.Pool, *, delay: float = 0.02) -> list[int]:
    """Commit events after random delays, roll some back; the outbox ids of the committed ones."""
    kept = []
    for _ in range(WRITES):
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            number = await connection.fetchval(
                "INSERT INTO event_outbox (kind, actor_id, object_id) VALUES ($1, $2, $3) RETURNING id",
                EventKind.COUNTS,
                ACTOR,
                uuid4(),
            )
            await asyncio.sleep(random.expovariate(1 / delay))
            if random.random() < 0.05:
                await transaction.rollback()
            else:
                await transaction.commit()
                kept.append(number)
    return kept


async def run_writers(url: str) -> int:
    """How many events 16 writers committed."""
    async with asyncpg.create_pool(url, min_size=WRITERS, max_size=WRITERS) as pool:
        return sum(len(kept) for kept in await asyncio.gather(*(write(pool) for _ in range(WRITERS))))


async def check_nodes(url: str, nodes: list[Node], committed: int) -> None:
    """All nodes delivered exactly the log, which holds exactly what was committed."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(30):
            while any(len(node.delivered) < committed for node in nodes):
                await asyncio.sleep(0.05)
        logged = await connection.fetch("SELECT seq, object_id FROM event_log ORDER BY seq")
        assert [row["seq"] for row in logged] == list(range(1, committed + 1))
        assert (await read_position(connection)).head == committed
        assert await connection.fetchval("SELECT count(*) FROM event_outbox") == 0
        expected = [(row["seq"], row["object_id"]) for row in logged]
        for node in nodes:
            assert [(event.seq, event.object_id) for event in node.delivered] == expected
            assert node.gaps == []
    finally:
        await connection.close()


@pytest.mark.parametrize("lossy", [False, True])
async def test_sixteen_writers_with_random_delays_and_rollbacks(url: str, lossy: bool) -> None:
    nodes: list[Node] = []
    nodes += [Node(url, nodes, lossy=lossy) for _ in range(2)]
    running = [asyncio.create_task(node.run()) for node in nodes]
    try:
        await asyncio.sleep(0.3)
        await check_nodes(url, nodes, await run_writers(url))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_a_leader_that_loses_its_connection_is_replaced(url: str) -> None:
    nodes: list[Node] = []
    nodes += [Node(url, nodes) for _ in range(2)]
    running = [asyncio.create_task(node.run()) for node in nodes]
    killer = await asyncpg.connect(url)
    try:
        await asyncio.sleep(0.3)
        writers = asyncio.create_task(run_writers(url))
        for _ in range(6):
            await asyncio.sleep(0.2)
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted",
                LOCK,
            )
        await check_nodes(url, nodes, await writers)
    finally:
        await killer.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_a_leader_that_stands_still_is_replaced(url: str) -> None:
    still = await stand(url)
    assert await still.fetchval("SHOW idle_session_timeout") == LOST_AFTER
    await still.execute("SET idle_session_timeout = '200ms'")  # the test does not wait that long
    assert await still.fetchval("SELECT pg_try_advisory_lock($1)", LOCK)
    nodes: list[Node] = []
    nodes.append(Node(url, nodes))
    running = asyncio.create_task(nodes[0].run())
    try:
        async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
            await check_nodes(url, nodes, len(await write(pool, delay=0.001)))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        still.terminate()


async def test_a_transaction_that_hangs_delays_nobody_else(url: str) -> None:
    nodes: list[Node] = []
    nodes.append(Node(url, nodes))
    running = asyncio.create_task(nodes[0].run())
    stuck, other = await asyncpg.connect(url), await asyncpg.connect(url)
    insert = "INSERT INTO event_outbox (kind, actor_id, object_id) VALUES (12, $1, $2)"
    try:
        await asyncio.sleep(0.3)
        hanging = stuck.transaction()
        await hanging.start()
        await stuck.execute(insert, ACTOR, uuid4())
        await other.execute(insert, ACTOR, uuid4())
        async with asyncio.timeout(30):
            while not nodes[0].delivered:
                await asyncio.sleep(0.01)
        await hanging.commit()
        await check_nodes(url, nodes, 2)
    finally:
        await stuck.close()
        await other.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("change", "reason", "last"),
    [
        ("epoch = gen_random_uuid(), head = 500", "unknown_epoch", 500),
        ("head = 500, floor = 400", "cursor_too_old", 400),
    ],
)
async def test_a_new_epoch_and_a_cut_log_are_told(url: str, change: str, reason: str, last: int) -> None:
    nodes: list[Node] = []
    nodes.append(Node(url, nodes))
    running = asyncio.create_task(nodes[0].run())
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(30):
            while not nodes[0].feed.epoch:
                await asyncio.sleep(0.01)
        await connection.execute(f"UPDATE event_state SET {change}")
        async with asyncio.timeout(30):
            while nodes[0].gaps != [reason]:
                await asyncio.sleep(0.05)
        assert nodes[0].feed.last == last
    finally:
        await connection.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_node_that_was_told_of_events_that_there_never_were_says_so_and_goes_on(url: str) -> None:
    nodes: list[Node] = []
    nodes.append(Node(url, nodes))
    node = nodes[0]
    running = asyncio.create_task(node.run())
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1)
    try:
        committed = len(await write(pool, delay=0.001))
        await check_nodes(url, nodes, committed)
        lies = [Event(committed + number, EventKind.COUNTS, ACTOR, None, ACTOR) for number in range(1, 11)]
        node.feed.offer(Batch(node.feed.epoch, lies[0].seq, lies[-1].seq, lies))
        async with asyncio.timeout(30):
            while node.gaps != ["cursor_in_future"]:
                await asyncio.sleep(0.05)
        node.delivered.clear()
        more = await write(pool, delay=0.001)
        async with asyncio.timeout(30):
            while len(node.delivered) < len(more):
                await asyncio.sleep(0.05)

        assert [event.seq for event in node.delivered] == list(range(committed + 1, committed + len(more) + 1))
        assert node.gaps == ["cursor_in_future"]
        assert not node.feed.is_astray
    finally:
        await pool.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_node_that_does_not_get_on_knows_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "VERIFY_EVERY_S", 0.1)
    nodes: list[Node] = []
    nodes.append(Node(url, nodes))
    node, goes_on = nodes[0], asyncio.Event()

    def deliver(events: Sequence[Event]) -> Steps:
        while not goes_on.is_set():
            yield events[0].seq - 1

    node.feed._deliver = deliver
    running = asyncio.create_task(node.run())
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1)
    try:
        async with asyncio.timeout(30):
            while not node.feed._heads:
                await asyncio.sleep(0.01)
        assert not node.feed.is_astray
        await write(pool, delay=0.001)
        async with asyncio.timeout(30):
            while not node.feed.is_astray:
                await asyncio.sleep(0.01)
        goes_on.set()
        async with asyncio.timeout(30):
            while node.feed.is_astray:
                await asyncio.sleep(0.01)
    finally:
        await pool.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
