"""What goes wrong for one event or one client costs no other, and is never a silent hole."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.hubs import publish
from tests.realtime.test_session import NoServices, RecordingSocket
from x18.core.errors import NotAuthenticated, Problem, TooManyRequests, Unavailable
from x18.core.viewer import Viewer
from x18.realtime.batches import Batch
from x18.realtime.connection import Connection
from x18.realtime.cursors import Cursor
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.feed import Feed, Steps
from x18.realtime.hub import Hub
from x18.realtime.line import Line
from x18.realtime.matching import Subscription
from x18.realtime.protocol import (
    MAX_ERRORS,
    MAX_QUEUED_FRAMES,
    Auth,
    AuthPayload,
    CloseCode,
    Subscribe,
    SubscribePayload,
    TopicRequest,
    Watch,
    WatchPayload,
)
from x18.realtime.replay import Missed, Unreplayable
from x18.realtime.session import Session
from x18.realtime.subscribing import Subscriber
from x18.realtime.topics import parse_topic
from x18.realtime.wire import Encoding, EventFrames, split_frames

EPOCH = "e" * 32


def no_steps(_: object) -> Steps:
    yield from ()


def event(seq: int, body: bytes) -> Event:
    return Event(seq, EventKind.POST, UUID(int=1), None, UUID(int=seq), Content(UUID(int=1), 0, (), False, body))


def subscribed(hub: Hub, encoding: Encoding) -> list[bytes]:
    written: list[bytes] = []
    hub.subscribe(Connection(encoding, written.append), Subscription(parse_topic("explore"), None, 0))
    return written


def test_an_event_that_cannot_be_encoded_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    hub = Hub(lambda *_: None)
    packed, texts = subscribed(hub, Encoding.MSGPACK), subscribed(hub, Encoding.JSON)
    publish(hub, [event(1, b"{}"), event(2, b"{not json"), event(3, b"{}")], EPOCH)

    cursors = [msgspec.msgpack.decode(frame)["cursor"] for data in packed for frame in split_frames(data)]
    assert cursors == [f"{EPOCH}.1", f"{EPOCH}.3"]
    assert f"{EPOCH}.3".encode() in b"".join(texts)
    assert "event 2 cannot be delivered" in caplog.text


class BrokenReplayer:
    """Gives one piece, then fails as it was told."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def check(self, since: str) -> Cursor:
        return Cursor(EPOCH, int(since))

    def reserve(self, most: int, network: str, user_id: UUID | None) -> None:
        """There is enough."""

    async def read(self, missed: Missed) -> AsyncGenerator[bytes]:
        yield EventFrames(event(6, b"{}"), EPOCH).get(Encoding.JSON, ("explore",))
        raise self._error


