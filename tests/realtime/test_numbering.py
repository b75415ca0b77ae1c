"""In which order events get their numbers, and that none is forgotten."""

import asyncio
from itertools import pairwise
from uuid import uuid4

import asyncpg
import pytest

from tests.databases import new_database
from tests.realtime.test_relay import ACTOR, Node
from x18.realtime.events import EventKind
from x18.realtime.relay import LOCK, _Floor
from x18.runtime.embedded import Servers


async def test_events_that_wait_together_are_numbered_in_the_order_in_which_they_were_written(servers: Servers) -> None:
    async with new_database(servers) as url, asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        await pool.execute("ALTER SEQUENCE event_outbox_id_seq RESTART 95")  # as texts they would stand otherwise
        written = [uuid4() for _ in range(20)]
        for thing in written:
            await pool.execute(
                "INSERT INTO event_outbox (kind, actor_id, object_id) VALUES ($1, $2, $3)",
                EventKind.COUNTS,
                ACTOR,
                thing,
            )
        nodes: list[Node] = []
        nodes.append(Node(url, nodes))
        running = asyncio.create_task(nodes[0].run())
        try:
            async with asyncio.timeout(30):
                while len(nodes[0].delivered) < len(written):
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    assert [event.object_id for event in nodes[0].delivered] == written


async def test_who_does_not_hold_the_lock_numbers_nothing(servers: Servers) -> None:
    asked_at = """SELECT query_start FROM pg_stat_activity
                  WHERE datname = current_database() AND query = 'SELECT pg_try_advisory_lock($1)' AND pid <> $1"""
    async with (
        new_database(servers) as url,
        asyncpg.create_pool(url, min_size=2, max_size=2) as pool,
        pool.acquire() as leader,
    ):
        assert await leader.fetchval("SELECT pg_try_advisory_lock($1)", LOCK)
        await pool.execute(
            "INSERT INTO event_outbox (kind, actor_id, object_id) VALUES ($1, $2, $2)", EventKind.COUNTS, ACTOR
        )
        nodes: list[Node] = []
        nodes.append(Node(url, nodes))
        running = asyncio.create_task(nodes[0].run())
        try:
            asked = set()
            async with asyncio.timeout(30):
                while len(asked) < 2:  # the first time was answered, then
                    asked |= {row["query_start"] for row in await pool.fetch(asked_at, leader.get_server_pid())}
                    await asyncio.sleep(0.01)
            assert not nodes[0].relay.leads
            assert await pool.fetchval("SELECT count(*) FROM event_outbox") == 1
            await leader.execute("SELECT pg_advisory_unlock($1)", LOCK)
            async with asyncio.timeout(30):
                while not nodes[0].delivered:
                    await asyncio.sleep(0.01)
            assert nodes[0].relay.leads
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


class Loop:
    """A clock that stands where it is put."""

    now = 0.0

    def time(self) -> float:
        """The moment."""
        return self.now


def test_what_was_committed_late_is_looked_for_again_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    floor = _Floor()
    looked = []
    for second in range(0, 200, 10):
        loop.now = float(second)
        floor.seen(second)
        looked.append((second, floor.value()))

    everything = [second for second, value in looked if value == 0]
    assert everything[-1] >= 150
    assert max(later - earlier for earlier, later in pairwise(everything)) <= 40
    assert max(value for _, value in looked) > 0, "else each look would see what a vacuum has not removed yet"
    assert all(value <= second - 60 for second, value in looked if value), "a minute is left to those who are late"
