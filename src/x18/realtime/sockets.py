"""Writing to one client without ever waiting: straight to the transport where that is possible, else over ASGI.

Both take whole WebSocket frames, keep what the client does not take in a bounded backlog, and close with 4008 when that is full.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from litestar import WebSocket

from x18.realtime.protocol import MAX_QUEUED_BYTES, MAX_QUEUED_FRAMES, CloseCode
from x18.realtime.waiting import Gate
from x18.realtime.wire import TEXT, count_frames, split_frames

EXTENSION: Final = "x18.fanout"
"""Key of the scope under which the server's protocol puts itself (``runtime/fanout.py``)."""

DRAIN_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 10.0

COME_BACK_CODES: Final = frozenset({CloseCode.HEARTBEAT_MISSED, CloseCode.SLOW_CONSUMER, CloseCode.RATE_LIMITED})
"""For clients of the original system all codes from 4000 on but 4001 are final: they are told 1013 instead."""

Write = Callable[[bytes], None]


class Door(Protocol):
    """The part of the server's protocol object that ``DirectSocket`` needs."""

    transport: asyncio.Transport
    writer: Any
    is_paused: bool
    inflates: bool

    def close_now(self, code: int, reason: str) -> None:
        """Begin the closing handshake without waiting for anything."""


class Backlog:
    """Frames that a client did not take yet. ``waiting_bytes`` is of all backlogs of the process."""

    waiting_bytes = 0

    __slots__ = ("bytes", "frames", "items")

    def __init__(self) -> None:
        self.items: list[bytes] = []
        self.frames = 0
        self.bytes = 0

    def add(self, data: bytes) -> bool:
        """Keep the frames; False when that is too much. One write may be of any size: it is no sign of a slow client."""
        was_empty = not self.items
        self.items.append(data)
        self.frames += count_frames(data)
        self.bytes += len(data)
        Backlog.waiting_bytes += len(data)
        return was_empty or (self.frames <= MAX_QUEUED_FRAMES and self.bytes <= MAX_QUEUED_BYTES)

    def take_all(self) -> bytes:
        """Take all data."""
        data = b"".join(self.items)
        self.clear()
        return data

    def take(self) -> bytes:
        """Take the oldest data."""
        data = self.items.pop(0)
        self.frames -= count_frames(data)
        self.bytes -= len(data)
        Backlog.waiting_bytes -= len(data)
        return data

    def clear(self) -> None:
        """Forget everything."""
        self.items.clear()
        Backlog.waiting_bytes -= self.bytes
        self.frames = self.bytes = 0


class Socket:
    """A client's socket. ``on_write_changed`` is called whenever ``write`` is another one, ``on_shutdown`` when the server stops."""

    __slots__ = ("_drained", "backlog", "close_code", "disconnect_code", "on_shutdown", "on_write_changed", "write")

    def __init__(self) -> None:
        self.backlog = Backlog()
        self.write: Write = self._enqueue
        self.on_write_changed: Callable[[], None] = _ignore
        self.on_shutdown: Callable[[], None] = self._restart
        self.close_code: CloseCode | None = None
        self.disconnect_code: int | None = None
        """The close code that the server's protocol saw, also where the client closed or did not answer pings."""
        self._drained = Gate()

    async def receive(self) -> str | bytes | None:
        """The next message; None when the connection is over."""
        raise NotImplementedError

    @property
    def is_behind(self) -> bool:
        """Whether the client has not taken yet what was written."""
        return not self._drained.is_set()

    async def drain(self) -> None:
        """Wait until the client has taken what was written.

        Raises:
            TimeoutError: it did not within 10 s.
        """
        async with asyncio.timeout(DRAIN_TIMEOUT_S):
            await self._drained.wait()

    def say_last(self, data: bytes) -> None:
        """Write what the client is to read before it is closed, though it may have fallen behind. No event: that would hide a hole."""
        self.write(data)

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Write nothing any more and close. Further calls are ignored."""
        if self.close_code is None:
            self.close_code = code
            self.backlog.clear()
            self._drained.set()
            self._use(_discard)
            self._close(code, reason)

    def ended(self) -> None:
        """The connection is over, or ends by the client's or the server's own doing."""
        self.close_code = self.close_code or CloseCode.GOING_AWAY
        self.backlog.clear()
        self._drained.set()
        self._use(_discard)
        self.on_write_changed = self.on_shutdown = _ignore

    def _restart(self) -> None:
        self.close(CloseCode.RESTART, "restart")

    def _use(self, write: Write) -> None:
        self.write = write
        self.on_write_changed()

    def _enqueue(self, data: bytes) -> None:
        self._drained.clear()
        if not self.backlog.add(data):
            self.close(CloseCode.SLOW_CONSUMER, "too slow: resume from your cursor")

    def _close(self, code: CloseCode, reason: str) -> None:
        raise NotImplementedError


class WsSocket(Socket):
    """A WebSocket. ``is_legacy``: of a client that comes back after the codes of RFC 6455 only. ``inflates``: frames may be compressed."""

    __slots__ = ("_socket", "inflates", "is_legacy")

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        super().__init__()
        self._socket = socket
        self.is_legacy = self.inflates = False

    def code_for_client(self, code: CloseCode) -> CloseCode:
        """The code that this client is sent for ``code``."""
        return CloseCode.OVERLOADED if self.is_legacy and code in COME_BACK_CODES else code

    async def receive(self) -> str | bytes | None:
        """As above."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            self.disconnect_code = message["code"]
        if message["type"] != "websocket.receive" or self.close_code is not None:
            return None
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data


