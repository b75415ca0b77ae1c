"""uvicorn's HTTP protocol with a pace: so many requests a network in the long run, a packet in pieces, no bodies of crumbs.

What is refused costs as well: a 404, a 429, a page of the documents take a millisecond of the loop, and whoever asks with a hundred
connections at once has all of it. So requests that come too fast are not refused but left unread, which costs nothing, and delays nobody but
their own network.
"""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.flow_control import FlowControl

from x18.core.slices import is_over
from x18.runtime.doors import CountedProtocol
from x18.runtime.heads import Refusal

PIECE_BYTES: Final = 16 * 1024
"""So much is parsed before others have their turn: at most 2,700 chunks of one byte, 5 ms."""

SOONEST_S: Final = 0.05
"""The pause between two looks at whether it is time."""

CRUMBS: Final = 1_000
CRUMB_BYTES: Final = 64
"""A body may come in so many pieces of any size, and beyond them in such of this size on average."""

MANY_CRUMBS: Final = Refusal(
    HTTPStatus.BAD_REQUEST, "tiny_chunks", f"Send the body in chunks of at least {CRUMB_BYTES} bytes."
)


class _Flow(FlowControl):
    """Says when reading may go on, instead of going on: there may be something left of what was read."""

    def __init__(self, transport: asyncio.Transport, go_on: Callable[[], None]) -> None:
        super().__init__(transport)
        self._go_on = go_on

    def resume_reading(self) -> None:
        """The application has taken what came."""
        if self.read_paused:
            self.read_paused = False
            self._go_on()


class PacedRequests(CountedProtocol):
    """Parses what came piece by piece, and later where its network has asked too much."""

    _held: memoryview | None = None
    """Bytes that were received and not parsed yet. Nothing is read meanwhile."""

    _next: asyncio.Handle | None = None
    _crumbs = 0
    _body_bytes = 0

    def connection_made(self, transport: Any) -> None:
        """Somebody connects."""
        super().connection_made(transport)
        if self.flow is not None:  # else it was turned away
            self.flow = _Flow(transport, self._read_on)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._held = None
        if self._next is not None:
            self._next.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A packet."""
        if self._held is not None:  # it was on its way when reading was paused
            self._held = memoryview(bytes(self._held) + data)
        elif len(data) <= PIECE_BYTES and not self._wait_s() and not is_over(self.slice):
            self._parse(data)
        else:
            self._held = memoryview(data)
            self.transport.pause_reading()
            self._go_on()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._crumbs = self._body_bytes = 0
        if self.doors is not None:
            self.doors.count_request(self.network)
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._crumbs += 1
        self._body_bytes += len(body)
        if self._crumbs > CRUMBS + self._body_bytes // CRUMB_BYTES:
            self._stop(MANY_CRUMBS)
        super().on_body(body)

    def _wait_s(self) -> float:
        return self.doors.wait_s(self.network) if self.doors is not None else 0.0

    def _parse(self, data: bytes) -> None:
        began = time.perf_counter()
        super().data_received(data)
        if self.slice is not None:
            self.slice.spend(began)

    def _go_on(self) -> None:
        """Parse the next piece of what is held, when it is time."""
        self._next = None
        if self._held is None or self.transport.is_closing():
            self._held = None
        elif wait := self._wait_s():
            self._next = self.loop.call_later(max(wait, SOONEST_S), self._go_on)
        elif is_over(self.slice):
            self._next = self.loop.call_soon(self._go_on)
        else:
            piece, rest = self._held[:PIECE_BYTES], self._held[PIECE_BYTES:]
            self._held = rest if rest else None
            self._parse(bytes(piece))
            if not self.flow.read_paused:
                self._read_on()

    def _read_on(self) -> None:
        """First what was read already."""
        if self.transport.get_protocol() is not self:  # it is a WebSocket now, and nothing may come with a handshake
            self._held = None
        if self._held is None:
            self.transport.resume_reading()
            return
        self.transport.pause_reading()
        if self._next is None:
            self._next = self.loop.call_soon(self._go_on)
