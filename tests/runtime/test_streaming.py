"""The kernel is told to give up on machines that do not answer."""

import asyncio
import ctypes
import os
import socket
from typing import Any, Final

import psutil
import pytest

from tests.raw import Raw, handshake
from tests.server import Server
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


PIDFD_GETFD: Final = 438
"""The same number for all processors."""

STREAM = b"GET /api/stream?topics=explore HTTP/1.1\r\nHost: x\r\n\r\n"


def end_of(process: psutil.Process, port: int) -> socket.socket:
    """The other end of a connection of ours from this port, which belongs to a child of ours."""
    (number,) = [one.fd for one in process.net_connections("tcp") if one.raddr and one.raddr.port == port]
    pidfd = os.pidfd_open(process.pid)
    try:
        descriptor = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, pidfd, number, 0)
    finally:
        os.close(pidfd)
    if descriptor < 0:
        pytest.skip(f"this system does not show descriptors of children: {os.strerror(ctypes.get_errno())}")
    return socket.socket(fileno=descriptor)


@pytest.mark.parametrize(
    ("sent", "answer"), [(handshake(), b" 101 "), (STREAM, b" 200 ")], ids=["a WebSocket", "an event stream"]
)
async def test_the_server_gives_up_on_the_machine_of(server: Server, sent: bytes, answer: bytes) -> None:
    assert server.process
    raw = await Raw.connect(server)
    raw.send(sent)
    assert answer in await raw.reader.readuntil(b"\r\n\r\n")

    with end_of(psutil.Process(server.process.pid), raw.port) as theirs:
        assert theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNACKNOWLEDGED_MS
    await raw.close()