class DirectSocket(WsSocket):
    """On ``FanoutProtocol``: while the client keeps up, ``write`` is the transport's own."""

    __slots__ = ("_door", "_write_now")

    def __init__(self, socket: WebSocket[Any, Any, Any], door: Door) -> None:
        super().__init__(socket)
        self._door = door
        self.inflates = door.inflates
        self._write_now: Write = door.transport.write
        self.write = self._enqueue if door.is_paused else self._write_now
        door.writer = self

    def paused(self) -> None:
        """The client does not keep up: collect."""
        if self.close_code is None:
            self._drained.clear()
            self._use(self._enqueue)

    def resumed(self) -> None:
        """It does again; what waited is handed over as far as it is taken."""
        if self.close_code is not None:
            return
        while self.backlog.items and not self._door.is_paused:
            self._write_now(self.backlog.take())
        if not self._door.is_paused:
            self._use(self._write_now)
            self._drained.set()

    def say_last(self, data: bytes) -> None:
        """As above, past the backlog."""
        if self.close_code is None:
            self._write_now(data)

    def _close(self, code: CloseCode, reason: str) -> None:
        self._door.close_now(self.code_for_client(code), reason)


class AsgiSocket(WsSocket):
    """On any ASGI server: a task sends what is in the backlog.

    A client that does not read cannot be told the close code in this way: its connection ends without, after a while.
    """

    __slots__ = ("_last", "_patience", "_sender", "_something")

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        super().__init__(socket)
        self._last = b""
        self._something = asyncio.Event()
        self._patience: asyncio.Timeout | None = None
        self._sender = asyncio.get_running_loop().create_task(self._send())

    async def receive(self) -> str | bytes | None:
        """As above."""
        try:
            async with asyncio.timeout(None if self.close_code is None else CLOSE_TIMEOUT_S) as self._patience:
                return await super().receive()
        except TimeoutError:
            return None
        finally:
            self._patience = None

    def say_last(self, data: bytes) -> None:
        """As above: the task sends it when the backlog was forgotten."""
        if self.close_code is None:
            self._last = data

    def ended(self) -> None:
        """As above; the task ends too."""
        super().ended()
        self._sender.cancel()

    def _enqueue(self, data: bytes) -> None:
        super()._enqueue(data)
        self._something.set()

    def _close(self, code: CloseCode, reason: str) -> None:
        self._something.set()
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + CLOSE_TIMEOUT_S)

    async def _send(self) -> None:
        with suppress(Exception):  # the client is gone; receive() says so too
            while self.close_code is None:
                await self._something.wait()
                self._something.clear()
                while self.backlog.items:
                    await self._send_frames(self.backlog.take())
                self._drained.set()
            if self._last:
                await self._send_frames(self._last)
            if self.close_code is not None:
                await self._socket.close(code=self.code_for_client(self.close_code))

    async def _send_frames(self, data: bytes) -> None:
        is_text = data[0] == TEXT
        for payload in split_frames(data):
            if self.close_code is not None and data is not self._last:
                return
            if is_text:
                await self._socket.send_text(payload.decode())
            else:
                await self._socket.send_bytes(payload)


def open_socket(socket: WebSocket[Any, Any, Any]) -> WsSocket:
    """The fastest way to write to an accepted socket."""
    extensions: Any = socket.scope.get("extensions") or {}
    door = extensions.get(EXTENSION)
    return DirectSocket(socket, door) if door is not None else AsgiSocket(socket)


def _ignore() -> None:
    """Stands in for a listener that is not there yet, or not any more."""


def _discard(_: bytes) -> None:
    """Drop data that is written after the end."""
