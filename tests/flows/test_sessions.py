"""Who one is on a socket, and when one has to go."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
import websockets
from websockets.asyncio.client import connect

from tests.conftest import Account, MakeUser
from tests.crowd import TOKENS
from tests.flows.test_delivery import fence, post
from tests.frames import check_received
from tests.live import Live, live
from tests.server import Server
from x18.core.tokens import Tokens
from x18.settings import EXAMPLE_SECRETS


async def short_token(database: asyncpg.Pool, user: Account, seconds: float) -> str:
    """An access token of the user's session that lives for so long."""
    tokens = Tokens(*EXAMPLE_SECRETS.values(), access_ttl=timedelta(seconds=seconds), refresh_ttl=timedelta(days=1))
    return tokens.make_access(user.id, TOKENS.read_access(user.access_token).session_id)


async def test_the_first_message_tells_where_the_stream_stands(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with live(server, user.access_token) as known, live(server) as anonymous:
        hello = known.messages[0]

        assert hello["type"] == "connected"
        assert hello["payload"].keys() == {
            "connection_id",
            "user_id",
            "cursor",
            "epoch",
            "limits",
            "heartbeat_s",
            "protocol",
        }
        assert hello["payload"]["limits"]["authenticate_within_s"] == 5
        assert hello["payload"]["user_id"] == str(user.id)
        assert hello["payload"]["cursor"].startswith(hello["payload"]["epoch"] + ".")
        assert anonymous.messages[0]["payload"]["user_id"] is None


async def test_logging_in_by_message(server: Server, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    async with live(server) as client:
        refused = await client.ask("subscribe", {"topics": [{"topic": "explore"}, {"topic": "home"}]})
        assert (refused["type"], refused["payload"]["code"]) == ("error", "not_authenticated")
        ok = await client.ask("auth", {"token": user.access_token})
        assert (ok["type"], ok["payload"]) == ("ok", {"topics": [], "user_id": str(user.id)})
        again = await client.ask("auth", {"token": user.access_token})
        assert again["type"] == "ok"
        stranger = await client.ask("auth", {"token": other.access_token})
        assert stranger["payload"]["code"] == "different_user"
        await client.subscribe("home")
        made = await post(user)
        await client.wait_for_post(str(made["id"]))


@pytest.mark.parametrize("topic", ["user:{}", "users:{}", "explore"])
async def test_a_log_in_that_overtakes_a_subscription_shows_what_is_for_followers(
    server: Server, make_user: MakeUser, database: asyncpg.Pool, topic: str
) -> None:
    author, follower, stranger = await make_user("author"), await make_user("follower"), await make_user("stranger")
    await follower.client.post(f"/api/users/{author.id}/follow")
    topics = [{"topic": topic.format(author.id)}, {"topic": f"user:{author.id}"}]
    async with live(server) as one, live(server) as other:
        since = one.cursor
        async with database.acquire() as holding, holding.transaction():
            await holding.execute("LOCK TABLE event_state IN ACCESS EXCLUSIVE MODE")  # where a resume looks first
            for client, user in ((one, follower), (other, stranger)):
                await client.send("subscribe", {"topics": topics, "since": since}, id="s")
                assert (await client.ask("auth", {"token": user.access_token}))["payload"]["topics"] == []
        for client in (one, other):
            await client.wait_for(lambda message: message.get("id") == "s" and message["type"] == "ok")
            await client.wait_for_type("replayed")
        hidden = str((await post(author, "for followers", visibility="followers"))["id"])
        shown = str((await post(author, "for all"))["id"])
        for client in (one, other):
            await client.settle(shown)

        assert one.post_ids == [hidden, shown]
        assert other.post_ids == [shown]


async def test_subscriptions_are_all_or_nothing_and_told_in_full(server: Server, make_user: MakeUser) -> None:
    author = await make_user()
    async with live(server) as client:
        bad = await client.ask("subscribe", {"topics": [{"topic": f"user:{author.id}"}, {"topic": "nothing"}]})
        assert (bad["type"], bad["payload"]["code"]) == ("error", "unknown_topic")
        await client.subscribe("explore")
        ok = await client.subscribe({"topic": "hashtag:#BTC", "filter": {"symbol": ["btc-usd"]}})
        assert ok["payload"]["topics"] == [
            {"topic": "explore"},
            {"topic": "hashtag:btc", "filter": {"symbol": ["BTC-USD"]}},
        ]
        left = await client.ask("unsubscribe", {"topics": ["explore", "market:x"]})
        assert [topic["topic"] for topic in left["payload"]["topics"]] == ["hashtag:btc"]
        await post(author, "not subscribed any more")
        right = await post(author, "#btc $BTC-USD")
        await client.wait_for_post(str(right["id"]))

        assert client.post_ids == [right["id"]]


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ({"topic": "user:me"}, "unknown_topic"),
        ({"topic": "hashtag:"}, "unknown_topic"),
        ({"topic": "tag:" + "x" * 65}, "unknown_topic"),
        ({"topic": "symbol:\x00"}, "unknown_topic"),
        ({"topic": "explore", "filter": {"colour": ["red"]}}, "bad_filter"),
        ({"topic": "explore", "filter": {"symbol": [1]}}, "bad_filter"),
        ({"topic": "explore", "filter": {"author": ["me"]}}, "bad_filter"),
        ({"topic": "explore", "filter": {"has_media": "yes"}}, "bad_filter"),
        ({"topic": 1}, "bad_message"),
        ({}, "bad_message"),
    ],
)
async def test_a_bad_subscription_is_an_error_with_its_id(server: Server, topic: Any, code: str) -> None:
    async with live(server) as client:
        answer = await client.ask("subscribe", {"topics": [topic]})

        assert (answer["type"], answer["payload"]["code"]) == ("error", code)
        assert (await client.ask("ping", {"still": "here"}))["payload"] == {"still": "here"}


