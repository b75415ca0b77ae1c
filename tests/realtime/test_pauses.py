"""Others may run in the middle of a fan-out, and nobody sees half of it: a connection gets what it would get if all were one moment."""

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest

from tests.hubs import publish
from tests.realtime.test_hub import USERS, make_hub
from x18.realtime import delivery, pace
from x18.realtime.batches import Batch
from x18.realtime.connection import Connection
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.feed import MOST_WAITING, Feed, Steps
from x18.realtime.filters import Filter, parse_filter
from x18.realtime.hub import Hub
from x18.realtime.matching import Subscription, matched_topics
from x18.realtime.topics import parse_topic
from x18.realtime.viewers import FOLLOWS, apply_follow
from x18.realtime.wire import Encoding, split_frames

EPOCH = "e" * 32
POSTS = (EventKind.POST, EventKind.POST_DELETED)
TOPICS = [
    "home",
    "home",
    "explore",
    "symbol:a",
    "hashtag:moon",
    f"user:{USERS[0]}",
    f"user:{USERS[1]}",
    f"users:{USERS[0]},{USERS[2]}",
]


class Client:
    """A connection, what it got, and what it should have got."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.got: list[tuple[str, list[str]]] = []
        self.expected: list[tuple[str, list[str]]] = []
        self.connection = Connection(Encoding.JSON, self.take)
        self.user: UUID | None = None
        self.has_left = False

    def take(self, data: bytes) -> None:
        """Frames of the hub."""
        assert not self.has_left, "nothing is delivered to one who has left"
        for payload in split_frames(data):
            message = msgspec.json.decode(payload)
            self.got.append((message["cursor"], message["topics"]))


class World:
    """The hub, and beside it the plain rule: an event happens in one moment, the one in which the hub comes to it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.hub = make_hub()
        self.clients: list[Client] = []
        self.follows: dict[UUID, set[UUID]] = {}
        self.position = 0
        self.waiting: list[Event] = []

    def happen(self, until: int) -> None:
        """The events up to this number happen."""
        while self.waiting and self.waiting[0].seq <= until:
            event = self.waiting.pop(0)
            if event.kind in FOLLOWS and event.actor_id in self.follows:
                apply_follow(self.follows[event.actor_id], event)
            for client in self.clients:
                followed = self.follows.get(client.user, set()) if client.user else set()
                topics = matched_topics(event, client.connection.subscriptions, client.user, followed)
                if topics and not client.has_left:
                    client.expected.append((f"{EPOCH}.{event.seq}", topics))
        self.position = until

    def act(self) -> None:
        """Somebody does something."""
        choose = self.random.choice
        here = [client for client in self.clients if not client.has_left]
        kind = choose(["connect", "subscribe", "subscribe", "unsubscribe", "tell", "log in", "load", "leave"])
        if kind == "connect" or not here:
            self.clients.append(Client(self.hub))
            return
        client = choose(here)
        if kind == "subscribe":
            name = choose(TOPICS if client.user in self.follows else TOPICS[2:])
            chosen = choose(
                [None, None, {"symbol": ["A", "B"]}, {"symbol": ["B"], "has_media": False}, {"has_media": False}]
            )
            self.hub.subscribe(client.connection, Subscription(parse_topic(name), parse_filter(chosen), self.position))
        elif kind == "unsubscribe":
            self.hub.unsubscribe(client.connection, choose(TOPICS))
        elif kind == "tell":
            self.hub.settle(client.connection)
            assert client.got == client.expected, (
                "it is told where the stream stands, and has had everything until there"
            )
        elif kind == "log in" and client.user is None:
            client.user = choose(USERS)
            if self.hub.join(client.connection, client.user, UUID(int=7)).followees is None:
                self.follows.pop(client.user, None)
        elif kind == "load" and client.connection.viewer and client.user not in self.follows:
            assert client.user is not None
            self.follows[client.user] = set(self.random.sample(USERS, 2)) - {client.user}
            self.hub.set_followees(client.connection.viewer, set(self.follows[client.user]))
        elif kind == "leave":
            client.has_left = True
            self.hub.leave(client.connection)

    def happenings(self) -> list[Event]:
        """Some events, follows among them."""
        choose = self.random.choice
        happened = []
        for seq in range(self.position + 1, self.position + self.random.randint(2, 5)):
            actor, other = self.random.sample(USERS, 2)
            kind = choose([*POSTS, *POSTS, *FOLLOWS])
            content = None
            if kind in POSTS:
                terms = tuple(self.random.sample(["s:A", "s:B", "h:moon"], 2))
                content = Content(actor, choose([0, 0, 1]), terms, choose([False, False, True]), b"{}")
            happened.append(Event(seq, kind, actor, None, other, content))
        return happened


