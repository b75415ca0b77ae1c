"""A topic of many users: live, replayed, exchanged, and within its limit."""

from uuid import UUID

import httpx
import pytest

from tests.conftest import MakeUser
from tests.flows.test_delivery import fence, follow, post
from tests.live import Live, live
from tests.server import Server
from x18.realtime.protocol import MAX_USERS
from x18.realtime.topics import parse_topic, split_names


def named(name: str, *users: UUID) -> str:
    return f"{name}:" + ",".join(map(str, users))


async def test_what_they_do_comes_live_and_by_replay_and_nobody_elses(server: Server, make_user: MakeUser) -> None:
    first, second, third, stranger = [await make_user(name) for name in ("first", "second", "third", "stranger")]
    topics = named("users", first.id, second.id), named("users.more", third.id, second.id)
    async with live(server, None, *topics) as client, live(server, None, f"user:{stranger.id}") as other:
        since = client.cursor
        made = [str((await post(author, author.username))["id"]) for author in (first, stranger, second, third)]
        await second.client.post(f"/api/posts/{made[1]}/retweet")
        await post(first, "not for all", visibility="followers")
        await first.client.delete(f"/api/posts/{made[0]}")
        await fence(third, client)
        await fence(stranger, other)
        async with live(server) as again:
            await again.subscribe(*topics, since=since)
            await again.wait_for_post(client.post_ids[-1])

            assert [told(one) for one in again.events if told(one) != ("post", made[0], ["users"])] == [
                told(one) for one in client.events if told(one) != ("post", made[0], ["users"])
            ], "but for the post that is gone by now"
        assert [told(one) for one in client.events][:-1] == [
            ("post", made[0], ["users"]),
            ("post", made[2], ["users", "users.more"]),
            ("post", made[3], ["users.more"]),
            ("retweet", made[1], ["users", "users.more"]),
            ("post.deleted", made[0], ["users"]),
        ]
        assert made[1] in other.post_ids


def told(message: dict[str, object]) -> tuple[object, object, object]:
    payload = message["payload"]
    assert isinstance(payload, dict)
    return message["type"], payload.get("id") or payload["post"]["id"], message["topics"]


async def test_a_follower_gets_what_followers_may_see(server: Server, make_user: MakeUser) -> None:
    author, fan = await make_user("author", private_account=True), await make_user("fan")
    await follow(fan, author)
    async with (
        live(server, fan.access_token, named("users", author.id)) as near,
        live(server, None, named("users", author.id)) as far,
    ):
        made = str((await post(author, "for followers"))["id"])
        await near.wait_for_post(made)
        await far.subscribe(f"user:{fan.id}")
        await fence(fan, far)

        assert made not in far.post_ids


async def test_sent_again_it_names_others_and_can_be_left(server: Server, make_user: MakeUser) -> None:
    first, second = await make_user("first"), await make_user("second")
    async with live(server, None, named("users", first.id), f"user:{second.id}") as client:
        answer = await client.subscribe(named("users", second.id))
        assert {"topic": "users", "users": 1} in answer["payload"]["topics"]
        await post(first, "no longer")
        await fence(second, client)
        assert client.events[-1]["topics"] == ["users", f"user:{second.id}"][::-1]
        answer = await client.ask("unsubscribe", {"topics": ["users"]})
        assert answer["payload"]["topics"] == [{"topic": f"user:{second.id}"}]
        await fence(second, client)

        assert client.events[-1]["topics"] == [f"user:{second.id}"]
        assert len(client.events) == 2


async def test_a_connection_names_a_thousand_and_no_more(server: Server) -> None:
    ids = [UUID(int=number) for number in range(1, MAX_USERS + 2)]
    async with live(server) as client:
        assert client.messages[0]["payload"]["limits"]["users"] == MAX_USERS
        for number, start in enumerate(range(0, MAX_USERS, 400)):
            await client.subscribe(named(f"users.{number}", *ids[start : min(start + 400, MAX_USERS)]))
        assert await refused(client, named("users", ids[-1])) == "too_many_users"
        await client.subscribe(named("users.2", *ids[800:900], ids[-1]))


@pytest.mark.parametrize(
    "topic", ["users", "users:", "users:x", "users:,", "users.:x", "users.toolongtoolongtoolong:x", "users.A:x"]
)
async def test_what_names_nobody_is_no_topic(server: Server, topic: str) -> None:
    async with live(server) as client:
        assert await refused(client, topic) == "unknown_topic"


async def refused(client: Live, topic: str) -> str:
    answer = await client.ask("subscribe", {"topics": [{"topic": topic}]})
    assert answer["type"] == "error", answer
    return str(answer["payload"]["code"])


def test_a_list_of_names_may_hold_a_topic_of_many_users() -> None:
    one, other = UUID(int=1), UUID(int=2)
    names = split_names(f"home, users:{one},{other.hex},explore,users.a:{one},,symbol:BTC")

    assert names == ["home", f"users:{one},{other.hex}", "explore", f"users.a:{one}", "symbol:BTC"]
    assert parse_topic(names[1]).users == {one, other}


async def test_an_event_stream_takes_it_too(server: Server, make_user: MakeUser, api: httpx.AsyncClient) -> None:
    first, second = await make_user("first"), await make_user("second")
    topics = {"topics": f"users:{first.id},{second.id},test"}
    async with api.stream("GET", "/api/stream", params=topics) as answer:
        made = str((await post(second, "to a stream"))["id"])
        async for line in answer.aiter_lines():
            if line.startswith("data:") and made in line:
                assert '"topics":["users"]' in line
                return
