"""uvicorn's HTTP protocol with an end to its patience: it waits for ever for a request that trickles in, and takes headers of any length.

A proxy in front does the same, but a client that reaches X18 without one must not hold connections or memory for nothing (OWASP ASVS 15.2.2).
"""

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PatientProtocol(HttpToolsProtocol):
    """Cuts off whoever takes too long over a request; an answer may take as long as it takes."""

    HEAD_S: ClassVar = 10.0
    """From the connection, or from the first byte of a further request, to the end of the headers."""

    MAX_HEAD_BYTES: ClassVar = 64 * 1024
    BODY_S: ClassVar = 30.0
    LEAST_BODY_BYTES: ClassVar = 256 * 1024
    """A body ends within ``BODY_S``, or brings at least so much in each such time: 9 KiB/s, less than any network of phones."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._is_in_head = True
        self._received = 0
        self._requests = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request is to come."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of one request or of several."""
        request = self._requests
        super().data_received(data)
        if self._is_in_head and request == self._requests:  # it was all of these headers
            self._received += len(data)
            if self._received > self.MAX_HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if not self._is_in_head:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Its body is to come, or frames of a WebSocket, with which this protocol has nothing to do."""
        self._is_in_head, self._received = False, 0
        self._wait(None if self.parser.should_upgrade() else self.BODY_S)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._wait(None)
        super().on_message_complete()

    def _await_head(self) -> None:
        self._is_in_head, self._received = True, 0
        self._requests += 1
        self._wait(self.HEAD_S)

    def _wait(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if self._is_in_head and self.cycle is not None and not self.cycle.response_complete:
            self._wait(self.HEAD_S)  # the answer to an earlier request is on its way
        elif self._is_in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        elif self._received >= self.LEAST_BODY_BYTES or self.flow.read_paused:  # paused: it is us who take so long
            self._received = 0
            self._wait(self.BODY_S)
        else:
            self.transport.abort()

    def _refuse(self, status: HTTPStatus) -> None:
        self._wait(None)
        if not self.transport.is_closing():
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            self.transport.write(head.encode())
            self.transport.close()
