"""What comes before a request's body: its bounds, in one piece or in many, and that nothing is guessed."""

from typing import Any

import msgspec
import pytest
import uvicorn
from litestar.types import Receive, Scope, Send
from uvicorn.server import ServerState

from tests.runtime.test_patience import Clock, Wire
from x18.runtime.heads import MAX_HEAD_BYTES, MAX_LINE_BYTES, StrictProtocol

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(_: Scope, __: Receive, ___: Send) -> None:
    """Never run."""


class Connection(StrictProtocol):
    """A connection; ``begun`` are the requests that got past it."""

    def __init__(self) -> None:
        config = uvicorn.Config(app, ws="websockets-sansio", log_config=None)
        self.wire, self.begun, self.upgraded = Wire(), list[Any](), 0
        super().__init__(config, ServerState(), {}, Clock())  # type: ignore[arg-type]
        self.connection_made(self.wire)

    def _start_asgi_task(self, cycle: Any, _: Any) -> None:
        self.begun.append(cycle)

    def handle_websocket_upgrade(self) -> None:
        """Count."""
        self.upgraded += 1

    def feed(self, data: bytes, size: int) -> None:
        """Receive in pieces."""
        for at in range(0, len(data), size):
            if self.wire.ended:
                return
            self.data_received(data[at : at + size])

    @property
    def status(self) -> int:
        """Of the answer; 0 without one."""
        head, _, body = self.wire.written.partition(b"\r\n\r\n")
        if not head:
            return 0
        problem = msgspec.json.decode(body)
        assert b"connection: close" in head
        assert b"content-type: application/problem+json" in head
        assert f"content-length: {len(body)}".encode() in head
        assert problem["error"] == problem["detail"]
        return int(head.split()[1])


UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
HEADER = b"X-A: b\r\n"


def request(line: bytes = b"GET / HTTP/1.1", *lines: bytes, host: bytes = b"Host: x\r\n") -> bytes:
    return b"".join([line, b"\r\n", host, *lines, b"\r\n"])


def of_length(size: int) -> bytes:
    """A first line of so many bytes, without its end."""
    return b"GET /" + b"a" * (size - len(b"GET / HTTP/1.1")) + b" HTTP/1.1"


REFUSED = {
    "a long line": (request(of_length(MAX_LINE_BYTES + 1)), 414),
    "a long query": (request(b"GET /?" + b"a&" * 31_000 + b" HTTP/1.1"), 414),
    "a line without an end": (b"GET /" + b"a" * 300_000, 414),
    "a long name": (request(b"GET / HTTP/1.1", b"X" * 20_000 + b": a\r\n"), 431),
    "a long value": (request(b"GET / HTTP/1.1", b"X: " + b"a" * 20_000 + b"\r\n"), 431),
    "a value without an end": (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 300_000, 431),
    "a name without an end": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a" * 300_000, 431),
    "long in all": (request(b"GET / HTTP/1.1", *[b"X: " + b"a" * 300 + b"\r\n"] * 60), 431),
    "101 headers": (request(b"GET / HTTP/1.1", *[HEADER] * 100), 431),
    "many short ones": (request(b"GET / HTTP/1.1", *[b"a:\r\n"] * 60_000), 431),
    "101 parameters": (request(b"GET /?" + b"a&" * 100 + b" HTTP/1.1"), 400),
    "a path that is no ASCII": (request("GET /é HTTP/1.1".encode()), 400),
    "a coding that is not known": (request(b"POST / HTTP/1.1", b"Transfer-Encoding: gzip, chunked\r\n"), 501),
    "a coding of one's own": (request(b"POST / HTTP/1.1", b"Transfer-Encoding: x-own, Chunked\r\n"), 501),
    "no host": (request(host=b""), 400),
    "two hosts": (request(host=b"Host: x\r\nHost: x\r\n"), 400),
    "two hosts of 1.0": (request(b"GET / HTTP/1.0", host=b"Host: x\r\nHost: y\r\n"), 400),
    "a host with a path": (request(host=b"Host: x/y\r\n"), 400),
    "a host with a user": (request(host=b"Host: a@x\r\n"), 400),
    "a host with a space": (request(host=b"Host: x y\r\n"), 400),
    "a host with two ports": (request(host=b"Host: x:1:2\r\n"), 400),
    "a host of two": (request(host=b"Host: x, y\\\r\n"), 400),
    "a long port": (request(host=b"Host: x:123456\r\n"), 400),
    "no request": (b"\x16\x03\x01" + b"\x00" * 50, 400),
}


