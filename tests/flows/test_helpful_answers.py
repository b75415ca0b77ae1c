"""Answers that say what to do next, and no more than changed."""

from typing import Any

import httpx
import pytest
import websockets

from tests.conftest import MakeUser
from tests.flows.test_delivery import post
from tests.flows.test_streams import stream
from tests.live import live
from tests.server import TLS, Server

FILTER = {"symbol": ["BTC-USD", "ETH-USD"], "has_media": False}


async def test_filters_are_told_where_they_were_set_and_not_again(server: Server) -> None:
    async with live(server) as client:
        first = await client.subscribe({"topic": "explore", "filter": FILTER})
        second = await client.subscribe("tag:x", {"topic": "tag:y", "filter": {"symbol": ["A"]}})
        third = await client.ask("unsubscribe", {"topics": ["tag:x"]})
        again = await client.subscribe({"topic": "explore", "filter": {"symbol": ["A"]}})

    assert first["payload"]["topics"] == [{"topic": "explore", "filter": FILTER}]
    assert second["payload"]["topics"] == [
        {"topic": "explore", "is_filtered": True},
        {"topic": "tag:x"},
        {"topic": "tag:y", "filter": {"symbol": ["A"]}},
    ]
    assert third["payload"]["topics"] == [
        {"topic": "explore", "is_filtered": True},
        {"topic": "tag:y", "is_filtered": True},
    ]
    assert again["payload"]["topics"][0] == {"topic": "explore", "filter": {"symbol": ["A"]}}


async def test_the_end_of_a_replay_is_told_with_how_many_came(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    topic = f"user:{author.id}"
    async with live(server, None, topic) as client:
        cursor = client.cursor
        made = [(await post(author, f"{number}"))["id"] for number in range(3)]
        await client.wait_for_post(str(made[-1]))
    async with live(server) as client:
        await client.subscribe(topic, since=cursor)
        end = await client.wait_for_type("replayed")
        before = client.messages[: client.messages.index(end)]
        await client.subscribe("tag:nothing-here", since=end["payload"]["cursor"])
        nothing = await client.wait_for(lambda message: message["type"] == "replayed" and message is not end)
    async with live(server) as fresh:
        await fresh.subscribe(topic)
        await fresh.ask("ping")

    assert [message["payload"]["id"] for message in before if message["type"] == "post"] == made
    assert end["payload"]["events"] == 3
    assert nothing["payload"]["events"] == 0
    assert "replayed" not in {message["type"] for message in fresh.messages}


@pytest.mark.parametrize("path", ["/ws?token=x", "/ws"])
async def test_who_needs_to_log_in_is_told_how(server: Server, path: str) -> None:
    async with live(server, path=path) as client:
        refused = await client.ask("subscribe", {"topics": [{"topic": "home"}]})
    assert refused["payload"]["code"] == "not_authenticated"
    assert "auth" in refused["payload"]["detail"]
    assert ("?ticket=" in refused["payload"]["detail"]) is ("token" in path)


async def test_over_http_the_header_and_the_ticket_are_named(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, verify=TLS) as client:
        refused = (await client.get("/api/stream?topics=home")).json()
    assert "Authorization: Bearer" in refused["detail"]
    assert "?ticket=" in refused["detail"]


@pytest.mark.parametrize("word", ["Bearer ", "bearer "])
async def test_a_token_with_the_word_bearer_before_it_is_told_apart(
    server: Server, make_user: MakeUser, word: str
) -> None:
    user = await make_user()
    async with live(server) as client:
        await client.send("auth", {"token": word + user.access_token}, id=1)
        answer = await client.wait_for(lambda message: message.get("id") == 1)
        assert await client.wait_until_closed() == 4401
    assert "Bearer" in answer["payload"]["detail"]


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["x18.v2.json"], None), (["x18.v2.json", "x18.v1.json"], "x18.v1.json")]
)
async def test_another_version_of_the_protocol_is_refused_with_what_is_spoken(
    server: Server, offered: list[Any], chosen: str | None
) -> None:
    if chosen is None:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(server.ws_url, subprotocols=offered)
        assert refused.value.response.status_code == 400
        assert b"x18.v1.json" in (refused.value.response.body or b"")
    else:
        async with websockets.connect(server.ws_url, subprotocols=offered) as socket:
            assert socket.subprotocol == chosen


async def test_its_own_token_again_changes_nothing(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with live(server, user.access_token, "home") as client:
        answer = await client.ask("auth", {"token": user.access_token})
    assert answer["type"] == "ok"
    assert answer["payload"]["topics"] == [{"topic": "home"}]


async def test_a_call_with_a_key_is_done_once(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    call = {"method": "POST", "path": "/api/posts", "body": {"content": "once"}, "idempotency_key": "a key"}
    results = []
    for _ in range(2):
        async with live(server, user.access_token) as client:
            results.append((await client.ask("call", call))["payload"]["body"]["id"])
    other = await user.client.post("/api/posts", json=call["body"], headers={"Idempotency-Key": "another"})
    posts = (await user.client.get(f"/api/users/{user.id}/posts")).json()["posts"]

    assert results[0] == results[1] != other.json()["id"]
    assert len(posts) == 2


@pytest.mark.parametrize("more", [{"headers": {"Idempotency-Key": "k"}}, {"headers": {}}, {"idempotency_key": "ключ"}])
async def test_headers_of_a_call_and_keys_that_are_none_are_refused(server: Server, more: dict[str, Any]) -> None:
    async with live(server) as client:
        await client.send("call", {"method": "GET", "path": "/api/timeline/explore", **more}, id=1)
        refused = await client.wait_for(lambda message: message.get("id") == 1)
    assert refused["payload"]["code"] == "bad_call"
    assert "idempotency_key" in refused["payload"]["detail"]


async def test_an_event_stream_takes_a_filter_and_says_when_to_come_back(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    topic = f"user:{author.id}"
    query = {"topics": topic, "symbol": ["BTC-USD", "ETH-USD"], "has_media": "false"}
    async with (
        httpx.AsyncClient(base_url=server.url, verify=TLS, timeout=15) as client,
        client.stream("GET", "/api/stream", params=query) as answer,
    ):
        first = await anext(answer.aiter_lines())
    async with stream(server, topic, params={"symbol": "BTC-USD"}) as events:
        while (told := await events.read())["type"] != "ok":
            pass
        await post(author, "not this $ETH-USD")
        wanted = await post(author, "but this $BTC-USD")
        assert await events.read_posts(1) == [wanted["id"]]
    async with httpx.AsyncClient(base_url=server.url, verify=TLS) as client:
        bad = await client.get("/api/stream", params={"topics": topic, "has_media": "maybe"})

    assert 1_000 <= int(first.removeprefix("retry: ")) <= 4_000
    assert told["payload"]["topics"] == [{"topic": topic, "filter": {"symbol": ["BTC-USD"]}}]
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_filter")


@pytest.mark.parametrize("path", ["/ws", "/ws/notifications", "/api/ws"])
async def test_a_plain_request_is_told_to_upgrade(server: Server, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, verify=TLS) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert answer.json()["code"] == "upgrade_required"


@pytest.mark.parametrize(("path", "code"), [("/ws", 4029), ("/ws/notifications", 1013), ("/api/ws", 1013)])
async def test_clients_of_the_original_are_told_to_come_back_in_a_code_that_they_know(
    limited: Server, make_user: MakeUser, path: str, code: int
) -> None:
    user = await make_user()
    async with live(limited, user.access_token, path=path, local_addr=("127.0.0.72", 0)) as client:
        for _ in range(60):
            await client.send("ping")
        assert await client.wait_until_closed() == code
