"""Reactions beside everything else that happens to a post."""

import asyncio
from uuid import UUID

import asyncpg
import httpx

from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser
from tests.databases import until_blocked
from x18.core import db
from x18.posts.actions import delete_post


async def test_reactions_to_a_post_that_is_being_deleted_are_made_or_find_nothing(make_user: MakeUser) -> None:
    author = await make_user("author")
    fans = [await make_user(f"fan{number}") for number in range(4)]
    statuses: set[int] = set()

    async def react(fan: Account, post_id: str) -> None:
        for _ in range(3):
            for kind in ("like", "retweet", "bookmark"):
                statuses.add((await fan.client.post(f"/api/posts/{post_id}/{kind}")).status_code)
                statuses.add((await fan.client.delete(f"/api/posts/{post_id}/{kind}")).status_code)

    for number in range(12):
        made = await author.client.post("/api/posts", json={"content": f"short-lived {number}"})
        post_id = made.json()["id"]
        reacting = [asyncio.create_task(react(fan, post_id)) for fan in fans]
        await asyncio.sleep(0.02 * (number % 4))
        assert (await author.client.delete(f"/api/posts/{post_id}")).status_code == 200
        await asyncio.gather(*reacting)

    assert statuses <= {200, 201, 404}
    assert 404 in statuses


async def test_a_reply_to_what_is_being_deleted_waits_and_finds_nothing(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    first = await publish(author)
    async with database.acquire() as deleting, deleting.transaction(), db.using(deleting):
        await delete_post(UUID(first["id"]), author.id)
        replying = asyncio.create_task(
            fan.client.post("/api/posts", json={"content": "late", "reply_to_id": first["id"]})
        )
        await until_blocked(database, by=deleting)

    assert (await replying).status_code == 404


async def test_a_thread_holds_together_without_its_first_post(
    make_user: MakeUser, anonymous: httpx.AsyncClient
) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    root = await publish(author)
    middle = await publish(fan, reply_to_id=root["id"])
    leaf = await publish(author, reply_to_id=middle["id"])
    for gone, left in ((root, middle), (middle, leaf)):
        who = author if gone is root else fan
        assert (await who.client.delete(f"/api/posts/{gone['id']}")).status_code == 200
        shown = (await anonymous.get(f"/api/posts/{left['id']}")).json()
        assert (shown["reply_to_id"], shown["root_post_id"]) == (gone["id"], root["id"])
        assert (await anonymous.get(f"/api/posts/{gone['id']}/replies")).status_code == 404
        refused = await fan.client.post("/api/posts", json={"content": "late", "reply_to_id": gone["id"]})
        assert refused.status_code == 404
    late = await publish(fan, reply_to_id=leaf["id"])
    assert (late["reply_to_id"], late["root_post_id"]) == (leaf["id"], root["id"])
    assert (await anonymous.get(f"/api/posts/{leaf['id']}")).json()["replies_count"] == 1
    assert (await fan.client.delete(f"/api/posts/{late['id']}")).status_code == 200
    assert (await author.client.delete(f"/api/posts/{leaf['id']}")).status_code == 200, (
        "its parent is gone: nothing to count"
    )


async def test_totals_count_only_what_the_viewer_may_see(make_user: MakeUser) -> None:
    author, friend = await make_user("author"), await make_user("friend")
    made = (await author.client.post("/api/posts", json={"content": "question"})).json()
    for visibility in ("public", "private"):
        body = {"content": "answer", "reply_to_id": made["id"], "visibility": visibility}
        assert (await friend.client.post("/api/posts", json=body)).status_code == 201
    for who, total in ((author, 1), (friend, 2)):
        page = (await who.client.get(f"/api/posts/{made['id']}/replies?count=true")).json()
        assert (len(page["posts"]), page["total"]) == (total, total)
    await friend.client.post(f"/api/posts/{made['id']}/bookmark")
    await author.client.patch("/api/users/me", json={"private_account": True})
    page = (await friend.client.get("/api/bookmarks?count=true")).json()
    assert (page["posts"], page["total"]) == ([], 0)


async def test_a_total_of_home_leaves_out_retweets_of_what_became_private(make_user: MakeUser) -> None:
    author, friend, reader = [await make_user(name) for name in ("author", "friend", "reader")]
    made = (await author.client.post("/api/posts", json={"content": "public for now"})).json()
    await reader.client.post(f"/api/users/{friend.id}/follow")
    await friend.client.post(f"/api/posts/{made['id']}/retweet")
    for private, total in ((False, 1), (True, 0)):
        await author.client.patch("/api/users/me", json={"private_account": private})
        page = (await reader.client.get("/api/timeline/home?count=true")).json()
        assert (len(page["posts"]), page["total"]) == (total, total)
