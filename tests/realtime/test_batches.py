"""What is delivered at once is bounded, whatever was numbered at once."""

from uuid import UUID

import pytest

from x18.realtime.batches import MOST_AT_ONCE, Batch, pack, unpack
from x18.realtime.events import Event, EventKind

NOBODY = UUID(int=0)


@pytest.mark.parametrize("count", [1, MOST_AT_ONCE, MOST_AT_ONCE + 1, 1_000])
def test_the_pieces_of_a_batch_are_the_batch(count: int) -> None:
    events = [Event(seq, EventKind.COUNTS, NOBODY, None, NOBODY, None) for seq in range(8, 8 + count)]
    pieces = list(Batch("e", 8, 7 + count, events).split())

    assert [event for piece in pieces for event in piece.events] == events
    assert all(len(piece.events) <= MOST_AT_ONCE for piece in pieces)
    assert [piece.first for piece in pieces] == [8, *(piece.last + 1 for piece in pieces[:-1])]
    assert pieces[-1].last == 7 + count


@pytest.mark.parametrize(
    "batch",
    [
        Batch("e", 8, 8 + 10**9, []),
        Batch("e", 8, 8, []),
        Batch("e", 8, 10, [Event(seq, EventKind.COUNTS, NOBODY, None, NOBODY) for seq in (8, 10)]),
        Batch("e", 8, 9, [Event(seq, EventKind.COUNTS, NOBODY, None, NOBODY) for seq in (9, 8)]),
        Batch("e", 8, 9, [Event(seq, EventKind.COUNTS, NOBODY, None, NOBODY) for seq in (8, 9, 10)]),
    ],
    ids=["too far", "one short", "hole", "order", "one more"],
)
def test_a_batch_that_says_of_itself_what_is_not_so_is_none(batch: Batch) -> None:
    with pytest.raises(ValueError, match="number"):
        unpack(pack(batch))


@pytest.mark.parametrize("events", [[], [Event(8, EventKind.COUNTS, NOBODY, None, NOBODY)]])
def test_a_batch_comes_out_as_it_went_in(events: list[Event]) -> None:
    batch = Batch("e", 8, 7 + len(events), events)
    assert unpack(pack(batch)) == batch
