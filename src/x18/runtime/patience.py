"""uvicorn's HTTP protocol with an end to its patience: it waits for ever for a request that trickles in, and for an answer to be read.

A proxy in front does the same, but a client that reaches X18 without one must not hold connections or memory for nothing (OWASP ASVS 15.2.2).
"""

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar, Final

from x18.runtime.heads import Refusal, StrictProtocol

TOO_SLOW: Final = Refusal(
    HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "The head of the request did not arrive in time."
)


class PatientProtocol(StrictProtocol):
    """Cuts off whoever takes too long over a request or over reading its answer; making the answer may take as long as it takes."""

    HEAD_S: ClassVar = 10.0
    """From the connection, or from the first byte of a further request, to the end of the headers."""

    BODY_S: ClassVar = 30.0
    LEAST_BODY_BYTES: ClassVar = 256 * 1024
    """A body ends within ``BODY_S``, or brings at least so much in each such time: 9 KiB/s, less than any network of phones."""

    UNREAD_S: ClassVar = 30.0
    """So long may an answer not move at all."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._received = 0
        self._unread_timer: asyncio.TimerHandle | None = None
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request is to come."""
        super().connection_made(transport)
        self._wait(self.HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._wait(None)
        self._stop_watching()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        was_in_head = self.is_in_head
        super().on_message_begin()
        if not was_in_head:
            self._wait(self.HEAD_S)

    def on_headers_complete(self) -> None:
        """Its body is to come, or frames of a WebSocket, with which this protocol has nothing to do."""
        super().on_headers_complete()
        self._received = 0
        self._wait(None if self.is_handshake else self.BODY_S)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._wait(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is whole, but perhaps not read."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """More waits to be read than should."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """It moves."""
        super().resume_writing()
        self._stop_watching()

    def refuse(self, refusal: Refusal) -> None:
        """End the connection."""
        self._wait(None)
        super().refuse(refusal)

    def _wait(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if self.is_in_head and self.cycle is not None and not self.cycle.response_complete:
            self._wait(self.HEAD_S)  # the answer to an earlier request is on its way
        elif self.is_in_head:
            self.refuse(TOO_SLOW)
        elif self._received >= self.LEAST_BODY_BYTES or self.flow.read_paused:  # paused: it is us who take so long
            self._received = 0
            self._wait(self.BODY_S)
        else:
            self.transport.abort()

    def _watch(self) -> None:
        """Look again after a while whether what waits to be read became less."""
        self._stop_watching()
        self._unread_bytes = self.transport.get_write_buffer_size()
        if self._unread_bytes:
            self._unread_timer = self.loop.call_later(self.UNREAD_S, self._look_again)

    def _look_again(self) -> None:
        if self.transport.get_write_buffer_size() >= self._unread_bytes:
            self.transport.abort()
        else:
            self._watch()

    def _stop_watching(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None
