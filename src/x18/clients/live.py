"""A client of X18's live channel in one file: copy it, it needs nothing but ``websockets``.

    async for event in Live("http://localhost:8080", ["explore"]):
        print(event.type, event.payload)

It connects again when the connection breaks, subscribes again, resumes where it stood, and gives every event once and in order.
Where the server cannot close a hole any more it says so with an event of type ``gap``, whose payload names the REST addresses to
read; ``connected`` and ``disconnected`` tell of the connection itself.
"""

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

Topic = str | dict[str, Any]
"""``"explore"``, or with a filter ``{"topic": "explore", "filter": {"symbol": ["BTC-USD"]}}``."""

TokenSource = Callable[[], Awaitable[str]]
"""Gives an access token that is still good; asked at every connection and before the token expires.

Where that is impossible just now it raises ``OSError``, and is asked again on another connection; any other error is the reader's.
"""

DURABLE = frozenset(
    {
        "post",
        "post.deleted",
        "retweet",
        "retweet.deleted",
        "notification",
        "notification.read",
        "notification.deleted",
        "notification.restored",
        "user.updated",
    }
)
PASSING_ERRORS = frozenset({"rate_limited", "unavailable", "token_expired"})
"""Another connection has another chance; with another token, after the last. This one may stand, without its topics."""

FINAL_CODES = frozenset({1003, 1007, 1009, 4400, 4401, 4403, 4409})
FIRST_DELAY_S, LONGEST_DELAY_S = 0.2, 10.0
GREETING_S = 30.0


class Refused(Exception):
    """The server does not want this connection, or not this subscription; trying again in the same way is of no use."""


class _Passing(Exception):
    """Come back on another connection."""


@dataclass(frozen=True)
class Event:
    """An event. ``cursor`` may be stored: given as ``since``, it continues there in another process."""

    type: str
    payload: Any
    topics: tuple[str, ...] = ()
    cursor: str | None = None


class Live:
    """An endless, ordered stream of events. Iterate over it once."""

    def __init__(
        self, url: str, topics: Sequence[Topic], *, token: TokenSource | None = None, since: str | None = None
    ) -> None:
        self._url = url.rstrip("/").replace("http", "ws", 1) + "/ws"
        self._topics = [{"topic": topic} if isinstance(topic, str) else topic for topic in topics]
        self._token = token
        self._failures = 0
        self._after_ms: int | None = None
        self._is_subscribed = False
        self.cursor = since

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events, for ever.

        Raises:
            Refused: the server closed for good, or refused the topics.
        """
        while True:
            try:
                async with connect(
                    self._url, subprotocols=[websockets.Subprotocol("x18.v1.json")], max_size=None
                ) as socket:
                    async for event in self._events(socket):
                        yield event
                reason = "closed"
            except (_Passing, OSError, TimeoutError, websockets.InvalidHandshake, websockets.InvalidMessage) as error:
                errno = getattr(error, "errno", None)
                reason = os.strerror(errno) if errno else str(error) or type(error).__name__
            except websockets.ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                if code in FINAL_CODES:
                    raise Refused(f"closed with {code}: {closed.rcvd.reason if closed.rcvd else ''}") from closed
                reason = f"closed with {code}"
            delay = self._next_delay()
            yield Event("disconnected", {"reason": reason, "again_in_s": round(delay, 1)})
            await asyncio.sleep(delay)

    async def _events(self, socket: ClientConnection) -> AsyncIterator[Event]:
        self._is_subscribed = False
        connected = await _greeting(socket)
        if self._token is not None:
            await _send(socket, "auth", {"token": await self._token()})
        if self.cursor is None:
            self.cursor = connected["cursor"]
        await _send(socket, "subscribe", {"topics": self._topics, "since": self.cursor})
        yield Event("connected", connected)
        while True:
            async with asyncio.timeout(connected["heartbeat_s"] * 2.5):
                message = json.loads(await socket.recv())
            event = await self._take(socket, message)
            if event is not None:
                yield event

    async def _take(self, socket: ClientConnection, message: dict[str, Any]) -> Event | None:
        kind: str = message["type"]
        payload: Any = message.get("payload")
        if kind in DURABLE:
            self._failures = 0
            if not self._is_new(message["cursor"]):
                return None
            self.cursor = message["cursor"]
            return Event(kind, payload, tuple(message["topics"]), self.cursor)
        if kind == "ok" and message.get("id") == "subscribe":
            self._is_subscribed = True
        elif kind == "heartbeat" and self._is_subscribed and self._is_new(payload["cursor"]):
            self._failures = 0
            self.cursor = payload["cursor"]  # before the subscription's ok it would be a step over what was not sent
        elif kind == "gap":
            self.cursor = payload["cursor"]
            return Event(kind, payload, (), self.cursor)
        elif kind == "auth_expiring" and self._token is not None:
            await _send(socket, "auth", {"token": await self._token()})
        elif kind == "reconnect":
            self._after_ms = payload["after_ms"]
        elif kind == "error":
            raise (_Passing if payload["code"] in PASSING_ERRORS else Refused)(payload["detail"])
        elif kind in ("counts", "test"):
            return Event(kind, payload, tuple(message.get("topics", ())))
        return None

    def _is_new(self, cursor: str) -> bool:
        """Whether a cursor is ahead of ours; one of another epoch always is."""
        epoch, _, seq = cursor.partition(".")
        ours, _, last = (self.cursor or ".").partition(".")
        return epoch != ours or int(seq) > int(last or 0)

    def _next_delay(self) -> float:
        """Seconds until the next attempt: twice as long each time, at random so that not all clients come at once."""
        if self._after_ms is not None:
            delay, self._after_ms = self._after_ms / 1000, None
            return delay
        self._failures += 1
        return random.uniform(0, min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(self._failures, 10)))


async def _greeting(socket: ClientConnection) -> Any:
    """Wait for ``connected`` and return it. Where an error comes in its place, the close code after it tells whether it is final."""
    async with asyncio.timeout(GREETING_S):
        first = json.loads(await socket.recv())
        if first["type"] != "error":
            return first["payload"]
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code in FINAL_CODES:
                raise Refused(first["payload"]["detail"]) from closed
            raise


async def _send(socket: ClientConnection, kind: str, payload: Any) -> None:
    """The answer carries the kind as its id."""
    await socket.send(json.dumps({"type": kind, "id": kind, "payload": payload}))
