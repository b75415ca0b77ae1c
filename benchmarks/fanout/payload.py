"""The event of all contenders: a post as X18 shows it, with the moment of its publication in the text."""

import time

EMPTY = b"t=" + b"0" * 19


def content() -> str:
    """The text of a post published now."""
    return (
        f"t={time.monotonic_ns():019d} BTC holds above the range high; adding on a retest, out below it. #btc $BTC-USD"
    )


class Payload:
    """Made of the body of a real post event."""

    def __init__(self, body: bytes, epoch: str) -> None:
        at = body.index(b'"t=') + 1
        self._before, self._after = body[:at], body[at + len(EMPTY) :]
        self.epoch = epoch

    def body(self) -> bytes:
        """The payload of an event that is published now."""
        return b"%bt=%019d%b" % (self._before, time.monotonic_ns(), self._after)

    def message(self, seq: int) -> bytes:
        """The message that X18 makes of it, for the others."""
        head = f'{{"type":"post","cursor":"{self.epoch}.{seq}","topics":["explore"],"payload":'
        return head.encode() + self.body() + b"}"
