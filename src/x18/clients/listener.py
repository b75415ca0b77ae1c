"""A live connection that counts what it gets, also what it got before: ``clients/live.py`` would drop that without a word."""

import asyncio
import itertools
import random
from contextlib import suppress

import msgspec
import websockets
from websockets.asyncio.client import ClientConnection, connect

from x18.clients.delivery import Delivery

PATIENCE_S = 20.0
SILENCE_S = 60.0
"""A server that says nothing for more than two heartbeats is gone."""

_numbers = itertools.count()


class Refused(Exception):
    """The server does not want this connection."""


class _Payload(msgspec.Struct):
    id: str = ""
    created_at: str = ""
    cursor: str = ""
    code: str = ""
    detail: str = ""


class _Message(msgspec.Struct):
    type: str
    payload: _Payload | None = None
    cursor: str = ""


_decoder = msgspec.json.Decoder(_Message)


class Listener:
    """Subscribed to one topic from ``start`` to ``close``; connects again with its cursor when the connection breaks."""

    def __init__(self, url: str, topic: str, delivery: Delivery) -> None:
        self._url = url.rstrip("/").replace("http", "ws", 1) + "/ws"
        self._topic = topic
        self._delivery = delivery
        self._number = next(_numbers)
        self._cursor = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and subscribe.

        Raises:
            Refused: the server does not want more connections from here.
        """
        socket = await self._open()
        self._task = asyncio.create_task(self._listen(socket))

    async def close(self) -> None:
        """Hear no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._task

    async def _open(self) -> ClientConnection:
        socket = await connect(self._url, max_size=None, open_timeout=PATIENCE_S, compression=None)
        try:
            async with asyncio.timeout(PATIENCE_S):
                connected = _decoder.decode(await socket.recv())
                self._cursor = self._cursor or (connected.payload or _Payload()).cursor
                subscribe = {"topics": [{"topic": self._topic}], "since": self._cursor}
                await socket.send(msgspec.json.encode({"type": "subscribe", "payload": subscribe}).decode())
                while (message := _decoder.decode(await socket.recv())).type != "ok":
                    if message.type == "error":
                        raise Refused((message.payload or _Payload()).detail)
                    self._take(message)
        except websockets.ConnectionClosed as closed:
            reason = closed.rcvd.reason if closed.rcvd else "no reason"
            raise Refused(
                f"the server closed a connection: {reason} (a server for load tests: RATE_LIMITS=off)"
            ) from closed
        return socket

    async def _listen(self, socket: ClientConnection | None) -> None:
        while True:
            try:
                socket = socket or await self._open()
                await self._hear(socket)
            except (OSError, TimeoutError, Refused, websockets.WebSocketException):
                socket = None
                self._delivery.reconnects += 1
                await asyncio.sleep(random.uniform(0.1, 1))

    async def _hear(self, socket: ClientConnection) -> None:
        try:
            while True:
                async with asyncio.timeout(SILENCE_S):
                    data = await socket.recv()
                self._take(_decoder.decode(data))
        finally:
            await socket.close()

    def _take(self, message: _Message) -> None:
        if message.cursor:
            self._cursor = message.cursor
        if message.type == "post" and message.payload is not None:
            self._delivery.received(self._number, message.payload.id, message.payload.created_at)
        elif message.type in ("heartbeat", "gap") and message.payload is not None:
            self._cursor = message.payload.cursor
