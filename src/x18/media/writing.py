"""Writing a file that must not get too long."""

import io
from pathlib import Path
from typing import Any


class TooBig(Exception):
    """More bytes than the file may have."""


class Bounded(io.FileIO):
    """A new file of so many bytes at most."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path, "wb")
        self._most = most

    def write(self, data: Any) -> int:
        """Write all.

        Raises:
            TooBig: it would be too long.
        """
        view = memoryview(data).cast("B")
        if self.tell() + len(view) > self._most:
            raise TooBig
        written = 0
        while written < len(view):
            written += super().write(view[written:]) or 0
        return written

    def fileno(self) -> int:
        """None that is told: who writes to the number passes the limit."""
        raise io.UnsupportedOperation("fileno")