async def test_an_id_that_is_too_long_is_not_repeated(server: Server) -> None:
    async with live(server) as client:
        for kind in ("ping", "dance"):
            await client.socket.send(json.dumps({"type": kind, "id": "x" * 129}))
        await client.ask("ping")

        errors = [message for message in client.messages if message["type"] == "error"]
        assert [(error["payload"]["code"], error["id"]) for error in errors] == [("bad_message", None)] * 2


async def test_128_topics_are_the_most(server: Server) -> None:
    async with live(server) as client:
        await client.subscribe(*(f"market:m{number}" for number in range(128)))
        answer = await client.ask("subscribe", {"topics": [{"topic": "explore"}]})

        assert answer["payload"]["code"] == "too_many_topics"


@pytest.mark.parametrize(
    "data", ["", "{", "[]", '{"type": "dance"}', '{"type": "ping"', '"x"', '{"payload": 1}', "[" * 5000]
)
async def test_ten_bad_messages_close(server: Server, data: str) -> None:
    async with live(server) as client:
        for _ in range(10):
            await client.socket.send(data)
        code = await client.wait_until_closed()

        assert code == 4400
        assert [message["payload"]["code"] for message in client.messages[1:]] == ["bad_message"] * 10


async def test_a_bad_token_closes(server: Server) -> None:
    by_header = await Live.open(server, "nonsense")
    assert await by_header.wait_until_closed() == 4401
    async with live(server) as client:
        await client.send("auth", {"token": "nonsense"})
        assert await client.wait_until_closed() == 4401