@pytest.mark.parametrize("seeds", [range(start, start + 150) for start in range(0, 1_500, 150)], ids=str)
def test_what_happens_in_pauses_changes_nothing_for_the_event_that_is_being_delivered(
    monkeypatch: pytest.MonkeyPatch, seeds: range
) -> None:
    monkeypatch.setattr(delivery, "STEP", 1)  # a look at the clock after every step
    monkeypatch.setattr(delivery, "LOOK", 1)
    for seed in seeds:
        world = World(seed)
        for _ in range(30):
            world.act()
        for _ in range(2):
            happened = world.happenings()
            world.waiting = list(happened)
            for seq in world.hub.publish(happened, EPOCH, lambda: world.random.random() < 0.7):  # noqa: B023
                world.happen(seq)
                for _ in range(world.random.randrange(3)):
                    world.act()
            world.happen(happened[-1].seq)

        for client in world.clients:
            if client.has_left:
                assert client.got == client.expected[: len(client.got)]
            else:
                assert client.got == client.expected, f"seed {seed}"
                world.hub.leave(client.connection)
        assert (world.hub.viewers, world.hub._topics, world.hub._home, world.hub._delivery) == ({}, {}, {}, None)


def post(seq: int) -> Event:
    return Event(seq, EventKind.POST, USERS[0], None, UUID(int=seq), Content(USERS[0], 0, (), False, b"{}"))


@pytest.mark.parametrize("topic", ["explore", f"user:{USERS[0]}", "home"])
def test_one_event_to_many_is_written_a_few_connections_at_a_time(topic: str) -> None:
    hub = make_hub()
    written = 0

    def write(_: bytes) -> None:
        nonlocal written
        written += 1

    for _ in range(2_000):
        connection = Connection(Encoding.JSON, write)
        hub.set_followees(hub.join(connection, USERS[0], UUID(int=7)), set())
        hub.subscribe(connection, Subscription(parse_topic(topic), None, 0))
    pieces, before = [], 0
    for _ in hub.publish([post(1)], EPOCH, lambda: True):
        pieces.append(written - before)
        before = written

    assert written == 2_000
    assert max(pieces) <= delivery.STEP
    assert len(pieces) >= 2_000 / delivery.STEP + 2 * 2_000 / delivery.LOOK - 1, (
        "finding, choosing and writing pause alike"
    )


class SlowHub:
    """Takes a few turns of the loop for each run of events, as one does with very many connections."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.feed = Feed(None, {}, self.deliver, self.tell_gap)  # type: ignore[arg-type]
        self.feed.epoch = EPOCH

    def deliver(self, events: Sequence[Event]) -> Steps:
        for event in events:
            self.begun.append(event.seq)
            for _ in range(3):
                yield event.seq
            self.ended.append(event.seq)

    def tell_gap(self, reason: str) -> Steps:
        yield from ()


@pytest.fixture
def always_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step takes all the time that there is."""
    monkeypatch.setattr(pace, "AT_MOST_S", 0.0)


@pytest.mark.usefixtures("always_late")
async def test_while_a_run_is_delivered_others_run_and_the_next_one_waits() -> None:
    hub = SlowHub()
    positions = []
    for seq in (1, 2, 3):
        hub.feed.offer(Batch(EPOCH, seq, seq, [post(seq)]))
    hub.feed.offer(Batch(EPOCH, 2, 2, [post(2)]))
    while len(hub.ended) < 3:
        positions.append(hub.feed.cursor.seq)
        assert len(hub.begun) - len(hub.ended) <= 1
        await asyncio.sleep(0)

    assert hub.begun == hub.ended == [1, 2, 3]
    assert positions == sorted(positions)
    assert set(positions) == {1, 2, 3}


@pytest.mark.usefixtures("always_late")
async def test_what_comes_faster_than_it_is_delivered_is_left_in_the_log() -> None:
    hub = SlowHub()
    for seq in range(1, MOST_WAITING + 20):
        hub.feed.offer(Batch(EPOCH, seq, seq, [post(seq)]))

    assert len(hub.feed._runs) == MOST_WAITING
    assert hub.feed._behind.is_set()
    while hub.feed._runs:
        await asyncio.sleep(0)
    assert hub.ended == list(range(1, MOST_WAITING + 1))


def test_a_filter_that_many_sent_is_one_and_is_asked_once_for_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = make_hub()
    asked = []
    accepts = Filter.accepts
    monkeypatch.setattr(Filter, "accepts", lambda self, event: asked.append(self) or accepts(self, event))
    for number in range(50):
        sent = {"tag": [f"t{one}" for one in range(20)], "symbol": ["B", "A"] if number % 2 else ["a", "b", "A"]}
        connection = Connection(Encoding.JSON, lambda _: None)
        for topic in ("explore", "symbol:a", "symbol:b"):
            hub.subscribe(connection, Subscription(parse_topic(topic), parse_filter(sent), 0))
    terms = ("s:A", "s:B", *(f"t:t{one}" for one in range(20)))
    publish(
        hub, [Event(1, EventKind.POST, USERS[0], None, UUID(int=1), Content(USERS[0], 0, terms, False, b"{}"))], EPOCH
    )

    assert len(asked) == 1