class SomeServices(NoServices):
    """As much as subscribing needs."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.hub = Hub(lambda *_: None)
        self.feed: Any = type("Feed", (), {"cursor": Cursor(EPOCH, 10), "last": 10, "is_blind": False})
        self.replayer = BrokenReplayer(error)
        self.authenticate: Any = None
        self.just_revoked: set[UUID] = set()
        self.join: Any = lambda connection, user: self.hub.join(connection, user.user_id, user.session_id)
        self.test_topic: Any = type("TestTopic", (), {"begin": staticmethod(lambda _: None)})
        self.logger: Any = type("Logger", (), {"error": staticmethod(lambda *_, **__: None)})


class Client:
    """A line whose frames are kept."""

    def __init__(self, error: Exception) -> None:
        self.services = SomeServices(error)
        self.socket = RecordingSocket()
        self.messages: list[dict[str, Any]] = []
        self.line = Line(self.services.hub, self.socket, Encoding.JSON)
        self.socket.write = lambda data: self.messages.extend(json.loads(frame) for frame in split_frames(data))
        untyped: Any = self.services
        self.subscriber = Subscriber(untyped, self.line, "192.0.2.1")
        self.session = Session(untyped, self.line, "192.0.2.1")


@pytest.mark.parametrize("error", [Unavailable("No reader."), ConnectionResetError(), ValueError("a fault")])
async def test_a_replay_that_breaks_off_ends_the_connection(error: Exception) -> None:
    client = Client(error)
    await client.subscriber.subscribe([TopicRequest("explore")], "5", 1)
    await client.subscriber.settle()

    assert [message["type"] for message in client.messages] == ["ok", "post"]
    assert client.socket.closed_with == 1013
    assert client.line.connection.subscriptions == {}


async def test_after_a_gap_the_subscription_begins_where_the_gap_ends() -> None:
    client = Client(Unreplayable("too_far_behind"))
    await client.subscriber.subscribe([TopicRequest("explore")], "5", 1)
    await client.subscriber.settle()

    assert client.messages[-1]["payload"]["cursor"] == f"{EPOCH}.10"
    assert client.line.connection.subscriptions["explore"].start == 10
    assert client.socket.closed_with is None


async def test_events_of_the_test_topic_are_not_looked_for_in_the_log() -> None:
    client = Client(ValueError("the log is read"))
    await client.subscriber.subscribe([TopicRequest("test")], "5", 1)
    await client.subscriber.settle()

    assert [message["type"] for message in client.messages] == ["ok", "replayed"]
    assert client.socket.closed_with is None


async def test_only_what_tells_the_cursor_puts_off_a_heartbeat() -> None:
    client = Client(ValueError())
    await client.session.open(None, is_admitted=True)
    client.line.connection.sent_at = 0.0
    await client.session._receive('{"type":"ping"}')
    await asyncio.sleep(0)  # the message is handled
    client.session.tick(30.0, 0.0)

    assert [message["type"] for message in client.messages] == ["connected", "pong", "heartbeat"]
    assert client.line.connection.sent_at > 0


@pytest.mark.parametrize(
    ("problem", "ends"),
    [(Unavailable("Later."), False), (Problem("Ours."), False), (TooManyRequests("Slow down."), True)],
)
async def test_only_the_clients_own_errors_count(problem: Problem, ends: bool) -> None:
    client = Client(ValueError())
    for _ in range(MAX_ERRORS + 2):
        client.session._answer_error(problem, None)

    assert (client.socket.closed_with == 4029) is ends


async def test_nothing_is_said_before_connected() -> None:
    client = Client(ValueError())
    client.session.tick(1e9, 1e9)
    assert client.messages == []
    await client.session.open(None, is_admitted=True)
    client.session.tick(1e12, 1e12)

    assert [message["type"] for message in client.messages] == ["connected", "heartbeat"]


async def test_who_cannot_be_served_is_sent_elsewhere_and_nobody_else_let_in() -> None:
    client, late = Client(ValueError()), Client(ValueError())
    await client.session.open(None, is_admitted=True)
    client.services.feed.is_blind = late.services.feed.is_blind = True

    client.session.tick(1e12, 1e12)
    client.session.tick(1e12, 1e12)
    with pytest.raises(Unavailable):
        await late.session.open(None, is_admitted=True)

    assert [message["type"] for message in client.messages] == ["connected", "reconnect"], "and no heartbeat"
    assert late.messages == []


class Loop:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        """The moment."""
        return self.now


async def test_a_node_is_blind_once_something_may_have_been_missing_for_fifteen_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    feed = Feed(None, {}, no_steps, no_steps)  # type: ignore[arg-type]
    feed.epoch = EPOCH
    feed.offer(Batch(EPOCH, 1, 0, []))

    seen = []
    for now in (1_000.0, 1_014.9, 1_015.1):
        loop.now = now
        seen.append(feed.is_blind)
    feed.offer(Batch(EPOCH, 9, 8, []))  # it hears that it misses something
    seen.append(feed.is_blind)
    feed.offer(Batch(EPOCH, 1, 0, []))

    assert [*seen, feed.is_blind] == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("end", "kind"),
    [(lambda session: session.depart(), "reconnect"), (lambda session: session.break_off("unknown_epoch"), "gap")],
)
async def test_the_end_is_told_to_those_who_are_connected_only(end: Callable[[Session], None], kind: str) -> None:
    early, connected = Client(ValueError()), Client(ValueError())
    await connected.session.open(None, is_admitted=True)
    for client in (early, connected):
        end(client.session)

    assert early.messages == []
    assert [message["type"] for message in connected.messages] == ["connected", kind]


async def test_a_subscription_of_a_connection_that_ended_meanwhile_is_none() -> None:
    client = Client(ValueError())
    end = client.line.close

    async def end_first(since: str) -> Cursor:
        end(CloseCode.REVOKED, "")
        return Cursor(EPOCH, 10)

    client.services.replayer.check = end_first  # type: ignore[method-assign]
    await client.subscriber.subscribe([TopicRequest("explore")], "5", 1)
    await client.subscriber.settle()

    assert client.line.connection.subscriptions == {}


async def test_a_user_is_counted_once_though_the_connection_ends_during_a_refresh() -> None:
    client = Client(ValueError())
    user = Viewer(UUID(int=1), UUID(int=2), datetime(2100, 1, 1, tzinfo=UTC))
    ends = False

    async def authenticate(_: str) -> Viewer:
        if ends:
            client.line.close(CloseCode.SLOW_CONSUMER, "")
        return user

    client.services.authenticate = authenticate
    admission = client.services.admission
    admission.enter("")
    await client.session._log_in("a token")
    ends = True
    await client.session._log_in("a newer one")
    admission.leave("", client.session.user_id)

    assert not admission._of_user


@pytest.mark.parametrize("has", ["a topic", "a watched post"])
async def test_a_log_in_that_failed_halfway_is_ended_by_the_same_message_sent_again(has: str) -> None:
    client = Client(ValueError())
    user = Viewer(UUID(int=1), UUID(int=2), datetime(2100, 1, 1, tzinfo=UTC))
    known: list[object] = []

    class Followees:
        failures = 1

        async def ensure(self, viewer: object) -> None:
            if self.failures:
                self.failures -= 1
                raise Unavailable("No reader.")
            known.append(viewer)

    async def authenticate(_: str) -> Viewer:
        return user

    untyped: Any = client.services
    untyped.authenticate, untyped.followees = authenticate, Followees()
    untyped.counters = type("Counters", (), {"watch": staticmethod(lambda *_: None)})
    if has == "a topic":
        await client.session._handle(Subscribe(SubscribePayload([TopicRequest("explore")])))
    else:
        await client.session._handle(Watch(WatchPayload([UUID(int=9)])))
    with pytest.raises(Unavailable):
        await client.session._handle(Auth(AuthPayload("a token")))
    await client.session._handle(Auth(AuthPayload("a token")))

    assert known == [client.line.connection.viewer], "else what is for followers stays away without a word"


async def test_a_session_that_ends_while_it_is_being_checked_is_closed_all_the_same() -> None:
    client = Client(ValueError())
    user = Viewer(UUID(int=1), UUID(int=2), datetime(2100, 1, 1, tzinfo=UTC))
    answers = [user]

    async def authenticate(_: str) -> Viewer:
        if not answers:
            raise NotAuthenticated("Ended.", code="session_revoked")
        # The row was read; before we are back the hub hears of its end, and finds no connection to close.
        client.services.just_revoked.add(user.user_id)
        return answers.pop()

    client.services.authenticate = authenticate
    with pytest.raises(NotAuthenticated):
        await client.session.open("a token", is_admitted=True)

    assert client.socket.closed_with == CloseCode.REVOKED
    assert client.line.connection.viewer is None
    assert client.services.hub.viewers == {}


async def test_what_waits_for_the_end_of_a_replay_is_bounded() -> None:
    client = Client(ValueError())
    client.line.hold()
    written = 0
    while client.socket.closed_with is None and written < 3 * MAX_QUEUED_FRAMES:
        client.line.connection.write(EventFrames(event(written + 1, b"{}"), EPOCH).get(Encoding.JSON, ("explore",)))
        written += 1

    assert client.socket.closed_with == CloseCode.SLOW_CONSUMER
    assert MAX_QUEUED_FRAMES <= written <= MAX_QUEUED_FRAMES + 2
    assert client.messages == []
