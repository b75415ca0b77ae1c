"""REST over the socket: the same endpoints, limits and errors."""

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest
from websockets import Subprotocol
from websockets.asyncio.client import connect

from tests.conftest import MakeUser
from tests.flows.test_delivery import post
from tests.frames import check_received
from tests.live import Live, Message, live
from tests.server import Server
from x18.core.ids import new_id
from x18.realtime.calls import MAX_ANSWER_BYTES


async def call(client: Live, method: str, path: str, **more: Any) -> Message:
    answer = await client.ask("call", {"method": method, "path": path, **more})
    assert answer["type"] == "result", answer
    return dict(answer["payload"])


async def test_a_call_is_answered_as_the_request_would_be(server: Server, make_user: MakeUser) -> None:
    user, other = await make_user("trader"), await make_user("other")
    async with live(server, user.access_token, "home") as client:
        made = await call(client, "POST", "/api/posts/", body={"content": "over the wire #calls"})
        assert made["status"] == 201
        await client.wait_for_post(made["body"]["id"])
        for path, query in (
            (f"/api/posts/{made['body']['id']}", {}),
            ("/api/users/me", {}),
            ("/api/timeline/user/" + str(user.id), {"limit": 5, "count": True}),
            ("/api/timeline/search", {"tag": ["a", "b"], "limit": 1}),
            ("/api/search/hashtag/%23calls", {}),
            ("/api/search/hashtag/ключ ü", {}),
            ("/api/nothing", {}),
        ):
            asked = await call(client, "GET", path, query=query)
            expected = await user.client.get(path, params=query)
            same = expected.json()
            if asked["status"] >= 400:
                same = {**same, "request_id": asked["body"]["request_id"]}
            assert (asked["status"], asked["body"]) == (expected.status_code, same), path
            assert asked["headers"]["x-request-id"]
            assert asked["headers"].get("link") == expected.headers.get("link")
        bad = await call(client, "PATCH", "/api/users/me", body={"display_name": 5})
        assert (bad["status"], bad["body"]["code"]) == (400, "bad_input")
        theirs = await post(other, visibility="private")
        assert (await call(client, "GET", f"/api/posts/{theirs['id']}"))["status"] == 404
        assert (await call(client, "DELETE", f"/api/posts/{theirs['id']}"))["status"] in (403, 404)
        assert (await call(client, "DELETE", f"/api/posts/{made['body']['id']}"))["body"] == {"success": True}


