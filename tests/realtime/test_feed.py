"""What a feed makes of messages: each event once and in order, and nothing across a hole."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from x18.realtime.batches import Batch, pack
from x18.realtime.events import Event, EventKind
from x18.realtime.feed import Feed, Steps

EPOCH = "e" * 32


class Node:
    """A feed that reads no log, and what it delivered."""

    def __init__(self) -> None:
        self.delivered: list[int] = []
        self.feed = Feed(None, {}, self._deliver, self._tell_gap)  # type: ignore[arg-type]
        self.feed.epoch = EPOCH

    def _deliver(self, events: Sequence[Event]) -> Steps:
        self.delivered += [event.seq for event in events]
        yield from ()

    def _tell_gap(self, reason: str) -> Steps:
        raise AssertionError(reason)


def batch(first: int, last: int, epoch: str = EPOCH) -> Batch:
    events = [Event(seq, EventKind.COUNTS, UUID(int=1), None, UUID(int=seq)) for seq in range(first, last + 1)]
    return Batch(epoch, first, last, events)


@pytest.mark.parametrize(
    "messages",
    [
        [(1, 2), (1, 2), (3, 4)],
        [(1, 2), (1, 4), (3, 4)],
        [(1, 3), (2, 4), (1, 1)],
        [(1, 4), (2, 3), (5, 4)],
    ],
)
async def test_messages_that_overlap_bring_each_event_once(messages: list[tuple[int, int]]) -> None:
    node = Node()
    for first, last in messages:
        node.feed.receive(pack(batch(first, last)))

    assert node.delivered == [1, 2, 3, 4]
    assert node.feed.cursor.seq == 4
    assert not node.feed._behind.is_set(), "nothing is missing"


@pytest.mark.parametrize("later", [(3, 3), (3, 9), (4, 3)])
async def test_nothing_is_delivered_across_a_hole_and_the_log_is_read(later: tuple[int, int]) -> None:
    node = Node()
    node.feed.offer(batch(1, 1))
    node.feed.offer(batch(*later))

    assert node.delivered == [1]
    assert node.feed._behind.is_set()
    assert node.feed.head == later[1], "what is missing is known of"


async def test_what_is_of_another_log_is_not_delivered() -> None:
    node = Node()
    node.feed.offer(batch(1, 2, "f" * 32))

    assert node.delivered == []
    assert node.feed._behind.is_set()


@pytest.mark.parametrize("message", [b"", b"nonsense", pack(batch(1, 2))[:-3], pack(batch(1, 2)) + b"x"])
async def test_what_is_no_message_is_ignored(message: bytes) -> None:
    node = Node()
    node.feed.receive(message)
    node.feed.receive(pack(batch(1, 2)))

    assert node.delivered == [1, 2]
