"""Cursors: where a client stands in the stream. Opaque to clients."""

from typing import NamedTuple


class Cursor(NamedTuple):
    """``seq`` numbers the events of an ``epoch``; a restored database begins a new one."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"


def parse_cursor(text: str) -> Cursor | None:
    """The cursor, or None where it is not one of ours."""
    epoch, _, number = text.partition(".")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    return Cursor(epoch, int(number))
