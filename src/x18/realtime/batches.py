"""Batches from the relay to the nodes: a run of numbered events as one message."""

from collections.abc import Iterator
from typing import Final

import msgspec

from x18.realtime.events import Event

MOST_AT_ONCE: Final = 20
"""So many events are one message, and leave a connection in one write."""


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Events ``first`` … ``last`` without a hole. Without events, ``first = last + 1``: it only tells the head."""

    epoch: str
    first: int
    last: int
    events: list[Event]

    def split(self) -> Iterator["Batch"]:
        """The same in pieces that are delivered at once."""
        first = self.first
        for start in range(0, len(self.events), MOST_AT_ONCE):
            events = self.events[start : start + MOST_AT_ONCE]
            yield Batch(self.epoch, first, events[-1].seq, events)
            first = events[-1].seq + 1


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def pack(batch: Batch) -> bytes:
    """The batch as a message."""
    return _encoder.encode(batch)


def unpack(data: bytes) -> Batch:
    """The batch in a message.

    Raises:
        ValueError: not a batch, or one that says of itself what is not so.
    """
    batch = _decoder.decode(data)
    if [event.seq for event in batch.events] != list(range(batch.first, batch.first + len(batch.events))):
        raise ValueError("the events are not numbered without a hole")
    if batch.last != batch.first + len(batch.events) - 1:
        raise ValueError("the last number is not that of the last event")
    return batch
