"""The kernel is told to give up on machines that do not answer."""

import asyncio
import socket
from typing import Any

import pytest

from x18.runtime.streaming import UNACKNOWLEDGED_MS, give_up_on_the_dead

pytestmark = pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux can")


async def timeout_of(protocol: Any) -> int:
    """What the kernel was told of the server's end of a connection that the protocol got."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        return await protocol.made
    finally:
        writer.close()
        server.close()


class Plain(asyncio.Protocol):
    """Asks once a stream has begun."""

    def __init__(self) -> None:
        self.made: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        raw = transport.get_extra_info("socket")
        before = raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        give_up_on_the_dead(transport)
        assert before == 0
        self.made.set_result(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))


async def test_a_machine_that_does_not_answer_is_given_up_within_a_minute() -> None:
    assert await timeout_of(Plain()) == UNACKNOWLEDGED_MS
    assert UNACKNOWLEDGED_MS / 1000 + 25 < 60  # after a heartbeat