async def test_without_an_account_a_call_is_anonymous(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with live(server) as client:
        assert (await call(client, "GET", "/api/users/me"))["status"] == 401
        assert (await call(client, "GET", "/api/timeline/explore?limit=1"))["status"] == 200
        await client.ask("auth", {"token": user.access_token})
        assert (await call(client, "GET", "/api/users/me"))["body"]["id"] == str(user.id)


async def test_what_cannot_be_called_is_refused(server: Server) -> None:
    async with live(server) as client:
        for payload, code in (
            ({"method": "GET", "path": "/health"}, "bad_call"),
            ({"method": "GET", "path": "https://elsewhere/api"}, "bad_call"),
            ({"method": "GET", "path": "/api/symbols/%ff"}, "bad_call"),
            ({"method": "GET", "path": "/api/symbols?query=%ed%a0%80"}, "bad_call"),
            ({"method": "CONNECT", "path": "/api"}, "bad_message"),
            ({"method": "GET", "path": "/api", "query": {"a": {"b": 1}}}, "bad_message"),
        ):
            answer = await client.ask("call", payload)
            assert (answer["type"], answer["payload"]["code"]) == ("error", code), payload
        stream = await call(client, "GET", "/api//stream?topics=explore")
        assert (stream["status"], stream["body"]["code"]) == (400, "bad_call")


async def test_calls_run_side_by_side_and_are_told_apart(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    posts = [(await post(user, f"number {number}"))["id"] for number in range(20)]
    async with live(server, user.access_token) as client:
        for number, post_id in enumerate(posts):
            await client.send("call", {"method": "GET", "path": f"/api/posts/{post_id}"}, id=f"call {number}")
        for number, post_id in enumerate(posts):
            answer = await client.wait_for(lambda message, number=number: message.get("id") == f"call {number}")
            assert answer["payload"]["body"]["id"] == post_id


async def test_the_thirty_third_call_at_once_is_refused(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user = await make_user()
    about = await post(user)
    like = {"method": "POST", "path": f"/api/posts/{about['id']}/like"}
    async with live(server, user.access_token) as client, database.acquire() as connection:
        async with connection.transaction():  # while it holds the row, none of them ends
            await connection.execute("SELECT 1 FROM post_stats WHERE post_id = $1::text::uuid FOR UPDATE", about["id"])
            for number in range(40):
                await client.send("call", like, id=number)
            refused = [
                await client.wait_for(lambda message, number=number: message.get("id") == number)
                for number in range(32, 40)
            ]
        answers = [
            await client.wait_for(lambda message, number=number: message.get("id") == number) for number in range(32)
        ]
    assert {(one["type"], one["payload"].get("code")) for one in refused} == {("error", "too_many_calls")}
    assert {one["type"] for one in answers} == {"result"}
    assert {one["payload"]["status"] for one in answers} <= {200, 201, 503}, "503 where no connection came free in time"


async def test_message_pack_calls_carry_the_body_as_message_pack(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with (
        connect(
            server.ws_url,
            subprotocols=["x18.v1.msgpack"],
            additional_headers=user.headers,  # type: ignore[list-item]
        ) as socket,
        asyncio.timeout(30),
    ):
        await socket.recv()
        asked = {"type": "call", "id": 1, "payload": {"method": "GET", "path": "/api/users/me"}}
        await socket.send(msgspec.msgpack.encode(asked))
        answer = msgspec.msgpack.decode(await socket.recv())
        check_received(answer)
        assert answer["type"] == "result"
        assert answer["payload"]["body"]["username"] == user.username


@pytest.mark.parametrize("body", [msgspec.msgpack.Ext(5, b"x"), {"username": msgspec.msgpack.Ext(5, b"x")}, {None: 1}])
async def test_a_message_pack_body_that_json_cannot_say_is_the_clients_mistake(server: Server, body: Any) -> None:
    async with connect(server.ws_url, subprotocols=[Subprotocol("x18.v1.msgpack")]) as socket, asyncio.timeout(30):
        await socket.recv()
        payload = {"method": "POST", "path": "/api/auth/login", "body": body}
        await socket.send(msgspec.msgpack.encode({"type": "call", "id": 1, "payload": payload}))
        answer = msgspec.msgpack.decode(await socket.recv())
        check_received(answer)

    assert (answer["type"], answer["payload"]["code"], answer["id"]) == ("error", "bad_call", 1)


async def test_a_call_that_ends_the_session_is_answered_before_the_close(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with live(server, user.access_token) as client:
        assert (await call(client, "POST", "/api/auth/logout", body={}))["status"] == 200
        assert await client.wait_until_closed() == 4403


LARGE = """
    WITH post AS (INSERT INTO posts (id, author_id, visibility, content)
                  SELECT id, $1, 0, repeat('я', 5000) FROM unnest($2::uuid[]) id RETURNING id),
         stats AS (INSERT INTO post_stats (post_id) SELECT id FROM post)
    INSERT INTO feed_entries (id, actor_id, post_id) SELECT id, $1, id FROM post"""


async def test_an_answer_has_a_mebibyte(server: Server, make_user: MakeUser, database: asyncpg.Pool) -> None:
    user = await make_user()
    await database.execute(LARGE, user.id, [new_id() for _ in range(120)])
    path = f"/api/users/{user.id}/posts"
    async with live(server, user.access_token) as client:
        small = await call(client, "GET", f"{path}?limit=90")
        large = await client.ask("call", {"method": "GET", "path": f"{path}?limit=100"})

        assert len((await user.client.get(f"{path}?limit=100")).content) > MAX_ANSWER_BYTES
        assert len(small["body"]["posts"]) == 90
        assert (large["type"], large["payload"]["code"]) == ("error", "too_large")
