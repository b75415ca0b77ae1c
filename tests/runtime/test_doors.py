"""Connections of a network are bounded before there is a request, idle ones do not stay where there are many, and proxies are exempt."""

import asyncio
import resource
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.raw import DEADLINE_S, Raw, handshake
from tests.runtime.test_patience import UPGRADE, Wire
from tests.runtime.test_patience import Connection as Patient
from tests.server import Server
from x18.core.errors import TooManyRequests
from x18.files import MOST, file_limit
from x18.runtime.doors import DOORS, FEW, LONG_S, OPENED, SHORT_S, CountedProtocol, Doors
from x18.runtime.proxies import TrustedPeers
from x18.settings import read_settings

PEER, OTHER, PROXY = "192.0.2.7", "198.51.100.8", "10.0.0.1"


def make_doors(per_network: int = 3, many: int = 1_000, *, enforced: bool = True) -> Doors:
    return Doors(TrustedPeers([PROXY]), per_network=per_network, many=many, enforced=enforced)


def test_a_network_has_so_many_connections_and_others_have_their_own() -> None:
    doors = make_doors()
    places = [doors.enter(doors.network_of(PEER)) for _ in range(3)]
    with pytest.raises(TooManyRequests):
        doors.enter(doors.network_of(PEER))
    places.append(doors.enter(doors.network_of(OTHER)))
    assert doors.total == 4

    places[0].close()
    places[0].close()
    places.append(doors.enter(doors.network_of(PEER)))
    assert doors.total == 4


def test_a_network_opens_so_many_connections_and_no_more_for_a_while_though_it_closes_them() -> None:
    doors = make_doors()
    come_and_go(doors, OPENED)
    with pytest.raises(TooManyRequests):
        come_and_go(doors, OPENED)  # more than may be opened while this runs

    doors.enter(OTHER).close()


def come_and_go(doors: Doors, times: int) -> None:
    for _ in range(times):
        doors.enter(PEER).close()


def test_ipv6_addresses_of_one_customer_are_one_network() -> None:
    doors = make_doors()
    places = [doors.enter(doors.network_of(f"2001:db8::{number}")) for number in range(3)]

    with pytest.raises(TooManyRequests):
        doors.enter(doors.network_of("2001:db8::ffff:1"))
    places.append(doors.enter(doors.network_of("2001:db8:0:1::1")))
    assert doors.total == 4


@pytest.mark.parametrize("peer", [PROXY, None])
def test_a_proxy_carries_many(peer: str | None) -> None:
    doors = make_doors(many=10)
    assert [doors.enter(doors.network_of(peer)) for _ in range(50)]

    assert doors.keep_alive_s(doors.network_of(peer)) == LONG_S, "a request of many would meet our closing"


def test_a_load_test_is_let_through() -> None:
    doors = make_doors(enforced=False)
    places = [doors.enter(doors.network_of(PEER)) for _ in range(50)]
    assert (len(places), doors.keep_alive_s(doors.network_of(PEER))) == (50, LONG_S)


def test_idle_connections_are_kept_long_only_while_there_are_few() -> None:
    doors = make_doors(per_network=100, many=FEW + 10)
    places = [doors.enter(doors.network_of(PEER)) for _ in range(FEW)]
    assert (doors.keep_alive_s(doors.network_of(PEER)), doors.keep_alive_s(doors.network_of(OTHER))) == (LONG_S, LONG_S)

    places.append(doors.enter(doors.network_of(PEER)))
    assert (doors.keep_alive_s(doors.network_of(PEER)), doors.keep_alive_s(doors.network_of(OTHER))) == (
        SHORT_S,
        LONG_S,
    )

    places += [doors.enter(doors.network_of(f"203.0.113.{number}")) for number in range(10)]
    assert doors.keep_alive_s(doors.network_of(OTHER)) == SHORT_S, "all of the process"


class PeeredWire(Wire):
    """Of a client elsewhere."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Who it is."""
        return (PEER, 50_000) if name == "peername" else default

    def set_protocol(self, protocol: Any) -> None:
        """A WebSocket's, which is not looked at."""


class Connection(CountedProtocol, Patient):
    """A connection through counted doors."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        Patient.__init__(self)

    def connection_made(self, _: Any) -> None:
        """From elsewhere."""
        self.app_state = {DOORS: self.doors}
        self.wire: Any = PeeredWire()
        super().connection_made(self.wire)


async def test_one_too_many_is_told_so_and_costs_nothing() -> None:
    doors = make_doors(per_network=1)
    first, second = Connection(doors), Connection(doors)

    assert (first.wire.written, first.wire.ended) == (b"", "")
    assert second.wire.written.startswith(b"HTTP/1.1 429 ")
    assert b"too_many_connections" in second.wire.written
    assert (second.wire.ended, second.flow, second.clock.waiting) == ("closed", None, [])

    second.connection_lost(None)
    first.connection_lost(None)
    assert doors.total == 0
    assert Connection(doors).wire.ended == ""


async def test_a_websocket_is_no_http_connection_any_more() -> None:
    doors = make_doors(per_network=1)
    socket = Connection(doors)
    socket.data_received(UPGRADE)

    assert doors.total == 0
    assert Connection(doors).wire.ended == ""


async def test_an_answered_connection_is_closed_soon_where_there_are_many() -> None:
    doors = make_doors(per_network=100)
    connections = [Connection(doors) for _ in range(FEW + 1)]
    for connection in connections[:1]:
        connection.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.cycle.response_complete = True
        connection.on_response_complete()

    assert connections[0].timeout_keep_alive == SHORT_S


async def test_the_server_turns_away_one_too_many_of_an_address_and_no_websocket(limited: Server) -> None:
    async with AsyncExitStack() as stack:

        async def connect() -> Raw:
            raw = await Raw.connect(limited)
            stack.push_async_callback(raw.close)
            return raw

        sockets = [await connect() for _ in range(20)]
        for raw in sockets:
            raw.send(handshake())
            async with asyncio.timeout(DEADLINE_S):
                assert b" 101 " in await raw.reader.readuntil(b"\r\n")
        opened = [await connect() for _ in range(read_settings({}).http_connections)]
        last = await connect()
        opened[-1].send(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(DEADLINE_S):
            assert b" 200 " in await opened[-1].reader.readuntil(b"\r\n"), "sockets were counted too"
            answer = await last.reader.read()
        assert answer.startswith(b"HTTP/1.1 429 ")

        for raw in opened[:10]:
            await raw.close()
        async with asyncio.timeout(DEADLINE_S):
            while not (await ask(await connect())).startswith(b"HTTP/1.1 200 "):
                pass  # the server has not seen yet that they left


async def ask(raw: Raw) -> bytes:
    raw.send(b"GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    try:
        return await raw.reader.read()
    except ConnectionError:
        return b""


def test_commands_use_all_files_that_the_system_grants() -> None:
    program = (
        "import resource as r; from x18.files import *; r.setrlimit(7, (256, 4096)); raise_file_limit(); "
        "print(*r.getrlimit(7), file_limit())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program.replace("7", str(resource.RLIMIT_NOFILE))],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["4096", "4096", "4096"]
    assert 0 < file_limit() <= MOST


def test_the_server_has_raised_its_limit(server: Server) -> None:
    assert server.process is not None
    limits = Path(f"/proc/{server.process.pid}/limits").read_text().splitlines()
    soft, hard = next(line for line in limits if line.startswith("Max open files")).split()[3:5]

    assert soft == hard
