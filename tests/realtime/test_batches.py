"""What is delivered at once is bounded, whatever was numbered at once."""

from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from structlog.contextvars import bound_contextvars

from x18.realtime.admission import Admission
from x18.realtime.batches import MOST_AT_ONCE, Batch
from x18.realtime.channel import Channel
from x18.realtime.events import Event, EventKind
from x18.realtime.protocol import MAX_CONNECTIONS_PER_ADDRESS

NOBODY = UUID(int=0)


@pytest.mark.parametrize("count", [1, MOST_AT_ONCE, MOST_AT_ONCE + 1, 1_000])
def test_the_pieces_of_a_batch_are_the_batch(count: int) -> None:
    events = [Event(seq, EventKind.COUNTS, NOBODY, None, NOBODY, None) for seq in range(8, 8 + count)]
    pieces = list(Batch("e", 8, 7 + count, events).split())

    assert [event for piece in pieces for event in piece.events] == events
    assert all(len(piece.events) <= MOST_AT_ONCE for piece in pieces)
    assert [piece.first for piece in pieces] == [8, *(piece.last + 1 for piece in pieces[:-1])]
    assert pieces[-1].last == 7 + count


class Session:
    """As far as counting goes."""

    id = user_id = None
    line = SimpleNamespace(socket=SimpleNamespace(disconnect_code=None, close_code=None))

    def end(self) -> None:
        """Nothing was held."""


@pytest.mark.parametrize(("address", "is_admitted"), [("2001:db8::{}", False), ("10.0.0.{}", True)])
def test_the_addresses_of_one_network_are_counted_together(address: str, is_admitted: bool) -> None:
    admission = Admission(enforced=True)
    channel: Any = SimpleNamespace(sessions=set(), services=SimpleNamespace(admission=admission))
    with bound_contextvars(connection_id="", address=""), ExitStack() as stack:
        admitted = []
        for number in range(MAX_CONNECTIONS_PER_ADDRESS + 1):
            session: Any = Session()
            admitted.append(stack.enter_context(Channel.attend(channel, session, address.format(number))))

    assert admitted == [*[True] * MAX_CONNECTIONS_PER_ADDRESS, is_admitted]
    assert admission.total == 0
    assert not admission._of_address
