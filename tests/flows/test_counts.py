"""Live counters: absolute, conflated, and only of what one may see."""

import asyncio
import time

from tests.conftest import MakeUser
from tests.flows.test_delivery import follow, post
from tests.live import Live, Message, live
from tests.server import Server


def counts_of(client: Live, post_id: object) -> list[Message]:
    return [
        message["payload"]["posts"][post_id]
        for message in client.messages
        if message["type"] == "counts" and post_id in message["payload"]["posts"]
    ]


async def wait_for_likes(client: Live, post_id: object, likes: int) -> Message:
    return await client.wait_for(
        lambda message: (
            message["type"] == "counts" and message["payload"]["posts"].get(post_id, {}).get("likes_count") == likes
        )
    )


async def test_a_watcher_is_told_what_is_and_what_becomes(server: Server, make_user: MakeUser) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    made, other = await post(author), await post(author)
    await fan.client.post(f"/api/posts/{made['id']}/like")
    async with live(server) as client, live(server) as stranger:
        assert (await client.ask("watch", {"posts": [made["id"]]}))["type"] == "ok"
        await wait_for_likes(client, made["id"], 1)
        for path in ("retweet", "bookmark"):
            await fan.client.post(f"/api/posts/{made['id']}/{path}")
            await fan.client.post(f"/api/posts/{other['id']}/{path}")
        await post(fan, "yes", reply_to_id=made["id"])
        await client.wait_for(
            lambda message: (
                message["type"] == "counts"
                and message["payload"]["posts"][made["id"]]
                == {"likes_count": 1, "retweets_count": 1, "replies_count": 1, "bookmarks_count": 1}
            )
        )
        await fan.client.delete(f"/api/posts/{made['id']}/like")
        await wait_for_likes(client, made["id"], 0)

        assert counts_of(client, other["id"]) == []
        assert [message["type"] for message in stranger.messages] == ["connected"]
        await client.ask("unwatch", {"posts": [made["id"]]})
        told = len(client.messages)
        await client.ask("watch", {"posts": [other["id"]]})
        await fan.client.post(f"/api/posts/{made['id']}/like")
        await fan.client.post(f"/api/posts/{other['id']}/like")
        await wait_for_likes(client, other["id"], 1)
        assert all(made["id"] not in message["payload"].get("posts", {}) for message in client.messages[told:])


async def test_frames_are_conflated_and_end_with_the_last_value(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    fans = await asyncio.gather(*(make_user(f"fan{number}") for number in range(20)))
    made = await post(author)
    async with live(server) as client:
        await client.ask("watch", {"posts": [made["id"]]})
        await wait_for_likes(client, made["id"], 0)
        begun = time.monotonic()
        for _ in range(3):
            await asyncio.gather(*(fan.client.post(f"/api/posts/{made['id']}/like") for fan in fans))
            await asyncio.gather(*(fan.client.delete(f"/api/posts/{made['id']}/like") for fan in fans))
        await asyncio.gather(*(fan.client.post(f"/api/posts/{made['id']}/like") for fan in fans))
        await fans[0].client.post(f"/api/posts/{made['id']}/retweet")
        await client.wait_for(
            lambda message: (
                message["type"] == "counts" and message["payload"]["posts"][made["id"]]["retweets_count"] == 1
            )
        )
        took = time.monotonic() - begun

        frames = len(counts_of(client, made["id"])) - 1
        assert frames <= took / 0.25 + 2, (frames, took)
        assert counts_of(client, made["id"])[-1]["likes_count"] == 20


async def test_counters_of_what_one_may_not_see_are_not_told(server: Server, make_user: MakeUser) -> None:
    author, follower, outsider = await make_user("author"), await make_user("follower"), await make_user("outsider")
    await follow(follower, author)
    hidden = await post(author, visibility="followers")
    public = await post(author)
    both = {"posts": [hidden["id"], public["id"]]}
    async with (
        live(server, follower.access_token) as his,
        live(server, outsider.access_token) as other,
        live(server) as anonymous,
    ):
        for client in (his, other, anonymous):
            await client.ask("watch", both)
            await wait_for_likes(client, public["id"], 0)
        await follower.client.post(f"/api/posts/{hidden['id']}/like")
        await wait_for_likes(his, hidden["id"], 1)
        await outsider.client.post(f"/api/users/{author.id}/follow")
        await follower.client.delete(f"/api/users/{author.id}/follow")
        await author.client.post(f"/api/posts/{hidden['id']}/like")
        await author.client.post(f"/api/posts/{public['id']}/like")
        for client in (his, other, anonymous):
            await wait_for_likes(client, public["id"], 1)
        await anonymous.ask("auth", {"token": author.access_token})
        await anonymous.ask("watch", both)
        await wait_for_likes(anonymous, hidden["id"], 2)

        # Who follows since a moment ago is told from then on, and who no longer does is not.
        await wait_for_likes(other, hidden["id"], 2)
        assert [counts["likes_count"] for counts in counts_of(his, hidden["id"])][-1] == 1
        assert [counts["likes_count"] for counts in counts_of(anonymous, hidden["id"])] == [2]


async def test_five_hundred_posts_and_not_one_more(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    made = await post(author)
    ids = [f"00000000-0000-7000-8000-{number:012}" for number in range(1, 501)]
    async with live(server) as client:
        for start in range(0, 500, 250):
            assert (await client.ask("watch", {"posts": ids[start : start + 250]}))["type"] == "ok"
        refused = await client.ask("watch", {"posts": [made["id"]]})
        assert (refused["type"], refused["payload"]["code"]) == ("error", "too_many_posts")
        await client.ask("unwatch", {"posts": ids[:1]})
        assert (await client.ask("watch", {"posts": [made["id"]]}))["type"] == "ok"
        await wait_for_likes(client, made["id"], 0)
        bad = await client.ask("watch", {"posts": ["nonsense"]})
        assert (bad["type"], bad["payload"]["code"]) == ("error", "bad_message")
