"""Whoever may publish on Redis can say nothing in the name of a node, and what a node said counts once."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
import redis.asyncio

from x18.core import metrics
from x18.realtime.broker import EVENTS, WAKE, Broker
from x18.realtime.relay import MOST_LOOKS, POLL_S, _Patience
from x18.realtime.seal import NotOurs, Seal
from x18.runtime.embedded import Servers

SECRETS = ("one secret", "another")


class Node:
    """A broker, and what it handed on."""

    def __init__(self, client: redis.asyncio.Redis, seal: Seal) -> None:
        self.heard: list[bytes] = []
        self.woken = 0
        self.is_ready = asyncio.Event()
        self.is_ready.set()
        self.broker = Broker(client, seal, self.heard.append, self.wake, self.ready)

    def wake(self) -> None:
        self.woken += 1

    async def ready(self) -> None:
        await self.is_ready.wait()


@pytest.fixture
async def client(servers: Servers) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of Valkey."""
    async with redis.asyncio.Redis.from_url(str(servers.redis_url)) as client:
        yield client


@pytest.fixture
async def node(client: redis.asyncio.Redis) -> AsyncIterator[Node]:
    """A node that listens."""
    node = Node(client, Seal(*SECRETS))
    tasks = [asyncio.create_task(node.broker.run_publisher()), asyncio.create_task(node.broker.run_subscriber())]
    async with asyncio.timeout(30):
        while b"ready" not in node.heard:
            node.broker.publish(b"ready")
            await asyncio.sleep(0.02)
    yield node
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def say(node: Node, text: bytes) -> None:
    """Wait until the node has heard something from a node, and all that came before it."""
    node.broker.publish(text)
    async with asyncio.timeout(30):
        while text not in node.heard:
            await asyncio.sleep(0.01)


def refused(reason: str) -> float:
    return metrics.BROKER_REFUSED.labels(reason)._value.get()


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"x" * 23,
        b"a batch without a seal",
        Seal("one secret", "a wrong one").close(EVENTS, b"forged"),
        Seal("one secretanother").close(EVENTS, b"forged"),
        Seal(*SECRETS).close(WAKE, b"forged"),
        Seal(*SECRETS).close(EVENTS, b"forged")[:-1] + b"!",
    ],
    ids=["empty", "short", "plain", "other secret", "secrets joined", "other channel", "changed"],
)
async def test_what_no_node_sealed_is_not_heard(client: redis.asyncio.Redis, node: Node, message: bytes) -> None:
    before, woken = refused("not_ours"), node.woken
    await client.publish(EVENTS, message)
    await client.publish(WAKE, b"" if message == b"" else Seal(*SECRETS).close(EVENTS, b""))
    await say(node, b"after")

    assert set(node.heard) <= {b"ready", b"after"}
    assert node.woken == woken
    assert refused("not_ours") >= before + 2  # other servers of the tests may speak there too


async def test_what_a_node_said_before_is_not_heard_again(client: redis.asyncio.Redis, node: Node) -> None:
    before = refused("old")
    sealed = Seal(*SECRETS).close(EVENTS, b"once")
    for _ in range(3):
        await client.publish(EVENTS, sealed)
    await say(node, b"after")
    await client.publish(EVENTS, sealed)
    await say(node, b"at last")

    assert node.heard.count(b"once") == 1
    assert refused("old") == before + 3


async def test_a_node_is_woken_by_another(client: redis.asyncio.Redis, node: Node) -> None:
    before = node.woken
    await Broker(client, Seal(*SECRETS), lambda _: None, lambda: None, asyncio.Event().wait).wake_relays()
    await say(node, b"after")

    assert node.woken == before + 1


async def test_what_comes_while_there_is_much_to_deliver_waits_at_redis(node: Node) -> None:
    node.is_ready.clear()
    for number in range(50):
        node.broker.publish(b"%d" % number)
    await until(lambda: node.broker.waiting == 0)
    assert [text for text in node.heard if text != b"ready"] in ([], [b"0"])
    node.is_ready.set()
    await until(lambda: node.heard[-1] == b"49")

    assert [text for text in node.heard if text != b"ready"] == [b"%d" % number for number in range(50)]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.01)


def test_a_seal_opens_what_it_closed() -> None:
    first, second = Seal(*SECRETS), Seal(*SECRETS)
    earlier, data = second.open(EVENTS, first.close(EVENTS, b"\x00data"))
    later, _ = first.open(EVENTS, second.close(EVENTS, b""))

    assert data == b"\x00data"
    assert later > earlier
    with pytest.raises(NotOurs):
        first.open(EVENTS, Seal(*reversed(SECRETS)).close(EVENTS, b""))


def test_what_is_sealed_after_a_step_back_of_the_clock_is_newer_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    seal = Seal(*SECRETS)
    stamps = []
    for now in (2_000, 2_000, 1_000, 3_000):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        stamps.append(seal.open(EVENTS, seal.close(EVENTS, b""))[0])

    assert stamps == [2_000, 2_001, 2_002, 3_000]


async def test_wake_ups_for_nothing_do_not_make_the_leader_look_without_a_break() -> None:
    loop = asyncio.get_running_loop()
    patience, begun = _Patience(), loop.time()
    for _ in range(3 * MOST_LOOKS):
        await patience.wait()

    assert loop.time() - begun >= 2 * POLL_S
