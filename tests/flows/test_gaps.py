"""A client that cannot be given what it missed is told so, with where to read it."""

import asyncio

import asyncpg
import pytest

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import post
from tests.live import live
from tests.server import Server


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        ("nonsense", "unknown_epoch"),
        ("00000000000000000000000000000000.1", "unknown_epoch"),
        ("{epoch}.-1", "unknown_epoch"),
        ("{epoch}.999999999999", "cursor_in_future"),
        ("{epoch}." + "9" * 40, "unknown_epoch"),
    ],
)
async def test_a_cursor_that_cannot_be_resumed_is_a_gap_with_addresses(
    server: Server, make_user: MakeUser, cursor: str, reason: str
) -> None:
    user = await make_user()
    async with live(server, user.access_token) as client:
        epoch = client.messages[0]["payload"]["epoch"]
        await client.subscribe("home", "notifications", "symbol:A/B", since=cursor.replace("{epoch}", epoch))
        gap = (await client.wait_for_type("gap"))["payload"]
        made = await post(user)
        await client.wait_for_post(str(made["id"]))

        assert gap["reason"] == reason
        assert gap["cursor"].startswith(epoch)
        assert set(gap["backfill"]) == {"/api/timeline/home", "/api/notifications", "/api/timeline/search?symbol=A%2FB"}


async def test_more_than_five_thousand_events_are_a_gap(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author = await make_user("author")
    made = await post(author)
    async with live(server, None) as client:
        cursor = client.cursor
        await make_events(database, author, made["id"], 5001)
        # The node itself must have seen them: what it has not is no past yet, and comes live.
        async with asyncio.timeout(30):
            while await position_of(server) <= int(cursor.split(".")[1]) + 5000:
                await asyncio.sleep(0.05)
        await client.subscribe(f"user:{author.id}", since=cursor)
        gap = (await client.wait_for_type("gap"))["payload"]

        assert gap["reason"] == "too_far_behind"
        assert gap["backfill"] == [f"/api/timeline/user/{author.id}"]
        assert client.events == []


async def test_what_others_did_meanwhile_is_no_gap_for_who_does_not_ask_for_it(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, stranger, reader = await make_user("author"), await make_user("stranger"), await make_user("reader")
    await reader.client.post(f"/api/users/{author.id}/follow")
    noise = await post(stranger)
    async with live(server, reader.access_token) as client:
        cursor = client.cursor
        await make_events(database, stranger, noise["id"], 5001)
        wanted = await post(author)
        doomed = await post(author)
        await author.client.delete(f"/api/posts/{doomed['id']}")
        async with asyncio.timeout(30):
            while await position_of(server) <= int(cursor.split(".")[1]) + 5003:
                await asyncio.sleep(0.05)
        await client.subscribe("home", f"user:{author.id}", since=cursor)
        await client.wait_for_type("post.deleted")

        assert [event["payload"]["id"] for event in client.events] == [wanted["id"], doomed["id"]]
        assert "gap" not in {message["type"] for message in client.messages}


async def make_events(database: asyncpg.Pool, actor: Account, post_id: str, many: int) -> None:
    """As if the post had been published that often."""
    await database.execute(
        "INSERT INTO event_outbox (kind, actor_id, object_id) SELECT 1, $1, $2::text::uuid FROM generate_series(1, $3::int)",
        actor.id,
        post_id,
        many,
    )


async def position_of(server: Server) -> int:
    """How far the node has come in the log."""
    async with live(server, None) as client:
        return int(client.cursor.split(".")[1])
