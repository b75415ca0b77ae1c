"""What a list shows while something that belongs into it is still being written; and clocks that are wrong."""

import asyncio
import importlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser, register
from tests.databases import new_database
from tests.server import Server, make_server, running
from x18.core import db
from x18.core.ids import moment_of, new_id
from x18.core.order import Order
from x18.posts import reactions
from x18.posts.actions import create_post
from x18.posts.schemas import PostDraft
from x18.runtime.embedded import Servers

AHEAD = """
import runpy, time, uuid, uuid_utils.compat
real = time.time
time.time = lambda: real() + 86_400
make = uuid_utils.compat.uuid7
uuid_utils.compat.uuid7 = lambda: uuid.UUID(int=make().int + (86_400_000 << 80))
runpy.run_module("x18", run_name="__main__", alter_sys=True)
"""
"""A node whose clock is a day ahead."""


@asynccontextmanager
async def open_transaction(database: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """One in which the actions of this block run, and which is committed after it."""
    async with database.acquire() as connection, connection.transaction(), db.using(connection):
        yield connection


async def posts_of(account: Account, path: str = "", **query: Any) -> list[str]:
    answer = await account.client.get(path or f"/api/users/{account.id}/posts", params=query)
    assert answer.status_code == 200, answer.text
    return [post["id"] for post in answer.json()["posts"]]


async def test_a_poll_shows_nothing_that_something_older_may_still_come_before(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    begin = await publish(author)
    explore = partial(posts_of, reader, "/api/timeline/explore")
    async with open_transaction(database):
        slow = str(await create_post(author.id, PostDraft(content="slow")))
        fast = (await publish(reader))["id"]
        assert await explore(after=begin["id"]) == []

    assert await explore(after=begin["id"]) == [fast, slow]
    assert await explore(after=slow) == [fast]
    assert await explore(after=fast) == []


async def test_what_was_taken_back_is_waited_for_no_longer(make_user: MakeUser, database: asyncpg.Pool) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    begin = await publish(author)
    with suppress(LookupError):
        async with open_transaction(database):
            await create_post(author.id, PostDraft(content="taken back"))
            fast = (await publish(reader))["id"]
            raise LookupError
    async with open_transaction(database) as connection:
        inner = connection.transaction()
        await inner.start()
        await create_post(author.id, PostDraft(content="taken back to a savepoint"))
        await inner.rollback()
        assert await posts_of(reader, "/api/timeline/explore", after=begin["id"]) == [fast]


async def test_a_first_page_waits_for_what_belongs_below_its_newest_item(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    async with open_transaction(database):
        slow = str(await create_post(author.id, PostDraft(content="slow")))
        fast = (await publish(reader))["id"]
        reading = asyncio.create_task(posts_of(reader, "/api/timeline/explore", limit=2))
        done, _ = await asyncio.wait([reading], timeout=0.1)
        assert not done

    assert await reading == [fast, slow]


async def test_a_first_page_shows_what_one_wrote_though_another_transaction_hangs(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    async with open_transaction(database):
        hanging = str(await create_post(author.id, PostDraft(content="hangs")))
        made = (await publish(reader))["id"]
        page = (await reader.client.get("/api/timeline/explore", params={"limit": 1})).json()
        assert [post["id"] for post in page["posts"]] == [made]

    # Who goes on from there gets what it has once more, and does not miss the other.
    assert await posts_of(reader, "/api/timeline/explore", after=page["newest_cursor"]) == [made, hanging]


async def test_pages_of_older_items_and_lists_of_other_kinds_wait_for_nothing(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    first, second = await publish(author), await publish(author)
    async with open_transaction(database):
        await create_post(author.id, PostDraft(content="hangs"))
        await fan.client.post(f"/api/posts/{first['id']}/like")
        await fan.client.post(f"/api/posts/{first['id']}/bookmark")
        assert await posts_of(fan, "/api/bookmarks") == [first["id"]]
        answer = await author.client.get("/api/notifications", params={"after": first["id"]})
        assert [each["type"] for each in answer.json()["notifications"]] == ["like"]
        path = f"/api/users/{author.id}/posts"
        assert await posts_of(fan, path, before=second["id"]) == [first["id"]]
        for ask in (
            partial(posts_of, fan, "/api/bookmarks"),
            partial(author.client.get, "/api/notifications", params={"after": first["id"]}),
            partial(posts_of, fan, path, before=second["id"]),
        ):
            assert await fastest(ask) < 0.9, "who waits does so for a second"


async def fastest(ask: Callable[[], Awaitable[Any]]) -> float:
    """How long it takes, the best of three: the machine may stand still for a moment."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        await ask()
        took.append(time.monotonic() - began)
    return min(took)


@pytest.mark.parametrize("kind", ["replies", "retweets", "bookmarks", "notifications"])
async def test_every_kind_of_list_holds_back_what_comes_after_an_open_write(
    kind: str, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, slow, fast = await make_user("author"), await make_user("slow"), await make_user("fast")
    first, second, third = [(await publish(author))["id"] for _ in range(3)]
    reply = PostDraft(content="slow", reply_to_id=UUID(second))
    write, path, noun, reader = {
        "replies": (partial(create_post, slow.id, reply), f"/api/timeline/user/{fast.id}", "posts", slow),
        "retweets": (partial(reactions.retweet, fast.id, UUID(second)), f"/api/timeline/user/{fast.id}", "posts", slow),
        "bookmarks": (partial(reactions.bookmark, fast.id, UUID(second)), "/api/bookmarks", "posts", fast),
        "notifications": (
            partial(reactions.like, slow.id, UUID(second)),
            "/api/notifications",
            "notifications",
            author,
        ),
    }[kind]
    send = {"bookmarks": "bookmark", "notifications": "like"}.get(kind, "retweet")
    assert (await fast.client.post(f"/api/posts/{first}/{send}")).status_code == 201

    async def poll(cursor: str | None) -> dict[str, Any]:
        answer = await reader.client.get(path, params={"after": cursor} if cursor else {})
        body: dict[str, Any] = answer.json()
        return body

    begin = (await poll(None))["newest_cursor"]
    async with open_transaction(database):
        await write()
        assert (await fast.client.post(f"/api/posts/{third}/{send}")).status_code == 201
        held = await poll(begin)
        assert (held[noun], held["newest_cursor"]) == ([], begin)

    told = await poll(begin)
    posts = [item["id"] if noun == "posts" else item["post_id"] for item in told[noun]]
    assert posts == ([third] if kind == "replies" else [third, second])
    assert (await poll(told["newest_cursor"]))[noun] == []


async def test_files_are_listed_in_the_order_in_which_they_appeared(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    owner = await make_user("owner")
    quick, slow = [new_id() for _ in range(2)][::-1]
    for file_id in (quick, slow):  # the slow one was begun first
        await database.execute(
            """INSERT INTO media (id, user_id, type, mime_type, file_name, thumbnail_name, size_bytes)
               VALUES ($1, $2, 'image', 'image/png', $3, $3, 1)""",
            file_id,
            owner.id,
            f"{file_id}.png",
        )

    async def files(**query: Any) -> list[str]:
        answer = await owner.client.get(f"/api/media/user/{owner.id}", params=query)
        return [file["id"] for file in answer.json()["media"]]

    assert await files() == [str(slow), str(quick)]
    assert await files(after=str(quick)) == await files(limit=1) == [str(slow)]
    assert await files(before=str(slow)) == [str(quick)]
    assert await files(after=str(slow)) == []


async def test_transactions_that_make_no_ids_hold_nothing_back(make_user: MakeUser, database: asyncpg.Pool) -> None:
    author = await make_user("author")
    begin = await publish(author)
    async with database.acquire() as operator, operator.transaction(isolation="repeatable_read"):
        await operator.execute("UPDATE users SET bio = 'looked after' WHERE id = $1", begin["user_id"])
        await operator.fetch("SELECT pg_advisory_xact_lock_shared(5818, 1), pg_advisory_xact_lock(1)")
        made = (await publish(await make_user("other")))["id"]
        assert await posts_of(author, "/api/timeline/explore", after=begin["id"]) == [made]


async def test_a_process_that_stands_still_in_a_transaction_is_ended(servers: Servers) -> None:
    async with new_database(servers) as url:
        ours, other = await db.connect(url), await asyncpg.connect(url)
        hangs = await db.connect(url, idle_in_transaction_session_timeout="50ms")
        try:
            assert await ours.fetchval("SHOW idle_in_transaction_session_timeout") == "15s"
            await hangs.execute("BEGIN")
            await hangs.execute("SELECT order_id(1)")
            async with asyncio.timeout(30):
                while len(await other.fetch("SELECT FROM order_horizon()")) > 1:
                    await asyncio.sleep(0.02)
        finally:
            for connection in (ours, other, hangs):
                connection.terminate()


async def test_ids_go_on_where_they_were_when_the_clock_goes_back(servers: Servers) -> None:
    async with new_database(servers) as url:
        connection, other = await asyncpg.connect(url), await asyncpg.connect(url)
        try:
            # So it is after a step back, or on a replica whose clock is behind: the sequence is ahead of the clock.
            await connection.execute("SELECT setval('order_clock', last_value + 3_600_000_000) FROM order_clock")
            ids = [await each.fetchval("SELECT order_id(1)") for each in (connection, other, connection, other)]
            assert ids == sorted(ids)
            horizon = await other.fetchval("SELECT micros FROM order_horizon() WHERE kind = 0")
            assert (ids[-1].int >> 80) <= horizon // 1000 <= (ids[-1].int >> 80) + 1
            async with connection.transaction():
                open_id = await connection.fetchval("SELECT order_id(1)")
                rows = {row["kind"]: row["micros"] for row in await other.fetch("SELECT * FROM order_horizon()")}
                assert rows[Order.POSTS] // 1000 <= open_id.int >> 80
                assert await other.fetchval("SELECT order_id(1)") > open_id > ids[-1]
        finally:
            connection.terminate()
            other.terminate()


async def test_a_node_whose_clock_is_a_day_ahead_changes_no_order(server: Server, tmp_path: Path) -> None:
    ahead = make_server(server.database_url, server.redis_url, tmp_path)
    ahead.program = ("-c", AHEAD)
    async with running(ahead):
        name = secrets.token_hex(6)
        here, there = await register(server.url, f"h{name}"), await register(ahead.url, f"t{name}")
        made = [await publish(each, metadata={"category": name}) for each in (there, here, there, here)]
        ids = [post["id"] for post in made]
        times = [post["created_at"] for post in made]

        assert times == sorted(times)
        assert [moment_of(UUID(post["id"])).isoformat()[:23] for post in made] == [time[:23] for time in times]
        for reader in (here, there):
            assert await posts_of(reader, "/api/timeline/explore", category=name) == ids[::-1]
            assert await posts_of(reader, "/api/timeline/explore", category=name, after=ids[0]) == ids[:0:-1]
            assert await posts_of(reader, "/api/timeline/trending", category=name, timeframe="1h") == ids[::-1]
            await reader.client.aclose()


@pytest.mark.parametrize("hours", [-1, 5])
async def test_a_database_with_data_goes_on_above_the_ids_that_nodes_made(servers: Servers, hours: int) -> None:
    migration = importlib.import_module("piccolo_migrations.x18_0017_order_keys")
    async with new_database(servers) as url:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(migration.DOWN)
            user, old = new_id(), UUID(int=new_id().int + (hours * 3_600_000 << 80))
            await connection.execute(
                "INSERT INTO users (id, username, email, password_hash, display_name) VALUES ($1, 'old', 'o@x18.example', '', 'Old')",
                user,
            )
            await connection.execute(
                """INSERT INTO media (id, user_id, type, mime_type, file_name, size_bytes)
                   VALUES ($1, $2, 'image', 'image/png', 'old.png', 1)""",
                old,
                user,
            )
            await connection.execute(migration.UP)

            assert await connection.fetchval("SELECT order_key FROM media") == old
            made = await connection.fetchval("SELECT order_id(5)")
            assert old < made < UUID(int=old.int + (7_200_000 << 80))
        finally:
            connection.terminate()
