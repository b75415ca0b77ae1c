"""Whether an event is for somebody, as a table: what the property tests hold everything else against."""

from uuid import UUID

import msgspec
import pytest

from x18.realtime.events import Content, Event, EventKind
from x18.realtime.matching import Subscription, matched_topics, may_receive
from x18.realtime.topics import parse_topic

AUTHOR, RETWEETER, READER = UUID(int=1), UUID(int=2), UUID(int=3)
BOTH = frozenset({AUTHOR, RETWEETER})
NOBODY: frozenset[UUID] = frozenset()


def post(audience: int) -> Event:
    return Event(5, EventKind.POST, AUTHOR, None, UUID(int=9), Content(AUTHOR, audience, (), False, b"{}"))


def retweet(audience: int, actor_level: int) -> Event:
    content = Content(AUTHOR, audience, (), False, b"{}", actor_level=actor_level)
    return Event(5, EventKind.RETWEET, RETWEETER, None, UUID(int=9), content)


def notification(recipient: UUID) -> Event:
    return Event(5, EventKind.NOTIFICATION, AUTHOR, recipient, UUID(int=9), Content(recipient, 2, (), False, b"{}"))


@pytest.mark.parametrize(
    ("event", "user", "followees", "receives"),
    [
        (post(0), None, NOBODY, True),
        (post(1), None, NOBODY, False),
        (post(1), READER, NOBODY, False),
        (post(1), READER, {RETWEETER}, False),
        (post(1), READER, {AUTHOR}, True),
        (post(1), AUTHOR, NOBODY, True),
        (post(2), READER, {AUTHOR}, False),
        (post(2), AUTHOR, NOBODY, True),
        (post(3), AUTHOR, NOBODY, False),
        (retweet(0, 0), None, NOBODY, True),
        (retweet(0, 1), None, NOBODY, False),
        (retweet(0, 1), READER, {AUTHOR}, False),
        (retweet(0, 1), READER, {RETWEETER}, True),
        (retweet(0, 1), RETWEETER, NOBODY, True),
        (retweet(0, 1), AUTHOR, NOBODY, False),
        (retweet(1, 0), READER, {RETWEETER}, False),
        (retweet(1, 1), READER, {RETWEETER}, False),
        (retweet(1, 1), READER, {AUTHOR}, False),
        (retweet(1, 1), READER, BOTH, True),
        (notification(READER), READER, NOBODY, True),
        (notification(READER), AUTHOR, NOBODY, False),
        (notification(READER), None, NOBODY, False),
        (notification(READER), AUTHOR, {READER}, False),
        (msgspec.structs.replace(post(0), content=None), READER, BOTH, False),
    ],
)
def test_who_receives_what(event: Event, user: UUID | None, followees: set[UUID], receives: bool) -> None:
    assert may_receive(event, user, followees) is receives


@pytest.mark.parametrize(("start", "topics"), [(4, ["explore", "home"]), (5, []), (6, [])])
def test_a_subscription_brings_what_comes_after_its_beginning(start: int, topics: list[str]) -> None:
    subscriptions = {name: Subscription(parse_topic(name), None, start) for name in ("explore", "home")}

    assert matched_topics(post(0), subscriptions, READER, {AUTHOR}) == topics


@pytest.mark.parametrize(
    ("event", "followees", "topics"),
    [
        (post(0), NOBODY, ["explore"]),
        (post(0), {AUTHOR}, ["explore", "home"]),
        (post(1), {AUTHOR}, ["home"]),
        (post(1), {RETWEETER}, []),
        (retweet(0, 0), {RETWEETER}, ["home"]),
        (retweet(0, 0), {AUTHOR}, []),
        (notification(READER), BOTH, ["notifications"]),
        (notification(AUTHOR), BOTH, []),
    ],
)
def test_the_topics_of_a_reader_who_has_them_all(event: Event, followees: set[UUID], topics: list[str]) -> None:
    names = ("explore", "home", "notifications")
    subscriptions = {name: Subscription(parse_topic(name), None, 0) for name in names}

    assert matched_topics(event, subscriptions, READER, followees) == topics
