"""uvicorn's WebSocket protocol with a bound to what a packet makes it do, and to frames that are no messages.

A packet may hold 40,000 frames of six bytes, each of which takes 25 µs to parse: without a bound one client holds the loop for a second,
again and again, and limits of messages count none of them, as pings and fragments are no messages.
"""

import asyncio
import time
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from x18.core.slices import Slice, is_over
from x18.realtime.protocol import CloseCode

PIECE_BYTES: Final = 1024
"""So much is parsed before others have their turn: at most 170 frames, 4 ms."""

BURST: Final = 150
PER_SECOND: Final = 5
"""Control frames and fragments, and whatever comes after the close. Browsers answer a ping in 20 s and send no fragments at all; a
message of the greatest length may come in fragments of a hundred bytes."""


class PacedFrames(WebSocketsSansIOProtocol):
    """Parses what came piece by piece, and listens no more to who sends frames without end."""

    _held: memoryview | None = None
    """Bytes that were received and not parsed yet. Nothing is read meanwhile."""

    _frames = 0.0
    _counted_at = 0.0
    is_deaf = False

    slice: Slice | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It was HTTP until now."""
        super().connection_made(transport)
        http: Any = self.transport.get_protocol()
        self.slice = http.slice

    def data_received(self, data: bytes) -> None:
        """A packet."""
        if self.is_deaf:
            return
        if self._held is not None:  # it was on its way when reading was paused
            self._held = memoryview(bytes(self._held) + data)
        elif len(data) <= PIECE_BYTES and not is_over(self.slice):
            self._parse_in_time(data)
        else:
            self._held = memoryview(data)
            self.transport.pause_reading()
            self._go_on()

    def parse(self, data: bytes) -> None:
        """Do what a piece says."""
        super().data_received(data)

    def count_frame(self) -> None:
        """Count one that is no message. Who sent too many is closed with 4029."""
        now = time.monotonic()
        self._frames = max(0.0, self._frames - (now - self._counted_at) * PER_SECOND) + 1
        self._counted_at = now
        if self._frames > BURST and not self.is_deaf:
            self.close_now(CloseCode.RATE_LIMITED, "too many frames")
            self.is_deaf, self._held = True, None
            self.transport.pause_reading()

    def close_now(self, code: int, reason: str) -> None:
        """Begin the closing handshake without waiting for anything."""
        raise NotImplementedError

    def _parse_in_time(self, data: bytes) -> None:
        began = time.perf_counter()
        self.parse(data)
        if self.slice is not None:
            self.slice.spend(began)

    def _go_on(self) -> None:
        if self._held is None or self.disconnected:
            self._held = None
            return
        if is_over(self.slice):
            self.loop.call_soon(self._go_on)
            return
        piece, rest = self._held[:PIECE_BYTES], self._held[PIECE_BYTES:]
        self._held = rest if rest else None
        self._parse_in_time(bytes(piece))
        if self._held is not None:
            # uvicorn reads on when a message was taken, unless it thinks that it does so anyway.
            self.read_paused = False
            self.transport.pause_reading()
            self.loop.call_soon(self._go_on)
        elif not self.is_deaf and not self.transport.is_closing():
            self.read_paused = not self.queue.empty()
            if not self.read_paused:
                self.transport.resume_reading()
