"""uvicorn's HTTP protocol with a bound to everything that comes before a request's body, and no guesses about whom it is for.

The parser and uvicorn keep what they are sent until a request is whole, and then decode and copy it several times. So what is too
much is refused while it comes, before anything is made of it.
"""

import re
from http import HTTPStatus
from typing import ClassVar, Final, NamedTuple, NoReturn
from urllib.parse import unquote_to_bytes

import msgspec

from x18.core.ids import new_id
from x18.core.problems import MEDIA_TYPE, ProblemBody
from x18.runtime.offers import DeafProtocol

HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(:[0-9]{0,5})?")
"""RFC 9112 §3.2 and RFC 3986 §3.2.2. It may be empty, for a client that knows no name."""


class Refusal(NamedTuple):
    """An answer that ends the connection, as nothing behind it can be trusted to be where it seems."""

    status: HTTPStatus
    code: str
    detail: str

    def encode(self) -> bytes:
        """All of the answer."""
        body = ProblemBody(
            title=self.status.phrase,
            status=self.status.value,
            detail=self.detail,
            instance="",
            code=self.code,
            request_id=str(new_id()),
            error=self.detail,
        )
        content = msgspec.json.encode(body)
        head = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\nconnection: close\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(content)}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\r\n"
        )
        return head.encode() + content


MAX_LINE_BYTES: Final = 8 * 1024
MAX_HEAD_BYTES: Final = 16 * 1024
MAX_HEADERS: Final = 100
MAX_PARAMETERS: Final = 100

NO_REQUEST: Final = Refusal(HTTPStatus.BAD_REQUEST, "bad_request", "This is not an HTTP request.")
BAD_HOST: Final = Refusal(
    HTTPStatus.BAD_REQUEST,
    "bad_host",
    "A request must have exactly one Host header: a name or an address, and optionally a port.",
)
LONG_LINE: Final = Refusal(
    HTTPStatus.REQUEST_URI_TOO_LONG,
    "uri_too_long",
    f"The request line is too long: at most {MAX_LINE_BYTES:,} bytes.",
)
LONG_HEAD: Final = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "head_too_large",
    f"The head of a request has at most {MAX_HEAD_BYTES:,} bytes and {MAX_HEADERS} headers.",
)
MANY_PARAMETERS: Final = Refusal(
    HTTPStatus.BAD_REQUEST, "too_many_parameters", f"An address has at most {MAX_PARAMETERS} query parameters."
)
BAD_ADDRESS: Final = Refusal(
    HTTPStatus.BAD_REQUEST,
    "bad_address",
    "The address must be percent-encoded UTF-8; this one is in another encoding.",
)
CODED: Final = Refusal(
    HTTPStatus.NOT_IMPLEMENTED,
    "transfer_coding_unsupported",
    "Send the body with a length or in chunks, and in no other transfer encoding.",
)
PIPELINED: Final = Refusal(
    HTTPStatus.TOO_MANY_REQUESTS, "too_many_pipelined", "Read the answers before you send more requests."
)
"""Never sent: the answers that are under way go before it, and the last of them says that the connection ends."""


class _Refused(Exception):
    """Ends the parsing; uvicorn then asks for ``send_400_response``."""


class StrictProtocol(DeafProtocol):
    """Refuses heads that are too long or for nobody in particular, trailers as headers, and requests without end behind one another."""

    MAX_PIPELINED: ClassVar = 16

    is_in_head = True
    _is_in_body = False
    _refusal = NO_REQUEST
    _head_bytes = 0
    _events = 0
    _held_back = 0
    """Bytes since the parser last told of something: so much of one header, or of what stands beside a chunk, it holds."""

    def data_received(self, data: bytes) -> None:
        """A part of one request or of several."""
        events = self._events
        super().data_received(data)
        self._held_back = 0 if events != self._events else self._held_back + len(data)
        if self._held_back > MAX_HEAD_BYTES:
            self.refuse(LONG_HEAD)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._events += 1
        self.is_in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._events += 1
        self._head_bytes += len(url)
        if self._head_bytes + len(self.parser.get_method()) + len("  HTTP/1.1") > MAX_LINE_BYTES:
            self._stop(LONG_LINE)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, whole; or a trailer, which nobody here reads and which must not pass for a header."""
        self._events += 1
        self._head_bytes += len(name) + len(value) + len(": \r\n")
        if self._head_bytes > MAX_HEAD_BYTES or len(self.headers) >= MAX_HEADERS:
            self._stop(LONG_HEAD)
        if self.is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._events += 1
        if self.url.count(b"&") >= MAX_PARAMETERS:
            self._stop(MANY_PARAMETERS)
        if not self.url.isascii():
            self._stop(NO_REQUEST)
        if b"%" in self.url and not self.is_handshake and not _is_utf8(unquote_to_bytes(self.url)):
            self._stop(BAD_ADDRESS)
        hosts = self._values_of(b"host")
        if len(hosts) > 1 or not (hosts or self.parser.get_http_version() == "1.0"):
            self._stop(BAD_HOST)
        if hosts and not HOST.fullmatch(hosts[0]):
            self._stop(BAD_HOST)
        if any(value.lower() != b"chunked" for value in self._values_of(b"transfer-encoding")):
            self._stop(CODED)
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110 §10.1.1
        if len(self.pipeline) >= self.MAX_PIPELINED or (self.is_handshake and self._is_answering()):
            self._stop(PIPELINED)
        self.is_in_head, self._is_in_body = False, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._events += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._is_in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """End the request at which the parser stopped: uvicorn calls this, with a message of its own."""
        self.refuse(self._refusal)

    def refuse(self, refusal: Refusal) -> None:
        """End the connection: behind the answers to earlier requests, or at once."""
        if self.transport.is_closing():
            return
        is_answering = self._is_answering()
        if is_answering and not self._is_in_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        elif is_answering and self.cycle.response_started:
            self.transport.abort()
        else:
            self.transport.write(refusal.encode())
            self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _values_of(self, header: bytes) -> list[bytes]:
        return [value for name, value in self.headers if name == header]

    def _stop(self, refusal: Refusal) -> NoReturn:
        self._refusal = refusal
        raise _Refused


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
