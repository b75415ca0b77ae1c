"""What relays tell nodes: a run of numbered events as one message."""

import msgspec

from x18.realtime.events import Event


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Events ``first`` … ``last`` without a hole. Without events, ``first = last + 1``: it only tells the head."""

    epoch: str
    first: int
    last: int
    events: list[Event]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def pack(batch: Batch) -> bytes:
    """The batch as a message."""
    return _encoder.encode(batch)


def unpack(data: bytes) -> Batch:
    """The batch in a message.

    Raises:
        msgspec.MsgspecError: not a batch.
    """
    return _decoder.decode(data)
