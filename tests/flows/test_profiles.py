"""Who changes their profile is seen with the new one, live, by those who follow or watch them, and by nobody else."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import Account, MakeUser
from tests.live import Live, live
from tests.server import Server

PRIVATE = {"email", "updated_at", "last_active_at", "is_following", "is_followed_by"}


async def publish(author: Account, content: str = "fence") -> str:
    answer = await author.client.post("/api/posts", json={"content": content})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def change(user: Account, **profile: Any) -> None:
    answer = await user.client.patch("/api/users/me", json=profile)
    assert answer.status_code == 200, answer.text


def changes(client: Live) -> list[dict[str, Any]]:
    return [event["payload"] for event in client.events if event["type"] == "user.updated"]


async def let_time_pass(database: asyncpg.Pool, user: Account) -> None:
    """As if the last change had been told ten seconds ago."""
    await database.execute(
        "UPDATE told_profiles SET told_at = told_at - interval '10 seconds' WHERE user_id = $1", user.id
    )


async def test_a_change_reaches_followers_watchers_and_own_devices_and_nobody_else(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user, follower, stranger = await make_user("user"), await make_user("follower"), await make_user("stranger")
    await follower.client.post(f"/api/users/{user.id}/follow")
    own, of_many = f"user:{user.id}", f"users:{user.id},{stranger.id}"
    async with (
        live(server, follower.access_token, "home") as home,
        live(server, None, own) as watcher,
        live(server, None, of_many) as many,
        live(server, user.access_token, "notifications") as device,
        live(server, user.access_token, "home", own) as both,
        live(server, stranger.access_token, "home", "notifications", "explore", f"user:{stranger.id}") as outsider,
        live(server, follower.access_token, "notifications") as only_notified,
        live(server, None, {"topic": own, "filter": {"has_media": False}}) as filtered,
    ):
        await change(user, display_name="New Name", bio="new", avatar_url="https://x.example/a.png")
        told = {client: await client.wait_for_type("user.updated") for client in (home, watcher, many, device, both)}
        fence = await publish(stranger)
        await outsider.wait_for_post(fence)
        await publish(user)
        await filtered.wait_for_type("post")
        await stranger.client.post(f"/api/users/{follower.id}/follow")
        await only_notified.wait_for_type("notification")

        assert [told[client]["topics"] for client in (home, watcher, many, device, both)] == [
            ["home"], [own], ["users"], ["notifications"], sorted(["home", own]),
        ]  # fmt: skip
        shown = (await watcher_view(server, user)) | {"posts_count": 0}
        for event in told.values():
            assert event["payload"] == shown
            assert not PRIVATE & event["payload"].keys()
        assert changes(outsider) == changes(only_notified) == changes(filtered) == []
        assert all(len(changes(client)) == 1 for client in told)
    assert await database.fetchval("SELECT is_due FROM told_profiles WHERE user_id = $1", user.id) in (False, None)


async def watcher_view(server: Server, user: Account) -> dict[str, Any]:
    """The profile as somebody without an account reads it."""
    async with httpx.AsyncClient(base_url=server.url) as anybody:
        return dict((await anybody.get(f"/api/users/{user.id}")).json())


@pytest.mark.parametrize(
    "profile",
    [{"display_name": "Other"}, {"bio": "b"}, {"location": "l"}, {"website": "https://x.example"}, {"private_account": True},
     {"header_url": "https://x.example/h.png"}, {"subscription_price": 4.99}],
    ids=lambda profile: next(iter(profile)),
)  # fmt: skip
async def test_every_public_field_is_told(server: Server, make_user: MakeUser, profile: dict[str, Any]) -> None:
    user = await make_user()
    async with live(server, None, f"user:{user.id}") as watcher:
        await change(user, **profile)
        event = await watcher.wait_for_type("user.updated")
        assert {field: event["payload"][field] for field in profile} == profile


async def test_a_new_name_is_told(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with live(server, None, f"user:{user.id}") as watcher:
        await change(user, username=f"{user.username}_2")
        assert (await watcher.wait_for_type("user.updated"))["payload"]["username"] == f"{user.username}_2"


async def test_what_others_do_not_see_or_what_stays_is_not_told(server: Server, make_user: MakeUser) -> None:
    user = await make_user(display_name="Same", subscription_price=4.99)
    other = await make_user()
    async with live(server, None, f"users:{user.id},{other.id}") as watcher:
        await change(user, email=f"new_{user.email}")
        await change(user, display_name="Same", subscription_price=4.99)
        await change(user)
        await change(other, bio="a fence")
        await watcher.wait_for(
            lambda message: message["type"] == "user.updated" and message["payload"]["bio"] == "a fence"
        )
        assert [one["id"] for one in changes(watcher)] == [str(other.id)]


async def test_many_changes_are_told_once_and_the_last_value_wins(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user = await make_user()
    async with live(server, None, f"user:{user.id}") as watcher:
        cursor = watcher.cursor
        await change(user, bio="0")
        await watcher.wait_for_type("user.updated")
        for number in range(1, 6):
            await change(user, bio=str(number))
        fence = await publish(user)
        await watcher.wait_for_post(fence)
        assert [one["bio"] for one in changes(watcher)] == ["0"]

        await let_time_pass(database, user)
        await watcher.wait_for(lambda message: message["type"] == "user.updated" and message["payload"]["bio"] == "5")
        assert [one["bio"] for one in changes(watcher)] == ["0", "5"]
    async with live(server) as resumed:
        await resumed.subscribe(f"user:{user.id}", since=cursor)
        await resumed.wait_for_type("replayed")
        assert [one["bio"] for one in changes(resumed)] == ["5", "5"]


async def test_of_changes_at_the_same_time_the_last_is_told(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user = await make_user()
    async with live(server, None, f"user:{user.id}") as watcher:
        await asyncio.gather(*(change(user, bio=str(number)) for number in range(8)))
        await let_time_pass(database, user)
        bio = (await user.client.get("/api/users/me")).json()["bio"]
        await watcher.wait_for(lambda message: message["type"] == "user.updated" and message["payload"]["bio"] == bio)
        assert len(changes(watcher)) <= 2


async def test_what_was_missed_is_replayed_to_the_same_ones(server: Server, make_user: MakeUser) -> None:
    user, follower, stranger = await make_user("user"), await make_user("follower"), await make_user("stranger")
    await follower.client.post(f"/api/users/{user.id}/follow")
    async with live(server, None, f"user:{stranger.id}") as now:
        cursor = now.cursor
        await change(user, bio="missed")
        fence = await publish(stranger)
        await now.wait_for_post(fence)
    topics = [
        (follower, ["home"]),
        (user, ["notifications"]),
        (stranger, [f"user:{user.id}"]),
        (stranger, [f"users:{user.id}"]),
    ]
    for viewer, wanted in topics:
        async with live(server, viewer.access_token) as client:
            await client.subscribe(*wanted, since=cursor)
            await client.wait_for_type("replayed")
            assert [one["bio"] for one in changes(client)] == ["missed"], wanted
    for viewer, wanted in [(stranger, ["home", "explore", "notifications"]), (follower, ["notifications", "explore"])]:
        async with live(server, viewer.access_token) as client:
            await client.subscribe(*wanted, since=cursor)
            await client.wait_for_post(fence)
            await client.wait_for_type("replayed")
            assert changes(client) == [], wanted


async def test_a_disabled_account_tells_nothing_live_or_later(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user, other = await make_user(), await make_user()
    async with live(server, None, f"users:{user.id},{other.id}") as watcher:
        cursor = watcher.cursor
        await change(user, bio="0")
        await watcher.wait_for_type("user.updated")
        await change(user, bio="1")
        await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", user.id)
        await let_time_pass(database, user)
        while await database.fetchval("SELECT is_due FROM told_profiles WHERE user_id = $1", user.id):
            await asyncio.sleep(0.05)
        fence = await publish(other)
        await watcher.wait_for_post(fence)
        assert [one["bio"] for one in changes(watcher)] == ["0"]
    async with live(server) as resumed:
        await resumed.subscribe(f"users:{user.id},{other.id}", since=cursor)
        await resumed.wait_for_post(fence)
        assert changes(resumed) == []
