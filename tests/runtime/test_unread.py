"""An answer that nobody reads is let go of, over real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
import uvicorn
from litestar.types import Receive, Scope, Send

from tests.raw import DEADLINE_S
from x18.runtime.streaming import StreamingProtocol

SIZE = 32 * 1024 * 1024


class Impatient(StreamingProtocol):
    """Keeps what it made, and waits for a moment only."""

    UNREAD_S: ClassVar = 0.5
    made: ClassVar[list["Impatient"]] = []
    is_lost = False

    def connection_made(self, transport: Any) -> None:
        """Remember."""
        super().connection_made(transport)
        self.made.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember."""
        super().connection_lost(exc)
        self.is_lost = True


async def app(scope: Scope, _: Receive, send: Send) -> None:
    """A large answer, in one piece or in many."""
    pieces = 1 if scope["path"] == "/whole" else 256
    headers = [(b"content-length", str(SIZE).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(pieces):
        body = b"x" * (SIZE // pieces)
        await send({"type": "http.response.body", "body": body, "more_body": number < pieces - 1})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=Impatient, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    yield listener.getsockname()[1]
    server.should_exit = True
    await server.shutdown(sockets=[listener])


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
@pytest.mark.parametrize("header", ["Connection: close", "Connection: keep-alive"])
async def test_a_client_that_does_not_read_is_let_go_of(port: int, path: str, header: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())

    async with asyncio.timeout(DEADLINE_S):
        while not (Impatient.made and Impatient.made[-1].is_lost):
            await asyncio.sleep(0.05)

    assert Impatient.made.pop()._unread_timer is None
    writer.close()
    assert reader


async def test_a_client_that_reads_slowly_gets_all(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Impatient, "UNREAD_S", DEADLINE_S)  # client and server are one process, which may stand still
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=64 * 1024)
    writer.write(b"GET /pieces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    received = 0
    async with asyncio.timeout(3 * DEADLINE_S):
        while data := await reader.read(2 * 1024 * 1024):
            received += len(data)
            if received % 7 == 0:
                await asyncio.sleep(0.02)
    writer.close()

    assert received > SIZE
