"""Whoever asks too fast waits, and nobody else does; a packet is parsed in pieces; bodies of crumbs are refused."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from tests.raw import DEADLINE_S, Raw
from tests.runtime.test_patience import Connection as Patient
from tests.server import Server
from x18.core.addresses import network_of
from x18.core.slices import SLICE_S
from x18.runtime.doors import DOORS, REQUESTS, Doors
from x18.runtime.paces import CRUMBS, PIECE_BYTES, PacedRequests
from x18.runtime.proxies import TrustedPeers

PEER, OTHER, PROXY = "192.0.2.7", "198.51.100.8", "10.0.0.1"
GET = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def make_doors(*, enforced: bool = True) -> Doors:
    return Doors(TrustedPeers([PROXY]), per_network=3, many=1_000, enforced=enforced)


def test_a_network_that_asked_too_much_waits_and_others_do_not() -> None:
    doors = make_doors()
    for _ in range(REQUESTS + 250):
        doors.count_request(doors.network_of(PEER))

    assert 0 < doors.wait_s(doors.network_of(PEER)) < 2
    assert doors.wait_s(doors.network_of(OTHER)) == 0


def test_addresses_of_one_customer_wait_together() -> None:
    doors = make_doors()
    for number in range(REQUESTS + 50):
        doors.count_request(doors.network_of(f"2001:db8::{number:x}"))

    assert doors.wait_s(doors.network_of("2001:db8::ffff:1")) > 0
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")


@pytest.mark.parametrize("peer", [PROXY, None])
def test_what_comes_through_a_proxy_is_not_one_clients(peer: str | None) -> None:
    doors = make_doors()
    for _ in range(REQUESTS + 50):
        doors.count_request(doors.network_of(peer))

    assert doors.wait_s(doors.network_of(peer)) == 0


def test_without_limits_nobody_waits() -> None:
    doors = make_doors(enforced=False)
    for _ in range(REQUESTS + 50):
        doors.count_request(doors.network_of(PEER))

    assert doors.wait_s(doors.network_of(PEER)) == 0


async def test_all_that_was_asked_too_fast_is_answered_in_the_end(limited: Server) -> None:
    began = time.monotonic()
    raws = [await Raw.connect(limited) for _ in range(20)]
    for raw in raws:
        raw.send(GET * 16)
    async with asyncio.timeout(3 * DEADLINE_S):
        for raw in raws:
            for _ in range(16):
                head = await raw.reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 404 ")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await raw.reader.readexactly(int(length.partition(b":")[2]))

    assert time.monotonic() - began > 0.5, "320 at once are more than a network may have answered at once"
    for raw in raws:
        await raw.close()


@pytest.mark.parametrize("crumb", [b"1\r\nx\r\n", b"4\r\nabcd\r\n", b"1;name=value\r\nx\r\n"])
async def test_a_body_of_crumbs_is_refused(server: Server, crumb: bytes) -> None:
    raw = await Raw.connect(server)
    raw.send(CHUNKED, crumb * (CRUMBS + 200))
    async with asyncio.timeout(DEADLINE_S):
        answer = await raw.reader.read()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"tiny_chunks" in answer
    await raw.close()


async def test_a_body_in_pieces_that_a_client_may_send_is_taken(server: Server) -> None:
    raw = await Raw.connect(server)
    body = b'{"username": "nobody", "password": "' + b"x" * 60_000 + b'"}'
    pieces = [body[start : start + 65] for start in range(0, len(body), 65)]
    raw.send(CHUNKED, *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces), b"0\r\n\r\n")
    assert len(body) > 3 * PIECE_BYTES
    async with asyncio.timeout(DEADLINE_S):
        head = await raw.reader.readuntil(b"\r\n\r\n")

    assert head.split()[1] in (b"400", b"401", b"422"), head
    assert b"tiny_chunks" not in head
    await raw.close()


class Connection(PacedRequests, Patient):
    """Of a client whose network is ``network``, with the loop of the test."""

    def __init__(self, doors: Doors) -> None:
        self.doors_of_all = doors
        Patient.__init__(self)
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: Any) -> None:
        """From elsewhere."""
        self.app_state = {DOORS: self.doors_of_all}
        transport.get_extra_info = {"peername": (PEER, 50_000)}.get
        transport.get_protocol = lambda: self
        super().connection_made(transport)


async def test_what_a_network_asks_too_fast_is_read_later() -> None:
    doors = make_doors()
    connection = Connection(doors)
    for _ in range(REQUESTS + 50):
        doors.count_request(PEER)
    connection.data_received(b"?")
    assert connection.wire.written == b""

    async with asyncio.timeout(DEADLINE_S):
        while not connection.wire.written:
            await asyncio.sleep(0.01)
    connection.connection_lost(None)


@pytest.mark.parametrize("size", [1, 2 * PIECE_BYTES])
async def test_what_comes_when_its_network_had_its_slice_of_the_turn_is_parsed_in_the_next_one(size: int) -> None:
    doors = make_doors()
    connection = Connection(doors)
    doors.slices.of(PEER).spend(time.perf_counter() - SLICE_S)
    connection.data_received(b"?" * size)
    assert connection.wire.written == b"", "it was parsed at once"

    async with asyncio.timeout(DEADLINE_S):
        while not connection.wire.written:
            await asyncio.sleep(0)
    assert connection.wire.written.startswith(b"HTTP/1.1 400 ")
    connection.connection_lost(None)


async def test_what_comes_while_its_network_has_a_slice_is_parsed_at_once() -> None:
    connection = Connection(make_doors())
    connection.data_received(b"?")

    assert connection.wire.written.startswith(b"HTTP/1.1 400 ")
    connection.connection_lost(None)


async def test_a_document_is_encoded_once_and_known_by_its_tag(api: httpx.AsyncClient) -> None:
    first = await api.get("/openapi.json")
    again = await api.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})

    assert first.json()["openapi"].startswith("3.")
    assert again.status_code == 304
