"""People who listen, and lose their connection all the time."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import Any

import websockets
from websockets.asyncio.client import connect

from tests.conftest import Account
from tests.frames import check_received
from tests.live import DURABLE
from tests.server import Server

LAST_WORDS_S = 60.0


@dataclass
class Listener:
    """A client with fixed subscriptions. ``got`` are the events in the order of arrival: (seq, type)."""

    account: Account | None
    topics: list[dict[str, Any]]
    servers: list[Server]
    seed: int
    cursor: str
    got: list[tuple[int, str]] = field(default_factory=list)
    posts: set[str] = field(default_factory=set)
    gaps: int = 0
    connections: int = 0

    async def run(self, stopping: asyncio.Event, fence: asyncio.Future[str]) -> None:
        """Connect and drop until the end, then stay until the post of ``fence`` has come."""
        chance = random.Random(self.seed)
        while not fence.done():
            if stopping.is_set():
                await asyncio.wait([fence])
            else:
                await self._listen(chance, chance.uniform(0.1, 2.5), None)
        deadline = asyncio.get_running_loop().time() + LAST_WORDS_S
        while fence.result() not in self.posts and asyncio.get_running_loop().time() < deadline:
            await self._listen(chance, 10.0, fence.result())

    async def _listen(self, chance: random.Random, seconds: float, last: str | None) -> None:
        """One connection, at most until ``last`` has come."""
        server = chance.choice(self.servers)
        headers = self.account.headers if self.account else {}
        self.connections += 1
        try:
            async with (
                asyncio.timeout(seconds),
                connect(server.ws_url, additional_headers=headers, max_size=None) as socket,
            ):
                await socket.recv()
                payload = {"topics": self.topics, "since": self.cursor}
                await socket.send(json.dumps({"type": "subscribe", "payload": payload}))
                try:
                    async for data in socket:
                        self._take(json.loads(data))
                        if last in self.posts:
                            return
                finally:
                    if chance.random() < 0.5:
                        socket.transport.abort()  # type: ignore[attr-defined]
        except (TimeoutError, OSError, websockets.WebSocketException):
            pass

    def _take(self, message: dict[str, Any]) -> None:
        check_received(message)
        if message["type"] == "gap":
            self.gaps += 1
        if message["type"] in DURABLE:
            self.cursor = message["cursor"]
            if message["type"] != "user.updated":  # the model knows posts and notifications
                self.got.append((int(self.cursor.split(".")[1]), message["type"]))
        if message["type"] == "post":
            self.posts.add(message["payload"]["id"])
