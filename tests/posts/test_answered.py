"""Whom a reply answers: told beside the post that it answers, and of nobody whose post not everybody may see."""

from typing import Any

import asyncpg
import httpx

from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser
from tests.live import live
from tests.server import Server


def named(user: Account, display_name: str | None = None) -> dict[str, str]:
    return {"id": str(user.id), "username": user.username, "display_name": display_name or user.username}


async def answered(client: httpx.AsyncClient, post: dict[str, Any]) -> Any:
    return (await client.get(f"/api/posts/{post['id']}")).json()["reply_to_user"]


async def test_a_reply_names_whom_it_answers_in_every_list_and_live(
    server: Server, api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    asker, fan = await make_user("asker"), await make_user("fan")
    root = await publish(asker, "a question")
    async with live(server, fan.access_token, f"user:{fan.id}") as client:
        reply = await publish(fan, "an answer", reply_to_id=root["id"])
        event = await client.wait_for_post(reply["id"])
        await asker.client.post(f"/api/posts/{reply['id']}/retweet")
        await fan.client.post(f"/api/users/{asker.id}/follow")
    thread = await publish(fan, "and more", reply_to_id=reply["id"])

    assert root["reply_to_user"] is None
    assert reply["reply_to_user"] == event["payload"]["reply_to_user"] == named(asker)
    assert thread["reply_to_user"] == named(fan)
    for path in (f"/api/posts/{root['id']}/replies", f"/api/users/{fan.id}/posts", f"/api/timeline/user/{asker.id}",
                 "/api/timeline/explore?limit=100"):  # fmt: skip
        posts = {post["id"]: post for post in (await api.get(path)).json()["posts"]}
        assert posts[reply["id"]]["reply_to_user"] == named(asker), path
    home = {post["id"]: post for post in (await fan.client.get("/api/timeline/home")).json()["posts"]}
    assert [home[post["id"]]["reply_to_user"] for post in (thread, reply)] == [named(fan), named(asker)]
    assert root["id"] in home
    (told,) = [
        one for one in (await asker.client.get("/api/notifications")).json()["notifications"] if one["type"] == "reply"
    ]
    assert told["post"]["reply_to_user"] == named(asker)

    await asker.client.patch("/api/users/me", json={"display_name": "Ann Other"})
    assert await answered(api, reply) == named(asker, "Ann Other")


async def test_nobody_is_named_whose_post_is_gone(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    asker, gone, fan = await make_user("asker"), await make_user("gone"), await make_user("fan")
    deleted, hidden = await publish(asker), await publish(gone)
    replies = [await publish(fan, reply_to_id=post["id"]) for post in (deleted, hidden)]
    assert [await answered(api, reply) for reply in replies] == [named(asker), named(gone)]

    await asker.client.delete(f"/api/posts/{deleted['id']}")
    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", gone.id)

    assert [await answered(fan.client, reply) for reply in replies] == [None, None]
    assert (await api.get(f"/api/posts/{replies[0]['id']}")).json()["reply_to_id"] == deleted["id"]


async def test_nobody_learns_by_a_reply_who_wrote_what_is_for_others(
    server: Server, api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    asker, shy, fan = await make_user("asker"), await make_user("shy"), await make_user("fan")
    for user in (asker, shy):
        await fan.client.post(f"/api/users/{user.id}/follow")
    for_followers, of_private, own = [
        await publish(asker, visibility="followers"), await publish(shy), await publish(fan, visibility="private")
    ]  # fmt: skip
    await shy.client.patch("/api/users/me", json={"private_account": True})
    async with live(server, None, f"user:{fan.id}") as stranger:
        replies = [await publish(fan, reply_to_id=post["id"]) for post in (for_followers, of_private, own)]
        events = [await stranger.wait_for_post(reply["id"]) for reply in replies]

    wanted = [None, None, named(fan)]
    assert [event["payload"]["reply_to_user"] for event in events] == wanted
    assert [await answered(api, reply) for reply in replies] == wanted
    await shy.client.patch("/api/users/me", json={"private_account": False})
    assert await answered(api, replies[1]) == named(shy)
