"""The way out to one client."""

import time
from collections.abc import Callable
from typing import Any, Final

from x18.realtime.connection import Connection, ignore
from x18.realtime.hub import Hub
from x18.realtime.protocol import CloseCode, Connected, Gap, Heartbeat, Replayed
from x18.realtime.sockets import Backlog, Socket
from x18.realtime.wire import Encoding, encode_message

WITH_CURSOR: Final = (Connected, Gap, Heartbeat, Replayed)
"""Messages that carry the position of the stream. Only they put off a heartbeat, or a quiet client's cursor would fall behind."""


class Line:
    """Events come from the hub, through ``connection``, and wait while a replay is sent; messages overtake them."""

    __slots__ = ("_held", "_hub", "connection", "on_over", "socket")

    def __init__(self, hub: Hub, socket: Socket, encoding: Encoding) -> None:
        self.connection = Connection(encoding, socket.write)
        self.socket = socket
        self.on_over: Callable[[], None] = _ignore
        """Called when nothing is written any more, whoever ended it: what is still worked at is of no use."""
        self._hub = hub
        self._held: Backlog | None = None
        socket.on_write_changed = self._use_writer
        self.connection.close = self.close

    @property
    def is_held(self) -> bool:
        """Whether live events wait."""
        return self._held is not None

    def send(self, message: Any) -> None:
        """A message to this client alone."""
        if isinstance(message, WITH_CURSOR):
            self._hub.settle(self.connection)
            self.connection.sent_at = time.monotonic()
        self.write(encode_message(message, self.connection.encoding))

    def write(self, frames: bytes) -> None:
        """The same, encoded before."""
        self.socket.write(frames)

    def hold(self) -> None:
        """Let live events wait until ``release``. More than a backlog may hold closes the line with 4008."""
        held = self._held = Backlog()

        def keep(frames: bytes) -> None:
            if not held.add(frames):
                self.close(CloseCode.SLOW_CONSUMER, "too slow: resume from your cursor")

        self.connection.write = keep

    def release(self) -> None:
        """Send what waited, and go on live."""
        held, self._held = self._held, None
        self._use_writer()
        waiting = held.items[:] if held else []
        if held:
            held.clear()
        for frames in waiting:
            self.socket.write(frames)

    def part(self, message: Any, code: CloseCode, reason: str) -> None:
        """Say why, and close."""
        self.socket.say_last(encode_message(message, self.connection.encoding))
        self.close(code, reason)

    def close(self, code: CloseCode, reason: str) -> None:
        """Deliver nothing any more and close. Further calls are ignored."""
        self._hub.leave(self.connection)
        self.socket.close(code, reason)

    def end(self) -> None:
        """The connection is over: let go of everything."""
        self.connection.close = ignore
        self._hub.leave(self.connection)
        self.socket.ended()

    def _use_writer(self) -> None:
        if self._held is None:
            self.connection.write = self.socket.write
        if self.socket.close_code is not None:
            self.on_over()


def _ignore() -> None:
    """Nobody works for this line."""
