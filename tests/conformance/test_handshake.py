"""Every request for a WebSocket gets an answer, also one that is none."""

import asyncio
import json
from typing import Any

import pytest

from tests.raw import DEADLINE_S, Raw, handshake
from tests.server import Server


async def status_of(server: Server, request: bytes) -> int:
    """The status of the answer; where it is not 101, the server also ends the connection."""
    raw = await Raw.connect(server)
    try:
        raw.send(request)
        async with asyncio.timeout(DEADLINE_S):
            status = int((await raw.reader.readuntil(b"\r\n")).split()[1])
            if status != 101:
                await raw.reader.read()
        return status
    finally:
        await raw.close()


@pytest.mark.parametrize(
    "request_bytes",
    [
        handshake(),
        handshake("/ws?x=%ff%00"),
        handshake(Cookie="\xe4"),
        handshake(Cookie="x" * 8_000),
        handshake(Sec_WebSocket_Protocol="graphql-ws"),
        handshake(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits"),
    ],
)
async def test_good_requests_are_upgraded(server: Server, request_bytes: bytes) -> None:
    assert await status_of(server, request_bytes) == 101


async def test_compression_is_not_negotiated_unless_it_is_wanted(server: Server) -> None:
    raw = await Raw.connect(server)
    raw.send(handshake(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits"))
    async with asyncio.timeout(DEADLINE_S):
        head = await raw.reader.readuntil(b"\r\n\r\n")
    await raw.close()

    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"extensions" not in head.lower()


@pytest.mark.parametrize(
    "request_bytes",
    [
        handshake().replace(b"Sec-WebSocket-Key", b"X-Key"),
        handshake().replace(b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: short"),
        handshake().replace(b"Version: 13", b"Version: 12"),
        handshake(Cookie="x" * 9_000),
        handshake(Content_Length="5") + b"hello",
    ],
)
async def test_bad_ones_are_told_so(server: Server, request_bytes: bytes) -> None:
    assert await status_of(server, request_bytes) == 400


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (handshake("/ws?" + "x" * 9_000), 414),
        (handshake(Cookie="x" * 17_000), 431),
        (handshake(**{f"X-{number}": "1" for number in range(200)}), 431),
        (handshake("/ws?" + "a&" * 200), 400),
        (handshake().replace(b"Host: x18.example\r\n", b""), 400),
        (handshake("/wś"), 400),
    ],
)
async def test_bounds_of_a_head_hold_for_an_upgrade_too(server: Server, request_bytes: bytes, status: int) -> None:
    assert await status_of(server, request_bytes) == status


@pytest.mark.parametrize("path", ["/nowhere", "/wsx", "/health", "/api/posts", "/api/nothing"])
async def test_other_addresses_have_no_channel_and_say_so(server: Server, path: str) -> None:
    status, problem = await refused(server, handshake(path, X_Request_ID="typo-1"))

    assert (status, problem["code"], problem["instance"]) == (404, "not_found", path)
    assert "/ws" in problem["detail"]
    assert problem["request_id"] == "typo-1"


@pytest.mark.parametrize("host", ["x18.example", ""])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://[", "http://x18.example@evil.example", "x18.example"]
)
async def test_an_origin_that_may_not_is_told_what_to_do(server: Server, origin: str, host: str) -> None:
    request = handshake(Origin=origin, Authorization="Bearer x").replace(
        b"x18.example\r\nUpgrade", host.encode() + b"\r\nUpgrade"
    )
    status, problem = await refused(server, request)

    assert (status, problem["code"]) == (403, "origin_not_allowed")
    assert "CORS_ORIGINS" in problem["detail"]


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://x18.example", "x18.example"),
        ("http://x18.example", "x18.example:80"),
        ("https://x18.example", "x18.example:443"),
        ("https://x18.example:8443", "x18.example:8443"),
        ("https://X18.example", "x18.EXAMPLE"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
async def test_an_own_page_may_on_any_port(server: Server, origin: str, host: str) -> None:
    request = handshake(Origin=origin, Authorization="Bearer x").replace(
        b"x18.example\r\nUpgrade", host.encode() + b"\r\nUpgrade"
    )

    assert await status_of(server, request) == 101


@pytest.mark.parametrize(
    ("origin", "host"), [("https://x18.example:8443", "x18.example"), ("http://x18.example", "x18.example:443")]
)
async def test_another_port_is_another_origin(server: Server, origin: str, host: str) -> None:
    request = handshake(Origin=origin, Authorization="Bearer x").replace(
        b"x18.example\r\nUpgrade", host.encode() + b"\r\nUpgrade"
    )

    assert await status_of(server, request) == 403


async def refused(server: Server, request: bytes) -> tuple[int, dict[str, Any]]:
    """The status and the problem of an answer that is no 101."""
    raw = await Raw.connect(server)
    try:
        raw.send(request)
        async with asyncio.timeout(DEADLINE_S):
            head, _, body = (await raw.reader.read()).partition(b"\r\n\r\n")
        assert b"application/problem+json" in head, head
        problem: dict[str, Any] = json.loads(body)
        assert problem["status"] == int(head.split()[1])
        return problem["status"], problem
    finally:
        await raw.close()


async def test_a_post_is_no_upgrade(server: Server) -> None:
    assert (
        await status_of(
            server, handshake().replace(b"GET", b"POST", 1).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        )
        == 426
    )