@pytest.mark.parametrize("size", [1 << 18, 1000, 7])
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("upgrades", [False, True])
async def test_what_is_too_much_or_unclear_is_refused_before_anything_is_made_of_it(
    name: str, size: int, upgrades: bool
) -> None:
    sent, status = REFUSED[name]
    connection = Connection()
    connection.feed(sent.replace(b"Host: x\r\n", UPGRADE + b"Host: x\r\n", 1) if upgrades else sent, size)

    assert (connection.status, connection.wire.ended) == (status, "closed")
    assert (connection.begun, connection.upgraded) == ([], 0)
    assert len(connection.url) <= MAX_LINE_BYTES
    assert sum(map(len, dict(connection.headers or []).values())) <= MAX_HEAD_BYTES


@pytest.mark.parametrize("size", [1 << 18, 7])
@pytest.mark.parametrize(
    "sent",
    [
        request(of_length(MAX_LINE_BYTES)),
        request(b"GET /?" + b"a&" * 99 + b" HTTP/1.1"),
        request(b"GET / HTTP/1.1", *[HEADER] * 99),
        request(b"GET / HTTP/1.1", b"X: " + b"a" * 15_000 + b"\r\n"),
        request(b"GET / HTTP/1.0", host=b""),
        request(b"GET /%C3%BC?q=%E2%82%AC&bad=%zz&nul=%00 HTTP/1.1"),
        request(b"POST / HTTP/1.1", b"Transfer-Encoding: Chunked\r\n"),
        *[
            request(host=b"Host: " + host + b"\r\n")
            for host in (b"", b"x", b"x:", b"x:8080", b"a_b.example", b"127.0.0.1:1", b"[::1]:80", b"xn--e1a.example")
        ],
    ],
    ids=range(15),
)
async def test_what_is_just_within_the_bounds_is_taken(sent: bytes, size: int) -> None:
    connection = Connection()
    connection.feed(sent, size)

    assert (connection.status, connection.wire.ended, len(connection.begun)) == (0, "", 1)


async def test_trailers_are_no_headers_and_do_not_fill_memory() -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    connection = Connection()
    connection.feed(chunked + b"Authorization: Bearer x\r\n\r\n", 1 << 18)
    assert [name for name, _ in connection.begun[0].scope["headers"]] == [b"host", b"transfer-encoding"]
    assert (connection.begun[0].more_body, connection.wire.ended) == (False, "")

    for size in (1 << 18, 1000):
        for endless in (b"a: b\r\n" * 100_000, b"a: " + b"b" * 600_000):
            connection = Connection()
            connection.feed(chunked + endless, size)
            assert connection.status == 431
            assert len(connection.headers) == 2


async def test_what_stands_beside_a_chunk_is_bounded() -> None:
    connection = Connection()
    connection.feed(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 600_000, 1000)

    assert connection.status in (400, 431)


async def test_requests_behind_one_another_are_bounded_and_the_first_are_answered() -> None:
    connection = Connection()
    connection.feed(GET * 9_000, 1 << 18)

    assert (len(connection.begun), len(connection.pipeline)) == (1, StrictProtocol.MAX_PIPELINED)
    assert (connection.wire.written, connection.wire.ended) == (b"", "")
    assert connection.begun[0].keep_alive, "its answer is not the last"
    assert not connection.cycle.keep_alive, "this one is"


