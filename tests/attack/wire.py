"""The attacker's sockets: bare HTTP and WebSockets from an address of its own, cheap enough to press hard."""

import asyncio
import base64
import os
import re
from contextlib import suppress
from typing import Any, Self

from tests.raw import frame

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
MOST_HEAD = 256 * 1024
PATIENCE_S = 20.0


class Wire:
    """One connection, which is opened when it is needed and again after it broke."""

    def __init__(self, port: int, source: str) -> None:
        self._port, self._source = port, source
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, local_addr=(self._source, 0), limit=MOST_HEAD
            )
        return self._streams

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> int:
        """The status of the answer, which is read to its end; 0 where there was none."""
        return (await self.ask_for_body(method, path, body, **headers))[0]

    async def ask_for_body(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                _, writer = await self.open()
                writer.write(request(method, path, body, **headers))
                return await self.answer(method)
        except (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            self.drop()
            return 0, b""

    async def answer(self, method: str = "GET") -> tuple[int, bytes]:
        """The next answer."""
        reader, _ = await self.open()
        head = await reader.readuntil(b"\r\n\r\n")
        status, length = int(head[9:12]), LENGTH.search(head)
        body = b""
        if length and method != "HEAD" and status not in (204, 304):
            body = await reader.readexactly(int(length[1]))
        elif length is None and b"chunked" in head.lower():
            body = await reader.readuntil(b"0\r\n\r\n")
        if b"\r\nconnection: close" in head.lower():
            self.drop()
        return status, body

    async def send(self, data: bytes) -> None:
        """Bytes as they are, as fast as they are taken."""
        _, writer = await self.open()
        writer.write(data)
        await writer.drain()

    async def upgrade(self, path: str = "/ws", **headers: str) -> int:
        """The status of a handshake; after 101 the connection speaks in frames."""
        key = base64.b64encode(os.urandom(16)).decode()
        fixed = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
        }
        try:
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await self.open()
                writer.write(request("GET", path, **fixed, **headers))
                head = await reader.readuntil(b"\r\n\r\n")
        except (OSError, EOFError, TimeoutError):
            self.drop()
            return 0
        if (status := int(head[9:12])) != 101:
            self.drop()
        return status

    async def say(self, data: bytes, opcode: int = 1) -> None:
        """One frame."""
        await self.send(frame(opcode, data))

    async def swallow(self) -> None:
        """Read and forget all that comes, until the connection is over."""
        reader, _ = await self.open()
        with suppress(OSError, EOFError):
            while await reader.read(65_536):
                pass

    def drop(self) -> None:
        """Go away without a word."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.drop()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body or method in ("POST", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
