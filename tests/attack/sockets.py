"""Attacks by the live channel: sockets and event streams."""

import asyncio
import json
import random
from typing import Any

from tests.attack.attacker import Attacker
from tests.attack.wire import Wire
from tests.raw import BINARY, CONTINUATION, PING, TEXT, frame

MANY = 90
LETTERS = "abcdefghijklmnop"


def message(kind: str, payload: Any = None, **fields: Any) -> bytes:
    """A message of a client, in a frame."""
    return frame(TEXT, json.dumps({"type": kind, "payload": payload, **fields}, separators=(",", ":")).encode())


async def replays_of_streams(me: Attacker) -> None:
    """Resumes from far back over event streams, left at once (H2)."""

    async def press(_: int, wire: Wire) -> None:
        while me.is_on:
            await wire.send(
                f"GET /api/stream?topics=explore&since={me.facts['cursor']} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            )
            head = await (await wire.open())[0].readuntil(b"\r\n\r\n")
            me.saw(head[9:12].decode())
            wire.drop()

    await me.crowd(20, press)


async def replays_of_sockets(me: Attacker) -> None:
    """The same over sockets (H2)."""
    subscribe = message("subscribe", {"topics": [{"topic": "explore"}], "since": me.facts["cursor"]})

    async def press(number: int, wire: Wire) -> None:
        while me.is_on:
            me.saw(await wire.upgrade(**(me.login(number) if number % 2 else {})))
            await wire.send(subscribe)
            await (await wire.open())[0].read(200)
            wire.drop()

    await me.crowd(20, press)


async def wide_filters(me: Attacker) -> None:
    """Sockets with all the topics and filters that they may have, while an account posts what belongs to many (H3)."""
    topics = [f"hashtag:{a}{b}" for a in LETTERS for b in LETTERS][:50] + [f"tag:t{n}" for n in range(27)]
    values = [f"{a}{b}" for a in LETTERS for b in LETTERS][:20]
    content = " ".join(f"#{a}{b} ${a}{b}".upper() for a in LETTERS for b in LETTERS)[:450]
    draft = json.dumps(
        {"content": content, "metadata": {"category": "x20", "tags": [f"t{n}" for n in range(27)]}}
    ).encode()

    async def listen(number: int, wire: Wire) -> None:
        if number == 0:
            await asyncio.sleep(0.3)
            while me.is_on:
                async with me.wire() as other:
                    me.saw(await other.ask("POST", "/api/posts", draft, **me.login(me.number)))
                await asyncio.sleep(0.05)
        me.saw(await wire.upgrade())
        for begin in range(0, len(topics), 25):
            some = [
                {"topic": topic, "filter": {"tag": values, "has_media": False}} for topic in topics[begin : begin + 25]
            ]
            await wire.send(message("subscribe", {"topics": some}))
            await wire.send(
                message("subscribe", {"topics": [{"topic": topic} for topic in topics[begin : begin + 25]]})
            )
        await wire.swallow()

    await me.crowd(MANY, listen)


async def handshakes(me: Attacker) -> None:
    """Sockets that are opened and left, at right and wrong addresses, with good and bad tokens."""
    paths = ("/ws", "/api/ws", "/ws/notifications?token=x", "/nothing", "/ws?ticket=x", "/api/stream?topics=explore")

    async def press(number: int, wire: Wire) -> None:
        while me.is_on:
            headers = random.choice(({}, me.login(me.number), {"Authorization": "Bearer x.y.z"}, {"Origin": "null"}))
            me.saw(await wire.upgrade(paths[me.number % len(paths)], **headers))
            wire.drop()

    await me.crowd(MANY, press)


async def _storm(
    me: Attacker, size: int, *frames: bytes, login: bool = False, subprotocol: str = "x18.v1.json", share: float = 1.0
) -> None:
    """Sockets that say these over and over, come back when they are closed, and read what they are told."""

    async def press(number: int, wire: Wire) -> None:
        while me.is_on:
            headers = me.login(number) if login else {}
            me.saw(status := await wire.upgrade(Sec_WebSocket_Protocol=subprotocol, **headers))
            if status != 101:
                await asyncio.sleep(0.05)
                continue
            reading = asyncio.create_task(wire.swallow())
            try:
                while me.is_on and not reading.done():
                    for one in frames:
                        await wire.send(one)
                    await asyncio.sleep(0)
            except (OSError, EOFError):
                me.saw("closed")
            reading.cancel()
            wire.drop()

    await me.crowd(size, press, share)


async def subscriptions(me: Attacker) -> None:
    """Topics with filters taken and left, sixteen kilobytes a message."""
    values = [f"value of a filter {n}" for n in range(20)]
    topics = [{"topic": f"hashtag:{n}é", "filter": {"tag": values, "symbol": values[:10]}} for n in range(16)]
    left = {"topics": [topic["topic"] for topic in topics]}
    await _storm(me, MANY, message("subscribe", {"topics": topics}), message("unsubscribe", left))


async def watches(me: Attacker) -> None:
    """Posts watched and watched again, another four hundred on each socket."""

    async def press(number: int, wire: Wire) -> None:
        posts = me.facts["posts"]
        begin = number * 400 % max(1, len(posts) - 400)
        some = {"posts": posts[begin : begin + 400]}
        me.saw(await wire.upgrade())
        reading = asyncio.create_task(wire.swallow())
        while me.is_on and not reading.done():
            await wire.send(message("unwatch", some) + message("watch", some))
            await asyncio.sleep(1.05)
        me.saw("closed" if reading.done() else "open")

    await me.crowd(MANY, press)


async def clocks(me: Attacker) -> None:
    """Every socket another rate of the topic ``test``."""

    async def listen(number: int, wire: Wire) -> None:
        me.saw(await wire.upgrade())
        await wire.send(message("subscribe", {"topics": [{"topic": f"test?rate={200 - number}"}]}))
        await wire.swallow()
        me.saw("closed")

    await me.crowd(MANY, listen)


async def calls(me: Attacker) -> None:
    """Calls of accounts over many sockets, thirty at once on each, left before they are answered."""
    asked = b"".join(
        message("call", {"method": "GET", "path": "/api/timeline/explore?limit=100"}, id=n) for n in range(30)
    )

    async def press(number: int, wire: Wire) -> None:
        while me.is_on:
            me.saw(await wire.upgrade(**me.login(number)))
            await wire.send(asked)
            await (await wire.open())[0].read(1_000)
            wire.drop()

    await me.crowd(MANY, press)


async def pings(me: Attacker) -> None:
    """Control frames, which no limit of messages counts."""
    await _storm(me, 20, frame(PING) * 5_000)


async def fragments(me: Attacker) -> None:
    """Messages in fragments of one byte, and of none."""
    body = b"".join(frame(CONTINUATION, b" ", final=False) for _ in range(3_000))
    nothing = frame(CONTINUATION, final=False) * 3_000
    await _storm(me, 20, frame(TEXT, b"{", final=False) + body + nothing + frame(CONTINUATION, b"}"))


async def bad_messages(me: Attacker) -> None:
    """What is no message, deep, wide or long, in both encodings."""
    junk = (
        frame(TEXT, b"[" * 16_000),
        frame(TEXT, b'{"type":"ping","payload":' + b"[" * 500 + b"]" * 500 + b"}"),
        frame(TEXT, b'{"type":"' + b"x" * 16_000 + b'"}'),
        frame(TEXT, b'{"id":' + b"9" * 16_000 + b"}"),
    )
    await _storm(me, MANY // 2, *junk, share=0.5)
    packed = (
        frame(BINARY, b"\x91" * 16_000),
        frame(BINARY, b"\xdd\xff\xff\xff\xff"),
        frame(BINARY, b"\xdc\x3f\xff" + b"\x80" * 16_000),
    )
    await _storm(me, MANY // 2, *packed, subprotocol="x18.v1.msgpack", share=0.5)


async def slow_readers(me: Attacker) -> None:
    """Sockets that ask for much and read nothing."""

    async def press(number: int, wire: Wire) -> None:
        while me.is_on:
            me.saw(await wire.upgrade())
            await wire.send(message("subscribe", {"topics": [{"topic": "explore"}, {"topic": "test?rate=200"}]}))
            asked = message("ping", "x" * 15_000)
            for _ in range(30):
                await wire.send(asked)
            await asyncio.sleep(1)
            wire.drop()

    await me.crowd(MANY, press)
