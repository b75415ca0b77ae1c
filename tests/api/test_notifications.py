"""Who is told of what, and who is not."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser
from tests.databases import until_blocked
from tests.live import live
from tests.server import Server
from x18.core.ids import new_id
from x18.notifications.actions import BATCH
from x18.notifications.queries import MOST_UNREAD
from x18.realtime.events import EventKind
from x18.realtime.notify import INBOX, NotificationKind


async def told(account: Account, query: str = "") -> list[dict[str, Any]]:
    answer = await account.client.get(f"/api/notifications/?{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["notifications"])


async def test_each_kind_is_told_once_with_actor_and_post(make_user: MakeUser) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    made = await publish(author)
    for path in (f"/api/posts/{made['id']}/like", f"/api/posts/{made['id']}/retweet", f"/api/users/{author.id}/follow"):
        await fan.client.post(path)
        await fan.client.post(path)
    reply = await publish(fan, f"@{author.username} indeed", reply_to_id=made["id"])
    mention = await publish(fan, f"ask @{author.username.upper()} and @{author.username}")
    await fan.client.post(f"/api/posts/{made['id']}/bookmark")

    shown = await told(author)

    assert [(one["type"], one["post_id"]) for one in shown] == [
        ("mention", mention["id"]),
        ("reply", reply["id"]),
        ("follow", None),
        ("retweet", made["id"]),
        ("like", made["id"]),
    ]
    assert all(
        one["actor"]["id"] == one["actor_id"] == str(fan.id) and one["user_id"] == str(author.id) for one in shown
    )
    assert shown[0]["post"]["content"] == mention["content"]
    assert shown[2]["post"] is None
    assert not any(one["is_read"] for one in shown)
    assert await told(fan) == []


async def test_undoing_takes_the_notification_back(make_user: MakeUser) -> None:
    author, fan = await make_user(), await make_user()
    made = await publish(author)
    paths = (f"/api/posts/{made['id']}/like", f"/api/posts/{made['id']}/retweet", f"/api/users/{author.id}/follow")
    for path in paths:
        await fan.client.post(path)
    assert len(await told(author)) == 3
    for path in paths:
        await fan.client.delete(path)

    assert await told(author) == []


async def test_deleting_a_post_takes_what_was_told_of_it_back(make_user: MakeUser) -> None:
    author, fan = await make_user(), await make_user()
    made = await publish(author, f"@{fan.username}")
    await fan.client.post(f"/api/posts/{made['id']}/like")
    await author.client.delete(f"/api/posts/{made['id']}")

    assert await told(author) == await told(fan) == []


async def test_nobody_is_told_of_the_own_doing(make_user: MakeUser) -> None:
    author = await make_user()
    made = await publish(author, f"@{author.username}")
    await author.client.post(f"/api/posts/{made['id']}/like")
    await author.client.post(f"/api/posts/{made['id']}/retweet")
    await publish(author, "reply", reply_to_id=made["id"])

    assert await told(author) == []


@pytest.mark.parametrize(("visibility", "follower_told"), [("public", True), ("followers", True), ("private", False)])
async def test_only_who_may_see_a_post_is_told_of_a_mention(
    make_user: MakeUser, visibility: str, follower_told: bool
) -> None:
    author, follower, stranger = await make_user(), await make_user(), await make_user()
    await follower.client.post(f"/api/users/{author.id}/follow")
    await publish(author, f"@{follower.username} @{stranger.username}", visibility=visibility)

    assert bool(await told(follower)) is follower_told
    assert bool(await told(stranger)) is (visibility == "public")


async def test_a_post_that_may_not_be_seen_any_more_is_null(make_user: MakeUser) -> None:
    author, stranger = await make_user(), await make_user()
    await publish(author, f"@{stranger.username}")
    await author.client.patch("/api/users/me", json={"private_account": True})

    (one,) = await told(stranger)
    assert one["post"] is None
    assert one["post_id"] is not None


async def test_what_a_disabled_user_did_is_shown_as_it_is_counted(make_user: MakeUser, database: asyncpg.Pool) -> None:
    author, gone = await make_user(), await make_user()
    post = await publish(author)
    await gone.client.post(f"/api/posts/{post['id']}/retweet")
    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", gone.id)

    listing = (await author.client.get("/api/notifications")).json()
    (note,) = listing["notifications"]
    read = await author.client.patch(f"/api/notifications/{note['id']}/read")

    assert (listing["unread_count"], note["actor"]["id"], read.status_code) == (1, str(gone.id), 200)


async def test_reading_and_deleting(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, fan, other = await make_user(), await make_user(), await make_user()
    posts = [await publish(author) for _ in range(3)]
    for post in posts:
        await fan.client.post(f"/api/posts/{post['id']}/like")
    newest, middle, oldest = await told(author)

    read = await author.client.patch(f"/api/notifications/{middle['id']}/read")
    assert (read.status_code, read.json()["is_read"]) == (200, True)
    assert [one["id"] for one in await told(author, "unread_only=true")] == [newest["id"], oldest["id"]]
    page = (await author.client.get("/api/notifications?limit=1&count=true&offset=1")).json()
    assert ([one["id"] for one in page["notifications"]], page["total"], page["unread_count"]) == ([middle["id"]], 3, 2)
    assert (await author.client.get("/api/notifications?unread_only=true&limit=1&count=true")).json()["total"] == 2
    assert (await author.client.get("/api/notifications/unread-count/")).json() == {"unread_count": 2}

    for client, status in ((other.client, 404), (api, 401)):
        assert (await client.patch(f"/api/notifications/{newest['id']}/read")).status_code == status
        assert (await client.delete(f"/api/notifications/{newest['id']}")).status_code == status
    assert (await author.client.patch(f"/api/notifications/{uuid4()}/read")).status_code == 404

    everything = await author.client.patch("/api/notifications/read-all")
    assert everything.json() == {"success": True, "updated_count": 2}
    assert (await author.client.patch("/api/notifications/read-all")).json()["updated_count"] == 0
    gone = await author.client.delete(f"/api/notifications/{newest['id']}")
    assert (gone.status_code, gone.json()) == (200, {"success": True})
    assert (await author.client.delete(f"/api/notifications/{newest['id']}")).status_code == 404
    assert len(await told(author)) == 2


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/api/notifications"), ("GET", "/api/notifications/unread-count"), ("PATCH", "/api/notifications/read-all"),
])  # fmt: skip
async def test_notifications_need_a_token(api: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await api.request(method, path)).status_code == 401


async def test_marking_all_takes_in_what_is_just_being_added(make_user: MakeUser, database: asyncpg.Pool) -> None:
    owner, fan = await make_user("owner"), await make_user("fan")
    async with database.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(f"SELECT pg_advisory_xact_lock_shared({INBOX.format('$1::uuid')})", owner.id)
        await slow.execute(
            "INSERT INTO notifications (id, user_id, actor_id, kind) VALUES ($1, $2, $3, $4)",
            new_id(), owner.id, fan.id, NotificationKind.FOLLOW,
        )  # fmt: skip
        marking = asyncio.create_task(owner.client.patch("/api/notifications/read-all"))
        await until_blocked(database, by=slow)
        await transaction.commit()

    assert (await marking).json() == {"success": True, "updated_count": 1}
    assert [one["is_read"] for one in await told(owner)] == [True]


# $1 actor, $2 who is told, $3 how many, a multiple of five.
MANY = """
    WITH made AS (
        INSERT INTO posts (id, author_id, visibility, content)
        SELECT uuidv7(), $1, 2, '' FROM generate_series(1, $3::int / 5) RETURNING id)
    INSERT INTO notifications (id, user_id, actor_id, kind, post_id)
    SELECT uuidv7(), $2, $1, kind, made.id FROM made, generate_series(1, 5) kind"""

EVENTS = """
    SELECT (SELECT count(*) FROM event_outbox WHERE recipient_id = $1 AND kind = $2)
         + (SELECT count(*) FROM event_log WHERE recipient_id = $1 AND kind = $2)"""


async def test_many_are_marked_before_anybody_waits_and_told_of_once(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    owner, fan = await make_user("owner"), await make_user("fan")
    await database.execute(MANY, fan.id, owner.id, BATCH + 500)
    async with database.acquire() as slow, slow.transaction():
        await slow.execute(f"SELECT pg_advisory_xact_lock_shared({INBOX.format('$1::uuid')})", owner.id)
        marking = asyncio.create_task(owner.client.patch("/api/notifications/read-all"))
        await until_blocked(database, by=slow)
        meanwhile = (await owner.client.get("/api/notifications/unread-count")).json()

    assert (await marking).json() == {"success": True, "updated_count": BATCH + 500}
    assert meanwhile == {"unread_count": 500}
    assert await database.fetchval(EVENTS, owner.id, EventKind.NOTIFICATION_READ) == 1


async def test_whoever_adds_without_end_costs_a_marking_two_seconds_and_no_event(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    owner, fan = await make_user("owner"), await make_user("fan")
    await fan.client.post(f"/api/users/{owner.id}/follow")
    async with database.acquire() as stuck, stuck.transaction():
        await stuck.execute(f"SELECT pg_advisory_xact_lock_shared({INBOX.format('$1::uuid')})", owner.id)
        answer = await owner.client.patch("/api/notifications/read-all")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert (await owner.client.patch("/api/notifications/read-all")).json()["updated_count"] == 1
    assert await database.fetchval(EVENTS, owner.id, EventKind.NOTIFICATION_READ) == 1


@pytest.mark.parametrize("missing", [1, 0, -5])
async def test_unread_ones_are_counted_up_to_a_thousand_everywhere(
    server: Server, make_user: MakeUser, database: asyncpg.Pool, missing: int
) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    await database.execute(
        """WITH ids AS (SELECT unnest($3::uuid[]) AS id),
                made AS (INSERT INTO posts (id, author_id, content) SELECT id, $1, 'x' FROM ids)
           INSERT INTO notifications (id, user_id, actor_id, kind, post_id) SELECT id, $1, $2, 1, id FROM ids""",
        author.id,
        fan.id,
        [new_id() for _ in range(MOST_UNREAD - missing - 1)],
    )
    async with live(server, author.access_token, "notifications") as client:
        await fan.client.post(f"/api/users/{author.id}/follow")
        event = await client.wait_for_type("notification")
        listed = (await author.client.get("/api/notifications/?limit=1&count=true&unread_only=true")).json()
        alone = (await author.client.get("/api/notifications/unread-count")).json()

        expected = min(MOST_UNREAD, MOST_UNREAD - missing)
        assert [event["payload"]["unread_count"], listed["unread_count"], alone["unread_count"]] == [expected] * 3
        assert listed["total"] == MOST_UNREAD - missing, "lists go on counting"
