"""A client that was away gets exactly what it missed, or is told that it cannot."""

import asyncio
import random

import asyncpg
import redis.asyncio

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import follow, post
from tests.live import Live, live
from tests.server import Server, make_server


async def test_since_brings_what_was_missed_then_goes_live(server: Server, make_user: MakeUser) -> None:
    author, reader, stranger = await make_user("author"), await make_user("reader"), await make_user("stranger")
    await follow(reader, author)
    async with live(server, reader.access_token, "home") as before:
        first = await post(author, "first")
        await before.wait_for_post(str(first["id"]))
        cursor = before.cursor
    missed = [str((await post(author, f"missed {number}"))["id"]) for number in range(3)]
    await post(stranger, "not for the reader")
    await post(author, "not for the reader", visibility="private")
    gone = await post(author, "deleted meanwhile")
    await author.client.delete(f"/api/posts/{gone['id']}")

    async with live(server, reader.access_token) as after:
        await after.subscribe("home", since=cursor)
        last = str((await post(author, "live"))["id"])
        await after.wait_for_post(last)

        assert after.post_ids == [*missed, last]
        assert [event["payload"] for event in after.events if event["type"] == "post.deleted"] == [{"id": gone["id"]}]
        cursors = [int(event["cursor"].split(".")[1]) for event in after.events]
        assert cursors == sorted(set(cursors))


