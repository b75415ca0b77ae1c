"""What is delivered at once is bounded, whatever was numbered at once."""

from uuid import UUID

import pytest

from x18.realtime.batches import MOST_AT_ONCE, Batch
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