async def test_nothing_is_written_into_an_answer() -> None:
    connection = Connection()
    connection.feed(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 1 << 18)
    connection.cycle.response_started = True
    connection.data_received(b"no chunk\r\n")

    assert (connection.wire.written, connection.wire.ended) == (b"", "aborted")


@pytest.mark.parametrize(
    "behind", [b"GARBAGE\r\n\r\n", b"\x00", b"\xff\xff", request(b"GET /ws HTTP/1.1", UPGRADE), request(host=b"")]
)
@pytest.mark.parametrize("is_begun", [False, True])
async def test_a_bad_request_behind_a_good_one_does_not_spoil_its_answer(behind: bytes, is_begun: bool) -> None:
    connection = Connection()
    connection.feed(GET, 1 << 18)
    connection.cycle.response_started = is_begun
    connection.feed(behind, 1 << 18)

    assert (connection.wire.written, connection.wire.ended) == (b"", "")
    assert not connection.cycle.keep_alive
    assert (len(connection.begun), connection.upgraded) == (1, 0)


@pytest.mark.parametrize(
    "address",
    [b"/api/search/hashtag/%FCber", b"/?q=%EF%F0%E8%E2%E5%F2", b"/?q=%ED%A0%80", b"/?a=1&b=%E2%82", b"/%c0%af"],
    ids=["Latin-1", "Windows-1251", "half a surrogate pair", "half a character", "a slash at length"],
)
async def test_an_address_in_another_encoding_is_refused_and_not_guessed_at(address: bytes) -> None:
    connection = Connection()
    connection.feed(request(b"GET " + address + b" HTTP/1.1"), 1 << 18)

    assert (connection.status, connection.begun) == (400, [])
    assert b'"bad_address"' in connection.wire.written


@pytest.mark.parametrize(("version", "expects"), [(b"1.1", True), (b"1.0", False)])
async def test_a_client_of_1_0_is_never_told_to_go_on(version: bytes, expects: bool) -> None:
    connection = Connection()
    connection.feed(request(b"POST / HTTP/" + version, b"Expect: 100-continue\r\nContent-Length: 1\r\n"), 1 << 18)

    assert connection.begun[0].waiting_for_100_continue is expects


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"
"""What Java's HttpClient sends with its first request."""


@pytest.mark.parametrize("size", [1 << 18, 40, 7])
@pytest.mark.parametrize(
    ("offer", "left"),
    [
        (H2C, b""),
        (H2C.replace(b"Upgrade, ", b"keep-alive, upgrade, "), b"keep-alive"),
        (b"Upgrade: TLS/1.0\r\nConnection: close\r\nConnection: Upgrade\r\n", b"close"),
    ],
)
@pytest.mark.parametrize(
    "body", [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
)
async def test_offers_of_other_protocols_are_read_over(size: int, offer: bytes, left: bytes, body: bytes) -> None:
    connection = Connection()
    connection.feed(b"POST /a HTTP/1.1\r\nHost: x\r\n" + offer + body + GET, size)

    (cycle,) = connection.begun
    headers = dict(cycle.scope["headers"])
    assert (cycle.scope["path"], cycle.body, cycle.more_body, connection.wire.ended) == ("/a", b"hello", False, "")
    assert (headers[b"host"], {b"upgrade", b"http2-settings"} & headers.keys()) == (b"x", set())
    assert left in [value for name, value in cycle.scope["headers"] if name == b"connection"]
    assert cycle.keep_alive is (left != b"close")
    assert len(connection.pipeline) == (left != b"close"), "what comes behind it is the next request"


async def test_offers_without_end_are_bounded_too() -> None:
    connection = Connection()
    connection.feed(request(b"GET / HTTP/1.1", H2C) * 2_000, 1 << 18)

    assert (len(connection.begun), len(connection.pipeline)) == (1, StrictProtocol.MAX_PIPELINED)
    assert not connection.cycle.keep_alive


async def test_nothing_can_be_connected_through() -> None:
    connection = Connection()
    connection.feed(request(b"CONNECT x:443 HTTP/1.1", H2C), 1 << 18)

    assert (connection.status, connection.begun) == (400, [])
