"""Clients that take compressed frames, and clients that do not, get the same."""

import asyncio
import json

import msgspec
import pytest
from websockets.asyncio.client import connect

from tests.conftest import MakeUser
from tests.live import live
from tests.raw import TEXT, frame, upgraded
from tests.server import Server

CONTENTS = ["gm", "$BTC-USD breaks out, " * 12, "🚀🚀 #btc " * 400, "".join(map(chr, range(0x4E00, 0x5200)))]


@pytest.mark.parametrize("subprotocol", ["x18.v1.json", "x18.v1.msgpack"])
async def test_the_same_messages_arrive_side_by_side(
    compressing: Server, make_user: MakeUser, subprotocol: str
) -> None:
    author = await make_user()
    topics = [{"topic": f"user:{author.id}"}, {"topic": "symbol:BTC-USD"}]
    coder = msgspec.json if subprotocol == "x18.v1.json" else msgspec.msgpack
    subscribe = coder.encode({"type": "subscribe", "id": 1, "payload": {"topics": topics}})
    heard: list[list[object]] = []
    expected = 3 * len(CONTENTS)

    async def listen(compression: str | None, subscribed: asyncio.Event, *, misses: bool = False) -> None:
        options = {"subprotocols": [subprotocol], "compression": compression, "max_size": None}
        async with connect(compressing.ws_url, **options) as client:
            agreed = client.response.headers.get("Sec-WebSocket-Extensions") if client.response else None
            assert (agreed is not None) == (compression == "deflate")
            await client.send(subscribe if coder is msgspec.msgpack else subscribe.decode())
            messages: list[object] = []
            async for data in client:
                message = coder.decode(data)
                if message["type"] == "ok":
                    subscribed.set()
                elif message["type"] == "post":
                    messages.append(message)
                    if len(messages) == expected:
                        break
            heard.append(messages)

    ready = [asyncio.Event() for _ in range(6)]
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for number, event in enumerate(ready):
            group.create_task(listen("deflate" if number % 2 else None, event))
        for event in ready:
            await event.wait()
        for _ in range(3):
            for answer in await asyncio.gather(
                *(author.client.post("/api/posts", json={"content": content}) for content in CONTENTS)
            ):
                assert answer.status_code == 201, answer.text

    assert len(heard) == len(ready)
    assert all(messages == heard[0] for messages in heard)


async def test_a_long_event_is_compressed_and_what_is_said_to_one_client_is_not(
    compressing: Server, make_user: MakeUser
) -> None:
    author = await make_user()
    subscribe = json.dumps({"type": "subscribe", "payload": {"topics": [{"topic": f"user:{author.id}"}]}}).encode()
    async with (
        upgraded(compressing, Sec_WebSocket_Extensions="permessage-deflate") as compressed,
        upgraded(compressing) as plain,
    ):
        for raw in (compressed, plain):
            raw.send(frame(TEXT, subscribe))
            answer = await raw.read()
            assert (answer.head, b'"ok"' in answer.payload) == (0x80, True)
        await author.client.post("/api/posts", json={"content": "$BTC-USD breaks out, " * 50})
        short, whole = await compressed.read(), await plain.read()

    assert (short.head, whole.head) == (0xC0, 0x80)
    assert len(short.payload) < len(whole.payload) / 2


async def test_what_was_missed_comes_in_order_with_what_is_live(compressing: Server, make_user: MakeUser) -> None:
    author = await make_user()
    async with live(compressing) as client:
        assert client.socket.protocol.extensions
        cursor = client.cursor
        made = [
            (await author.client.post("/api/posts", json={"content": "long " * 100})).json()["id"] for _ in range(30)
        ]
        await client.subscribe(f"user:{author.id}", since=cursor)
        made.append((await author.client.post("/api/posts", json={"content": "live " * 100})).json()["id"])
        await client.wait_for_post(made[-1])
        assert client.post_ids == made


async def test_who_may_not_see_a_post_gets_nothing_of_it_compressed_either(
    compressing: Server, make_user: MakeUser
) -> None:
    author, follower, stranger = await make_user(), await make_user(), await make_user()
    await follower.client.post(f"/api/users/{author.id}/follow")
    topic = f"user:{author.id}"
    async with (
        live(compressing, follower.access_token, topic) as one,
        live(compressing, stranger.access_token, topic) as other,
    ):
        secret = {"content": "for followers " * 50, "visibility": "followers"}
        made = (await author.client.post("/api/posts", json=secret)).json()["id"]
        fence = (await author.client.post("/api/posts", json={"content": "for all " * 50})).json()["id"]
        await one.wait_for_post(fence)
        await other.wait_for_post(fence)
        assert one.post_ids == [made, fence]
        assert other.post_ids == [fence]
