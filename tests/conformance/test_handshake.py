"""Every request for a WebSocket gets an answer, also one that is none."""

import asyncio

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


@pytest.mark.parametrize(
    "request_bytes",
    [
        handshake().replace(b"Sec-WebSocket-Key", b"X-Key"),
        handshake().replace(b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: short"),
        handshake().replace(b"Version: 13", b"Version: 12"),
        handshake(Cookie="x" * 9_000),
        handshake("/ws?" + "x" * 9_000),
        handshake(**{f"X-{number}": "1" for number in range(200)}),
        handshake(Content_Length="5") + b"hello",
    ],
)
async def test_bad_ones_are_told_so(server: Server, request_bytes: bytes) -> None:
    assert await status_of(server, request_bytes) == 400


@pytest.mark.parametrize("path", ["/nowhere", "/health", "/api/posts"])
async def test_other_addresses_have_no_channel(server: Server, path: str) -> None:
    assert await status_of(server, handshake(path)) == 403


async def test_a_post_is_no_upgrade(server: Server) -> None:
    assert (
        await status_of(
            server, handshake().replace(b"GET", b"POST", 1).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        )
        == 405
    )
