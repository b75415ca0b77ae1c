"""What is undone and done again tells nobody a second time."""

import asyncpg
import pytest

from tests.api.test_notifications import EVENTS, told
from tests.api.test_posts import publish
from tests.conftest import MakeUser
from tests.live import live
from tests.server import Server
from x18.core import db
from x18.notifications.actions import forget_undone
from x18.realtime.events import EventKind


@pytest.mark.parametrize("path", ["posts/{post}/like", "posts/{post}/retweet", "users/{author}/follow"])
async def test_what_is_undone_and_done_again_told_once(server: Server, make_user: MakeUser, path: str) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    made = await publish(author)
    address = "/api/" + path.format(post=made["id"], author=author.id)
    async with live(server, author.access_token, "notifications", f"user:{fan.id}") as client:
        cursor = client.cursor
        await fan.client.post(address)
        (first,) = await told(author)
        await author.client.patch(f"/api/notifications/{first['id']}/read")
        for _ in range(3):
            await fan.client.delete(address)
            assert await told(author) == []
            await fan.client.post(address)
            (again,) = await told(author)
            assert (again["id"], again["is_read"]) == (first["id"], True)
        assert (await author.client.get("/api/notifications/unread-count")).json() == {"unread_count": 0}
        fence = str((await publish(fan, "fence"))["id"])
        await client.wait_for_post(fence)
        kinds = [event["type"] for event in client.events if event["type"].startswith("notification")]
        assert kinds.count("notification") == 1
        assert kinds[2:] == ["notification.deleted", "notification.restored"] * 3
        back = [event["payload"] for event in client.events if event["type"] == "notification.restored"]
        assert all((one["id"], one["is_read"], one["unread_count"]) == (first["id"], True, 0) for one in back)
        async with live(server, author.access_token) as resumed:
            await resumed.subscribe("notifications", f"user:{fan.id}", since=cursor)
            await resumed.wait_for_post(fence)
            assert [event["type"] for event in resumed.events].count("notification") == 1


async def test_an_unread_one_that_comes_back_is_unread_still(make_user: MakeUser) -> None:
    author, fan, other = await make_user("author"), await make_user("fan"), await make_user("other")
    made = await publish(author)
    for user in (fan, other):
        await user.client.post(f"/api/posts/{made['id']}/like")
    await fan.client.delete(f"/api/posts/{made['id']}/like")
    assert (await author.client.patch("/api/notifications/read-all")).json()["updated_count"] == 1
    await fan.client.post(f"/api/posts/{made['id']}/like")
    assert [one["is_read"] for one in await told(author)] == [True, False]
    page = (await author.client.get("/api/notifications?count=true&unread_only=true")).json()
    assert (page["total"], page["unread_count"]) == (1, 1)


async def test_what_its_owner_deleted_does_not_come_back(make_user: MakeUser, database: asyncpg.Pool) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    made = await publish(author)
    like = f"/api/posts/{made['id']}/like"
    await fan.client.post(like)
    (one,) = await told(author)
    assert (await author.client.delete(f"/api/notifications/{one['id']}")).status_code == 200
    assert (await author.client.patch(f"/api/notifications/{one['id']}/read")).status_code == 404
    await fan.client.delete(like)
    await fan.client.post(like)
    assert await told(author) == []
    assert await database.fetchval(EVENTS, author.id, EventKind.NOTIFICATION_GONE) == 1
    await database.execute("UPDATE notifications SET gone_at = now() - interval '31 days' WHERE id = $1", one["id"])
    async with database.acquire() as connection, db.using(connection):
        await forget_undone()
    await fan.client.delete(like)
    await fan.client.post(like)
    assert [again["type"] for again in await told(author)] == ["like"], "after a month it is news again"
