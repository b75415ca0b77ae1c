"""A WebSocket client of bare bytes, which may break every rule of RFC 6455."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from tests.server import Server

DEADLINE_S = 30.0

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Frame(NamedTuple):
    """As it came: ``head`` is the first byte without the opcode."""

    head: int
    opcode: int
    payload: bytes


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    final: bool = True,
    reserved: int = 0,
    masked: bool = True,
    size: int | None = None,
) -> bytes:
    """A client's frame. ``size`` is what it says its length is, where that is another one."""
    size = len(payload) if size is None else size
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 65_536:
        head += struct.pack("!BH", mask_bit | 126, size)
    else:
        head += struct.pack("!BQ", mask_bit | 127, size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


class Raw:
    """A connection after the handshake, or before it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.port: int = writer.get_extra_info("sockname")[1]

    @classmethod
    async def connect(cls, server: Server) -> Self:
        """TCP only."""
        address = urlsplit(server.url)
        return cls(*await asyncio.open_connection(address.hostname, address.port, limit=1 << 20))

    @classmethod
    async def upgrade(cls, server: Server, path: str = "/ws", **headers: str) -> Self:
        """With the handshake."""
        raw = await cls.connect(server)
        raw.writer.write(handshake(path, **headers))
        async with asyncio.timeout(DEADLINE_S):
            answer = await raw.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101"), answer
        return raw

    def send(self, *data: bytes) -> None:
        """Bytes as they are."""
        self.writer.write(b"".join(data))

    async def read(self) -> Frame:
        """The next frame of the server.

        Raises:
            EOFError: the connection is over.
        """
        async with asyncio.timeout(DEADLINE_S):
            head, size = await self.reader.readexactly(2)
            assert not size & 0x80, "the server must not mask"
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return Frame(head & 0xF0, head & 0x0F, await self.reader.readexactly(size))

    async def read_close(self) -> int:
        """The code of the close frame that comes next, 1005 for one without; then the server ends the connection."""
        frame = await self.read()
        assert (frame.head, frame.opcode) == (0x80, CLOSE), frame
        self.writer.write_eof()
        async with asyncio.timeout(DEADLINE_S):
            assert await self.reader.read() == b"", "nothing may follow a close frame"
        return struct.unpack("!H", frame.payload[:2])[0] if frame.payload else 1005

    async def close(self) -> None:
        """Go away without a word."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


def handshake(path: str = "/ws", **headers: str) -> bytes:
    """The request of RFC 6455 §1.3."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: x18.example",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def upgraded(server: Server, path: str = "/ws", **headers: str) -> AsyncIterator[Raw]:
    """A connection that was told ``connected``, for the block."""
    raw = await Raw.upgrade(server, path, **headers)
    try:
        assert b"connected" in (await raw.read()).payload
        yield raw
    finally:
        await raw.close()