async def test_follows_count_as_of_each_event_also_in_a_replay(server: Server, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    async with live(server, reader.access_token, "home") as watching:
        cursor = watching.cursor
        path = f"/api/users/{author.id}/follow"
        for step, then in (("before", "POST"), ("during", "DELETE"), ("between", "POST")):
            await post(author, step)
            await reader.client.request(then, path)
        await post(author, "again")
        marker = str((await post(reader, "marker"))["id"])
        await watching.wait_for_post(marker)
        async with live(server, reader.access_token) as resumed:
            await resumed.subscribe("home", since=cursor)
            await resumed.wait_for_post(marker)

            assert [(event["cursor"], event["payload"]["id"]) for event in resumed.events] == [
                (event["cursor"], event["payload"]["id"]) for event in watching.events
            ]
            assert [event["payload"]["content"] for event in watching.events] == ["during", "again", "marker"]


async def test_the_seam_between_replay_and_live_neither_loses_nor_doubles(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    writing = True
    made: list[str] = []

    async def write() -> None:
        while writing:
            made.append(str((await post(author, f"post {len(made)}"))["id"]))

    async with live(server, None, f"user:{author.id}") as steady:
        cursor = steady.cursor
        writer = asyncio.create_task(write())
        clients = []
        for _ in range(12):
            await asyncio.sleep(random.uniform(0, 0.1))
            client = await Live.open(server)
            await client.subscribe(f"user:{author.id}", since=cursor)
            clients.append(client)
        writing = False
        await writer
        for client in (steady, *clients):
            await client.wait_for_post(made[-1])

        assert steady.post_ids == made
        assert [client.post_ids for client in clients] == [made] * len(clients)
    for client in clients:
        await client.close()


async def test_a_topic_added_with_since_does_not_repeat_what_another_topic_brought(
    server: Server, make_user: MakeUser
) -> None:
    author = await make_user("author")
    async with live(server, None, f"user:{author.id}") as client:
        cursor = client.cursor
        made = [str((await post(author, "#repeat"))["id"]) for _ in range(3)]
        await client.wait_for_post(made[-1])
        await client.subscribe("hashtag:repeat", since=cursor)
        last = str((await post(author, "#repeat"))["id"])
        await client.wait_for_post(last)

        assert client.post_ids == [*made, last]


async def test_who_was_left_meanwhile_is_in_no_home_any_more(server: Server, make_user: MakeUser) -> None:
    author, left, reader = await make_user("author"), await make_user("left"), await make_user("reader")
    for followee in (author, left):
        await reader.client.post(f"/api/users/{followee.id}/follow")
    async with live(server, reader.access_token) as client:
        cursor = client.cursor
        theirs, wanted = await post(left), await post(author)
        await left.client.post(f"/api/posts/{wanted['id']}/retweet")
        doomed = await post(left)
        await left.client.delete(f"/api/posts/{doomed['id']}")
        await reader.client.delete(f"/api/users/{left.id}/follow")
        last = await post(author)
    async with live(server, reader.access_token) as home, live(server, reader.access_token) as page:
        await home.subscribe("home", since=cursor)
        await home.wait_for_post(str(last["id"]))
        await page.subscribe("home", f"user:{left.id}", since=cursor)
        await page.wait_for_post(str(last["id"]))

        # What a device may have of the user it left is taken back all the same.
        assert [(event["type"], event["payload"].get("id")) for event in home.events] == [
            ("post", wanted["id"]), ("post.deleted", doomed["id"]), ("post", last["id"])
        ]  # fmt: skip
        assert {event["payload"].get("id") for event in page.events} >= {theirs["id"], last["id"]}


class Writers:
    """Publish for as long as asked, and remember what was acknowledged."""

    def __init__(self, authors: list[Account]) -> None:
        self.authors = authors
        self.made: set[str] = set()
        self.refused: set[int] = set()
        """The statuses of what was not accepted."""
        self.running = True

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for author in self.authors:
                group.create_task(self._write(author))

    async def make(self, more: int) -> None:
        """Wait until so many more were acknowledged."""
        wanted = len(self.made) + more
        async with asyncio.timeout(60):
            while len(self.made) < wanted:
                await asyncio.sleep(0.05)

    async def _write(self, author: Account) -> None:
        number = 0
        while self.running:
            number += 1
            try:
                answer = await author.client.post("/api/posts", json={"content": f"{author.username} {number}"})
            except Exception:  # the server was killed: nothing is known of this one
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == 201:
                self.made.add(answer.json()["id"])
            else:
                self.refused.add(answer.status_code)


async def resuming(server: Server, topics: list[str], cursor: str, made: set[str], done: asyncio.Event) -> list[str]:
    """What a client collects that connects again, with its cursor, whenever the connection breaks."""
    got: list[str] = []
    while True:
        try:
            client = await Live.open(server)
        except Exception:
            await asyncio.sleep(0.1)
            continue
        before = len(got)
        try:
            await client.subscribe(*topics, since=cursor)
            while client.close_code is None and not (done.is_set() and made <= {*got[:before], *client.post_ids}):
                await asyncio.sleep(0.05)
        except (AssertionError, TimeoutError, OSError):
            pass
        got[before:] = client.post_ids
        cursor = client.cursor
        if client.close_code is None:
            await client.close()
            return got


async def test_kill_and_restart_lose_and_double_nothing(
    server: Server, make_user: MakeUser, tmp_path: object, database: asyncpg.Pool
) -> None:
    """The process that everybody talks to, which is the leader too, is killed again and again under load."""
    authors = [await make_user("author") for _ in range(4)]
    victim = make_server(server.database_url, server.redis_url, server.log.parent)
    await victim.start()
    for author in authors:
        author.client.base_url = victim.url
    writers, done = Writers(authors), asyncio.Event()
    topics = [f"user:{author.id}" for author in authors]
    try:
        async with live(victim) as first:
            cursor = first.cursor
        writing = asyncio.create_task(writers.run())
        clients = [asyncio.create_task(resuming(victim, topics, cursor, writers.made, done)) for _ in range(4)]
        for _ in range(3):
            await writers.make(20)
            victim.kill()
            await victim.start()
        await writers.make(20)
        writers.running = False
        await writing
        done.set()
        async with asyncio.timeout(60):
            collected = await asyncio.gather(*clients)
    finally:
        victim.kill()
        victim.listener.close()

    logged = await database.fetch(
        "SELECT object_id::text AS id FROM event_log WHERE kind = 1 AND actor_id = ANY($1) ORDER BY seq",
        [author.id for author in authors],
    )
    expected = [row["id"] for row in logged]
    assert writers.made <= set(expected)
    assert [got[: len(expected)] for got in collected] == [expected[: len(got)] for got in collected]
    assert all(writers.made <= set(got) for got in collected)


async def test_a_flushed_redis_and_killed_subscriptions_lose_nothing(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    broker = redis.asyncio.Redis.from_url(server.redis_url)
    made = []
    async with live(server, None, f"user:{author.id}") as client:
        for number in range(40):
            made.append(str((await post(author, f"post {number}"))["id"]))
            if number % 10 == 5:
                await broker.flushall()
                await broker.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await client.wait_for_post(made[-1])

        assert client.post_ids == made
        assert (await author.client.get("/api/users/me")).status_code == 200
    await broker.aclose()
