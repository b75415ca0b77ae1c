"""A subscription may begin with the newest events of its topics."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Account, MakeUser
from tests.live import Live, live
from tests.server import Server


async def publish(author: Account, content: str = "x", **fields: Any) -> str:
    answer = await author.client.post("/api/posts", json={"content": content, **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def fence(server: Server, author: Account) -> None:
    """Wait until what was posted before has its number."""
    async with live(server, author.access_token, "home") as client:
        await client.wait_for_post(await publish(author, "fence"))


async def subscribe(client: Live, *topics: str | dict[str, Any], latest: int) -> list[str]:
    """Which posts come before the subscription goes live."""
    wanted = [topic if isinstance(topic, dict) else {"topic": topic} for topic in topics]
    before, ends = len(client.post_ids), sum(message["type"] == "replayed" for message in client.messages)
    answer = await client.ask("subscribe", {"topics": wanted, "latest": latest})
    assert answer["type"] == "ok", answer
    await client.ask("ping")  # which waits for the end
    assert sum(message["type"] == "replayed" for message in client.messages) == ends + 1
    return client.post_ids[before:]


async def test_the_newest_come_in_order_and_then_what_is_live(server: Server, make_user: MakeUser) -> None:
    author, other = await make_user(), await make_user()
    made = [await publish(author, f"post {number}") for number in range(7)]
    await publish(other)
    await fence(server, other)
    async with live(server) as client:
        assert await subscribe(client, f"user:{author.id}", latest=3) == made[-3:]
        end = client.messages[-2]
        assert (end["type"], end["payload"]["events"]) == ("replayed", 3)
        made.append(await publish(author, "live"))
        await client.wait_for_post(made[-1])
        assert client.post_ids == made[-4:]
    async with live(server) as again:
        await again.subscribe(f"user:{author.id}", since=end["payload"]["cursor"])
        await again.wait_for_type("replayed")
        assert again.post_ids == made[-1:]


async def test_there_may_be_fewer_and_topics_count_together(server: Server, make_user: MakeUser) -> None:
    author, other = await make_user(), await make_user()
    made = [await publish(author), await publish(other), await publish(author)]
    await fence(server, await make_user())
    async with live(server) as client:
        assert await subscribe(client, f"users:{author.id},{other.id}", latest=20) == made
    async with live(server) as client:
        assert await subscribe(client, f"user:{author.id}", f"user:{other.id}", latest=2) == made[-2:]
    async with live(server) as client:
        await client.ask("subscribe", {"topics": [{"topic": f"user:{author.id}"}], "latest": 0})
        await client.ask("ping")
        assert client.events == []


async def test_a_filter_chooses_and_a_symbol_is_found_behind_other_posts(server: Server, make_user: MakeUser) -> None:
    author, other = await make_user(), await make_user()
    symbol = f"L{author.id.hex[-8:]}A".upper()
    wanted = await publish(author, f"${symbol} up")
    for _ in range(60):
        await publish(other)
    await fence(server, other)
    async with live(server) as client:
        assert await subscribe(client, f"symbol:{symbol}", latest=1) == [wanted]
    async with live(server) as client:
        assert await subscribe(client, {"topic": "explore", "filter": {"author": [str(author.id)]}}, latest=5) == [
            wanted
        ]


async def test_who_may_not_see_it_does_not_get_it(server: Server, make_user: MakeUser) -> None:
    author, follower, stranger = await make_user(), await make_user(), await make_user()
    await follower.client.post(f"/api/users/{author.id}/follow")
    public, deleted = await publish(author), await publish(author)
    near = await publish(author, visibility="followers")
    own = await publish(author, visibility="private")
    assert (await author.client.delete(f"/api/posts/{deleted}")).is_success
    await fence(server, await make_user())
    topic = f"user:{author.id}"
    for viewer, topics, seen in (
        (None, [topic], [public]),
        (stranger, [topic], [public]),
        (stranger, ["home", "notifications"], []),
        (follower, [topic], [public, near]),
        (follower, ["home"], [public, near]),
        (author, ["home"], [public, near, own]),
    ):
        async with live(server, viewer.access_token if viewer else None) as client:
            assert await subscribe(client, *topics, latest=20) == seen, topics
    await author.client.patch("/api/users/me", json={"private_account": True})
    await fence(server, await make_user())
    async with live(server, stranger.access_token) as client:
        assert await subscribe(client, topic, latest=20) == []


async def test_what_another_topic_brought_does_not_come_again(server: Server, make_user: MakeUser) -> None:
    author = await make_user()
    before = await publish(author, "#early")
    await fence(server, await make_user())
    async with live(server, None, f"user:{author.id}") as client:
        now = await publish(author)
        await client.wait_for_post(now)
        assert await subscribe(client, f"users:{author.id}", latest=5) == [before]


async def test_there_is_no_seam_while_others_post(server: Server, make_user: MakeUser) -> None:
    author = await make_user()
    made = [await publish(author) for _ in range(5)]
    await fence(server, await make_user())

    async def go_on() -> None:
        made.extend([await publish(author) for _ in range(20)])

    posting = asyncio.create_task(go_on())
    async with live(server) as client:
        shown = await subscribe(client, f"user:{author.id}", latest=5)
        await posting
        await client.wait_for_post(made[-1])
        assert len(shown) >= 5
        assert client.post_ids == made[made.index(shown[0]) :]


@pytest.mark.parametrize("payload", [{"latest": 21}, {"latest": -1}, {"latest": "5"}, {"latest": 5, "since": "e.1"}])
async def test_more_or_both_are_refused_and_nothing_is_subscribed(server: Server, payload: dict[str, Any]) -> None:
    async with live(server) as client:
        answer = await client.ask("subscribe", {"topics": [{"topic": "explore"}], **payload})
        assert (answer["type"], answer["payload"]["code"]) == ("error", "bad_message")
        assert (await client.ask("unsubscribe", {"topics": []}))["payload"]["topics"] == []
