"""A live client that keeps every message it gets, and holds each against the AsyncAPI document."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.frames import Message, Undocumented, check_received, check_sent
from tests.server import Server

DEADLINE_S = 30.0
SETTLE_S = 0.5

DURABLE = (
    "post",
    "post.deleted",
    "retweet",
    "retweet.deleted",
    "notification",
    "notification.read",
    "notification.deleted",
    "notification.restored",
    "user.updated",
)


class Live:
    """A connection, and all that came over it so far."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[Message] = []
        self.texts: list[str] = []
        """The same as they came."""
        self.close_code: int | None = None
        self.violation: Undocumented | None = None
        self._asked: dict[Any, Message] = {}
        self._arrived = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self._ids = 0

    @classmethod
    async def open(cls, server: Server, token: str | None = None, *, path: str = "/ws", **options: Any) -> Self:
        """Connect, with the token in the header where there is one, and wait for ``connected``."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers.update(options.pop("headers", {}))
        url = server.url.replace("http", "ws", 1) + path
        live = cls(await connect(url, additional_headers=headers, open_timeout=10, max_size=None, **options))
        await live.wait_for(lambda message: message["type"] in ("connected", "error"))
        return live

    async def _read(self) -> None:
        try:
            async for data in self.socket:
                message = json.loads(data)
                self.texts.append(data if isinstance(data, str) else data.decode())
                self._check(message)
                self.messages.append(message)
                self._arrived.set()
        except websockets.ConnectionClosedError:
            pass
        except Undocumented as violation:
            self.violation = violation
        self.close_code = self.socket.close_code
        self._arrived.set()

    def _check(self, message: Message) -> None:
        check_received(message)
        asked = self._asked.pop(message.get("id"), None)
        if asked is not None and message["type"] != "error":
            check_sent(asked)

    @property
    def cursor(self) -> str:
        """The newest cursor that this client was told."""
        for message in reversed(self.messages):
            cursor = message.get("cursor") or (message.get("payload") or {}).get("cursor")
            if message["type"] in (*DURABLE, "connected", "heartbeat", "gap") and cursor:
                return str(cursor)
        raise AssertionError("no cursor yet")

    @property
    def events(self) -> list[Message]:
        """The durable events so far."""
        return [message for message in self.messages if message["type"] in DURABLE]

    @property
    def post_ids(self) -> list[str]:
        """The posts that came, in order."""
        return [message["payload"]["id"] for message in self.events if message["type"] == "post"]

    async def wait_for(self, found: Callable[[Message], bool], *, seconds: float = DEADLINE_S) -> Message:
        """The first message, past or to come, that is what we look for."""
        seen = 0
        async with asyncio.timeout(seconds):
            while True:
                for message in self.messages[seen:]:
                    seen += 1
                    if found(message):
                        return message
                self.raise_violation()
                if self.close_code is not None:
                    raise AssertionError(f"closed with {self.close_code}; got {self.messages}")
                self._arrived.clear()
                if seen == len(self.messages) and self.close_code is None:
                    await self._arrived.wait()

    async def wait_for_type(self, kind: str, **options: Any) -> Message:
        """The first message of a type."""
        return await self.wait_for(lambda message: message["type"] == kind, **options)

    async def wait_for_post(self, post_id: str, **options: Any) -> Message:
        """The event of a post."""
        return await self.wait_for(
            lambda message: message["type"] == "post" and message["payload"]["id"] == post_id, **options
        )

    async def wait_until_closed(self, seconds: float = DEADLINE_S) -> int:
        """The close code."""
        async with asyncio.timeout(seconds):
            while self.close_code is None:
                self.raise_violation()
                self._arrived.clear()
                if self.close_code is None:
                    await self._arrived.wait()
        return self.close_code

    async def send(self, kind: str, payload: Any = None, **fields: Any) -> None:
        """Send a message without waiting for its answer."""
        message = {"type": kind, "payload": payload, **fields}
        if fields.get("id") is not None:
            self._asked[fields["id"]] = message
        await self.socket.send(json.dumps(message))

    async def ask(self, kind: str, payload: Any = None) -> Message:
        """Send a message and give its answer."""
        self._ids += 1
        number = self._ids
        await self.send(kind, payload, id=number)
        return await self.wait_for(lambda message: message.get("id") == number)

    async def subscribe(self, *topics: str | Message, since: str | None = None) -> Message:
        """Subscribe, and fail unless that is accepted."""
        wanted = [topic if isinstance(topic, dict) else {"topic": topic} for topic in topics]
        payload: Message = {"topics": wanted}
        if since is not None:
            payload["since"] = since
        answer = await self.ask("subscribe", payload)
        assert answer["type"] == "ok", answer
        return answer

    async def settle(self, marker: str) -> None:
        """Wait until everything before the post ``marker`` must have come: it is on a topic of this client."""
        await self.wait_for_post(marker)

    async def close(self) -> None:
        """Go away."""
        await self.socket.close()
        await self._reader
        self.raise_violation()

    def raise_violation(self) -> None:
        """Fail if a frame was not as the document says."""
        if self.violation is not None:
            raise self.violation


@asynccontextmanager
async def live(server: Server, token: str | None = None, *topics: str | Message, **options: Any) -> AsyncIterator[Live]:
    """A connection for the block, subscribed."""
    client = await Live.open(server, token, **options)
    try:
        if topics:
            await client.subscribe(*topics)
        yield client
    finally:
        await client.close()
