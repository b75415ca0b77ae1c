"""The hub's indexes find exactly those whom the plain rule names, and everything is forgotten when they leave."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hubs import publish
from x18.realtime.connection import Connection
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.filters import parse_filter
from x18.realtime.hub import Hub
from x18.realtime.matching import Subscription, matched_topics
from x18.realtime.topics import parse_topic
from x18.realtime.wire import Encoding, split_frames

USERS = [UUID(int=number) for number in range(1, 5)]
TERMS = ["c:crypto", "c:fx", "m:btc", "s:BTC-USD", "s:ETH-USD", "t:bull", "h:moon"]
TOPICS = [
    "home",
    "explore",
    "notifications",
    "category:crypto",
    "symbol:btc-usd",
    "tag:bull",
    "hashtag:moon",
    *(f"user:{user}" for user in USERS),
    f"users:{USERS[0]},{USERS[1]}",
    f"users:{USERS[3]}",
    f"users.more:{USERS[1]},{USERS[2]}",
]

users = st.sampled_from(USERS)
followees = st.sets(users, max_size=3)
filters = st.fixed_dictionaries(
    {},
    optional={
        "category": st.lists(st.sampled_from(["crypto", "fx"]), max_size=2),
        "symbol": st.lists(st.sampled_from(["BTC-USD", "eth-usd"]), max_size=2),
        "author": st.lists(users.map(str), max_size=2),
        "has_media": st.booleans(),
    },
)


@st.composite
def events(draw: Any) -> Event:
    """A durable event with content."""
    kind = draw(st.sampled_from([EventKind.POST, EventKind.POST_DELETED, EventKind.RETWEET, EventKind.NOTIFICATION]))
    actor = draw(users)
    owner = draw(users) if kind == EventKind.RETWEET else actor
    content = Content(
        owner_id=owner,
        audience=draw(st.integers(0, 2)),
        terms=tuple(sorted(draw(st.sets(st.sampled_from(TERMS))))),
        has_media=draw(st.booleans()),
        body=b"{}",
        also_actors=tuple(draw(followees)) if kind == EventKind.POST_DELETED else (),
        actor_level=draw(st.integers(0, 1)) if kind == EventKind.RETWEET else 0,
    )
    recipient = draw(users) if kind == EventKind.NOTIFICATION else None
    return Event(draw(st.integers(1, 20)), kind, actor, recipient, UUID(int=99), content)


@st.composite
def clients(draw: Any) -> tuple[UUID | None, dict[str, dict[str, Any] | None], int]:
    """Who, which topics with which filters, since when."""
    user = draw(st.none() | users)
    names = draw(st.sets(st.sampled_from(TOPICS), max_size=5))
    if user is None:
        names -= {"home", "notifications"}
    chosen = {name: draw(st.none() | filters) if name != "notifications" else None for name in sorted(names)}
    return user, chosen, draw(st.integers(0, 10))


def make_hub() -> Hub:
    return Hub(lambda user, session: None)


def connect(hub: Hub, client: Any, follows: dict[UUID, set[UUID]]) -> tuple[Connection, list[bytes]]:
    user, chosen, start = client
    got: list[bytes] = []
    connection = Connection(Encoding.JSON, got.append)
    if user is not None:
        viewer = hub.join(connection, user, UUID(int=1000))
        if viewer.followees is None:
            hub.set_followees(viewer, set(follows[user]))
    for name, wanted in chosen.items():
        hub.subscribe(connection, Subscription(parse_topic(name), parse_filter(wanted), start))
    return connection, got


@settings(max_examples=300, deadline=None)
@given(st.lists(clients(), max_size=6), st.lists(events(), max_size=4), st.tuples(*[followees] * len(USERS)))
def test_the_hub_delivers_what_the_rule_says(
    wanted: list[Any], happened: list[Event], sets: tuple[set[UUID], ...]
) -> None:
    follows = {user: chosen - {user} for user, chosen in zip(USERS, sets, strict=True)}
    hub = make_hub()
    connected = [(client, *connect(hub, client, follows)) for client in wanted]

    publish(hub, happened, "epoch")

    for (user, _, _), connection, got in connected:
        seen = [msgspec.json.decode(payload) for data in got for payload in split_frames(data)]
        expected = [
            (f"epoch.{event.seq}", topics)
            for event in happened
            if (topics := matched_topics(event, connection.subscriptions, user, follows[user] if user else set()))
        ]
        assert [(message["cursor"], message["topics"]) for message in seen] == expected
        assert len(got) <= 1, "all frames of a batch leave in one write"

    for _, connection, _ in connected:
        hub.leave(connection)
    assert (hub.viewers, hub._topics, hub._home, hub._users) == ({}, {}, {}, {})


@settings(max_examples=200, deadline=None)
@given(st.lists(events(), max_size=6), st.sets(users, min_size=1), st.none() | filters, st.none() | users, followees)
def test_a_topic_of_many_users_brings_what_the_topics_of_each_bring(
    happened: list[Event], named: set[UUID], wanted: dict[str, Any] | None, user: UUID | None, followed: set[UUID]
) -> None:
    hub = make_hub()
    follows = {user: followed} if user else {}
    apart = {f"user:{one}": wanted for one in named}
    together = {"users:" + ",".join(map(str, named)): wanted}
    got = [connect(hub, (user, chosen, 0), follows)[1] for chosen in (apart, together)]

    publish(hub, happened, "epoch")

    frames = [[msgspec.json.decode(one) for data in each for one in split_frames(data)] for each in got]
    assert [one["cursor"] for one in frames[0]] == [one["cursor"] for one in frames[1]]
    assert all(one["topics"] == ["users"] for one in frames[1])


def test_follows_are_applied_in_order_also_those_that_came_while_loading() -> None:
    hub = make_hub()
    reader, author = USERS[:2]
    got: list[bytes] = []
    connection = Connection(Encoding.JSON, got.append)
    viewer = hub.join(connection, reader, UUID(int=1000))
    content = Content(author, 1, (), False, b"{}")

    def happens(seq: int, kind: EventKind) -> None:
        actor, target = (author, UUID(int=99)) if kind == EventKind.POST else (reader, author)
        publish(hub, [Event(seq, kind, actor, None, target, content if kind == EventKind.POST else None)], "e")

    viewer.pending = []
    happens(1, EventKind.FOLLOW)
    hub.set_followees(viewer, set())
    hub.subscribe(connection, Subscription(parse_topic("home"), None, 1))
    happens(2, EventKind.POST)
    happens(3, EventKind.UNFOLLOW)
    happens(4, EventKind.POST)
    happens(5, EventKind.FOLLOW)
    happens(6, EventKind.POST)

    assert [msgspec.json.decode(next(split_frames(data)))["cursor"] for data in got] == ["e.2", "e.6"]


def test_a_revoked_session_is_told() -> None:
    told: list[tuple[UUID, UUID | None]] = []
    hub = Hub(lambda user, session: told.append((user, session)))
    user, session = USERS[0], UUID(int=7)

    publish(
        hub,
        [
            Event(1, EventKind.SESSION_REVOKED, user, user, session),
            Event(2, EventKind.SESSION_REVOKED, user, user, user),
        ],
        "e",
    )

    assert told == [(user, session), (user, None)]


@pytest.mark.parametrize("topic", ["home", "notifications", "explore"])
def test_who_sends_a_newer_token_while_the_log_breaks_off_leaves_nothing_behind(topic: str) -> None:
    hub = make_hub()
    connection, other = Connection(Encoding.JSON, lambda _: None), Connection(Encoding.JSON, lambda _: None)
    for one in (connection, other):
        hub.set_followees(hub.join(one, USERS[0], UUID(int=1)), {USERS[1]})
        hub.subscribe(one, Subscription(parse_topic(topic), None, 0))
    hub.begin_anew()
    hub.join(connection, USERS[0], UUID(int=2))
    late = Connection(Encoding.JSON, lambda _: None)
    hub.set_followees(hub.join(late, USERS[0], UUID(int=3)), {USERS[2]})
    hub.subscribe(late, Subscription(parse_topic(topic), None, 0))
    for one in (connection, other, late):
        hub.leave(one)

    assert (hub.viewers, hub._topics, hub._home) == ({}, {}, {})