async def test_a_token_is_refreshed_in_band_or_ends_the_connection(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user = await make_user()
    async with live(server) as refreshed, live(server, await short_token(database, user, 4), "home") as client:
        await refreshed.ask("auth", {"token": await short_token(database, user, 10)})
        await refreshed.subscribe("home")
        expiring = await client.wait_for_type("auth_expiring")
        assert 0 <= expiring["payload"]["expires_in_s"] <= 2, "at half of its life, where that is short"
        await refreshed.wait_for_type("auth_expiring")
        await refreshed.ask("auth", {"token": user.access_token})
        assert await client.wait_until_closed() == 4001
        made = await post(user)
        await refreshed.wait_for_post(str(made["id"]))

        assert client.events == []
    expired = await Live.open(server, await short_token(database, user, -1))
    assert await expired.wait_until_closed() == 4001


async def test_logging_out_closes_the_sockets_of_that_session_on_every_process(
    server: Server, workers: Server, make_user: MakeUser, api: Any
) -> None:
    user = await make_user()
    second = (await api.post("/api/auth/login", json={"username": user.username, "password": user.password})).json()
    async with (
        live(server, user.access_token, "home") as here,
        live(workers, user.access_token, "home") as there,
        live(server, second["access_token"], "home") as other,
    ):
        await user.client.post("/api/auth/logout")
        assert await here.wait_until_closed() == 4403
        assert await there.wait_until_closed() == 4403
        header = {"Authorization": f"Bearer {second['access_token']}"}
        made = (await api.post("/api/posts", json={"content": "still here"}, headers=header)).json()
        await other.wait_for_post(made["id"])
        assert here.events == there.events == []
        await api.post("/api/auth/logout", json={"all": True}, headers=header)
        assert await other.wait_until_closed() == 4403
    again = await Live.open(server, user.access_token)
    assert await again.wait_until_closed() == 4403


async def test_frames_of_the_wrong_kind_and_too_long_ones_close(server: Server) -> None:
    async with live(server) as client:
        await client.socket.send(b"{}")
        assert await client.wait_until_closed() == 1003
    async with live(server) as client:
        await client.socket.send('"' + "x" * 16_384 + '"')
        assert await client.wait_until_closed() == 1009


async def test_an_unknown_topic_name_in_messagepack(server: Server, make_user: MakeUser) -> None:
    """The second encoding: the same messages, in binary frames."""
    author = await make_user()
    async with connect(server.ws_url, subprotocols=[websockets.Subprotocol("x18.v1.msgpack")]) as socket:
        assert socket.subprotocol == "x18.v1.msgpack"
        hello = msgspec.msgpack.decode(await socket.recv(decode=False))
        await socket.send(
            msgspec.msgpack.encode(
                {"type": "subscribe", "id": 7, "payload": {"topics": [{"topic": f"user:{author.id}"}]}}
            )
        )
        ok = msgspec.msgpack.decode(await socket.recv(decode=False))
        made = await post(author, metadata={"price": 1.5})
        event = msgspec.msgpack.decode(await socket.recv(decode=False))

    for message in (hello, ok, event):
        check_received(message)
    assert (hello["type"], ok["type"], ok["id"]) == ("connected", "ok", 7)
    assert (event["type"], event["payload"]["id"], event["payload"]["metadata"]) == ("post", made["id"], {"price": 1.5})


@pytest.fixture(params=["/ws/notifications", "/api/ws"])
def legacy_path(request: pytest.FixtureRequest) -> str:
    """The addresses of existing clients."""
    return str(request.param)


async def test_existing_clients_get_notifications_with_the_token_in_the_address(
    server: Server, make_user: MakeUser, legacy_path: str
) -> None:
    user, fan = await make_user(), await make_user()
    async with (
        live(server, path=f"{legacy_path}?token={user.access_token}") as by_address,
        live(server, user.access_token, path=legacy_path) as by_header,
        live(server, path=legacy_path) as by_message,
    ):
        await by_message.ask("auth", {"token": user.access_token})
        await fan.client.post(f"/api/users/{user.id}/follow")
        for client in (by_address, by_header, by_message):
            told = await client.wait_for_type("notification")
            assert told["payload"]["type"] == "follow"
    assert user.access_token not in server.read_log()


async def test_a_token_in_the_address_counts_nowhere_else(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with live(server, path=f"/ws?token={user.access_token}") as client:
        assert client.messages[0]["payload"]["user_id"] is None


async def test_who_does_not_log_in_where_one_must_is_closed_after_five_seconds(server: Server) -> None:
    async with live(server, path="/ws/notifications") as client:
        assert await client.wait_until_closed() == 4401


async def test_a_page_of_another_origin_needs_its_token_in_a_message(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    foreign, own = {"Origin": "https://evil.example"}, {"Origin": server.url}
    with pytest.raises(websockets.InvalidStatus) as refused:
        await Live.open(server, user.access_token, headers=foreign)
    assert refused.value.response.status_code == 403
    async with live(server, headers=foreign) as client, live(server, user.access_token, headers=own) as same:
        assert (await client.ask("auth", {"token": user.access_token}))["type"] == "ok"
        assert same.messages[0]["payload"]["user_id"] == str(user.id)


async def test_nothing_stays_when_clients_leave(server: Server, make_user: MakeUser) -> None:
    """Clients that end in every way there is; afterwards the server serves as before."""
    author = await make_user()
    clients = [await Live.open(server, author.access_token) for _ in range(6)]
    for client in clients:
        await client.subscribe("home", "explore", {"topic": "explore", "filter": {"has_media": True}})
    for client in clients[:3]:
        await client.close()
    for client in clients[3:]:
        client.socket.transport.abort()
    await asyncio.sleep(0.1)
    async with live(server, author.access_token, "home") as client:
        await fence(author, client)
        assert json.dumps(client.messages)
