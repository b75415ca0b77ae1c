"""A server of the live channel that says what a test scripts: what a real one says only after a long time, or never."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

CONNECTED = {"connection_id": "c", "user_id": None, "cursor": "e.10", "epoch": "e", "limits": {}, "heartbeat_s": 25}

Message = dict[str, Any]


class Peer:
    """The server's end of a connection; keeps what the client sent."""

    def __init__(self, socket: ServerConnection, received: list[Message]) -> None:
        self.socket = socket
        self.received = received

    async def send(self, kind: str, payload: Any, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, "payload": payload, **fields}))

    async def post(self, number: int, cursor: str) -> None:
        await self.send("post", {"id": str(number)}, cursor=cursor, topics=["explore"])

    async def hear(self, kind: str) -> Message:
        """Say ok to everything before a message of this kind, and nothing to it."""
        while True:
            message: Message = json.loads(await self.socket.recv())
            self.received.append(message)
            if message["type"] == kind:
                return message
            await self._accept(message)

    async def answer_with_error(self, kind: str, code: str, *, has_id: bool) -> None:
        """Do so when a message of this kind comes; ``rate_limited`` comes without the message's id."""
        message = await self.hear(kind)
        await self.send(
            "error", {"code": code, "detail": f"No: {code}."}, **({"id": message.get("id")} if has_id else {})
        )

    async def refuse(self, message: Message, *, retry_after_s: float) -> None:
        """Answer that it came too fast."""
        payload = {"code": "rate_limited", "detail": "Too many messages; wait.", "retry_after_s": retry_after_s}
        await self.send("error", payload, id=message["id"])

    async def serve(self, until: Callable[[Message], bool]) -> Message:
        """Say ok, or pong, to everything up to a message."""
        while True:
            message: Message = json.loads(await self.socket.recv())
            self.received.append(message)
            await self._accept(message)
            if until(message):
                return message

    async def _accept(self, message: Message) -> None:
        if "id" in message:
            pong = message["type"] == "ping"
            await self.send("pong" if pong else "ok", None if pong else {"topics": []}, id=message["id"])
        if message["type"] == "subscribe" and (since := message["payload"].get("since")):
            await self.send("replayed", {"cursor": since, "events": 0})


@dataclass(frozen=True)
class Refusal:
    """What a server says, in place of ``connected``, to a connection that is not to be."""

    code: str
    close_code: int

    async def __call__(self, peer: Peer) -> None:
        await peer.send("error", {"code": self.code, "detail": f"No: {self.code}."})
        await peer.socket.close(self.close_code, self.code)


Script = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def acting(*scripts: Script, **greeting: Any) -> AsyncIterator[tuple[str, list[Message]]]:
    """A server that plays one script a connection, and the last one for all others. Its address, and what it received."""
    received: list[Message] = []
    left = list(scripts)

    async def play(socket: ServerConnection) -> None:
        peer = Peer(socket, received)
        script = left.pop(0) if len(left) > 1 else left[0]
        if not isinstance(script, Refusal):
            await peer.send("connected", {**CONNECTED, **greeting})
        await script(peer)

    async with serve(play, "127.0.0.1", 0, subprotocols=["x18.v1.json"]) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", received


def is_subscribe(message: Message) -> bool:
    return bool(message["type"] == "subscribe")


async def stay(peer: Peer) -> None:
    """Serve for ever."""
    await peer.serve(is_subscribe)
    await peer.socket.wait_closed()
