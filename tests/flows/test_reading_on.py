"""Reading a list on by a cursor, while others write: nothing is missed and nothing comes twice, whatever is committed late, on any node."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser
from tests.files import picture, save
from tests.server import TLS, Server
from x18.core import db
from x18.posts import reactions
from x18.posts.actions import create_post
from x18.posts.schemas import PostDraft
from x18.users.actions import follow

WRITERS = 4
ROUNDS = 4

Write = Callable[[], Awaitable[object]]


@dataclass
class Reading:
    """A client that reads a list from its first page on, by the cursor that it is given or by the id of the newest item."""

    node: httpx.AsyncClient
    reader: Account
    path: str
    noun: str = "posts"
    query: dict[str, Any] = field(default_factory=dict)
    by_id: bool = True
    """Whether the list is ordered by the ids that it shows."""

    pause_s: float = 0.0
    cursor_name: str = "after"
    cursor: str | None = None
    seen: list[str] = field(default_factory=list)

    async def read(self) -> None:
        """Ask for what is new."""
        body = await self._get({self.cursor_name: self.cursor} if self.cursor else {})
        items = self._grown([key_of(item) for item in body[self.noun]])
        self.seen += items
        if self.by_id:
            self.cursor = items[-1] if items else self.cursor
        else:
            self.cursor = body["newest_cursor"]

    @property
    def stands(self) -> list[str]:
        """What was seen and has not moved up since: in home a post stands where it was retweeted last."""
        places = {key.partition(" ")[0]: place for place, key in enumerate(self.seen)}
        return [self.seen[place] for place in sorted(places.values())]

    async def run(self, written: asyncio.Event) -> None:
        """Read on until all has been written, and then until as much has been read."""
        while not written.is_set():
            await self.read()
            await asyncio.sleep(self.pause_s)
        size = len(await self.whole())
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + 60
        while len(self.stands) < size and loop.time() < give_up_at:
            await self.read()
            await asyncio.sleep(0.01)

    async def whole(self) -> list[str]:
        """What the list holds from the first item on that was seen, in the order in which it grew, by pages from its beginning."""
        found: list[str] = []
        query: dict[str, Any] = {}
        while True:
            body = await self._get(query)
            found += [key_of(item) for item in body[self.noun]]
            if body["next_cursor"] is None or set(self.seen[:1]) & set(found):
                grown = self._grown(found)
                return grown[grown.index(self.seen[0]) :] if self.seen and self.seen[0] in grown else grown
            query = {"before": body["next_cursor"]}

    def _grown(self, items: list[str]) -> list[str]:
        return items if self.cursor_name == "before" else items[::-1]

    async def _get(self, query: dict[str, Any]) -> dict[str, Any]:
        answer = await self.node.get(self.path, params=self.query | {"limit": 100} | query, headers=self.reader.headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


@dataclass
class Crowd:
    """Who writes, whom it concerns, and the mark by which their posts are found."""

    mark: str
    writers: list[Account]
    fans: list[Account]
    author: Account
    """Of the post that many reply to; retweets, uploads, and is followed and notified."""

    keeper: Account
    """Bookmarks, and follows."""

    reader: Account
    """Follows the others from the beginning: more users than a filtered home looks through one by one."""

    root: str
    posts: list[str]
    """To be retweeted and bookmarked."""

    def body(self, *, reply: bool) -> dict[str, Any]:
        about = {"reply_to_id": self.root} if reply else {}
        metadata = {"category": self.mark, "symbol": self.mark}
        return {"content": f"{self.mark} #{self.mark}", "metadata": metadata} | about


def key_of(item: dict[str, Any]) -> str:
    """What tells an item from the others of its list: the id, of a retweet with who made it."""
    return " ".join([item["id"], *([item["retweeted_by"]["id"]] if item.get("retweeted_by") else [])])


class TakenBackError(Exception):
    """What ends a transaction that is to leave nothing."""


@pytest.fixture
async def nodes(server: Server, workers: Server) -> AsyncIterator[list[httpx.AsyncClient]]:
    limits = httpx.Limits(max_connections=100)
    clients = [
        httpx.AsyncClient(base_url=node.url, timeout=30, verify=TLS, limits=limits) for node in (server, workers)
    ]
    yield clients
    for client in clients:
        await client.aclose()


@pytest.fixture
async def slow_node(server: Server) -> AsyncIterator[asyncpg.Pool]:
    """Connections of a node whose transactions take long."""
    async with asyncpg.create_pool(server.database_url, min_size=1, max_size=WRITERS) as pool:
        yield pool


@pytest.fixture
async def crowd(make_user: MakeUser) -> Crowd:
    fans = [await make_user("fan") for _ in range(WRITERS * ROUNDS)]
    writers = [await make_user("writer") for _ in range(WRITERS)]
    author, keeper, reader = await make_user("author"), await make_user("keeper"), await make_user("reader")
    for followee in (author, *writers, *fans):
        assert (await reader.client.post(f"/api/users/{followee.id}/follow")).status_code == 201
    root = (await publish(author))["id"]
    posts = [(await publish(keeper))["id"] for _ in fans]
    return Crowd("m" + secrets.token_hex(5), writers, fans, author, keeper, reader, root, posts)


async def write_on_nodes(crowd: Crowd, nodes: list[httpx.AsyncClient], number: int, chance: random.Random) -> None:
    """One writer's share through the API, on one node after the other. Half of the posts name a file that is none, and come to nothing."""
    writer = crowd.writers[number]
    for round_ in range(ROUNDS):
        node = nodes[(number + round_) % 2]
        made = await node.post("/api/posts", json=crowd.body(reply=chance.random() < 0.5), headers=writer.headers)
        assert made.status_code == 201, made.text
        bad = crowd.body(reply=True) | {"media_ids": [crowd.root]}
        assert (await node.post("/api/posts", json=bad, headers=writer.headers)).status_code == 400
        path = f"/api/posts/{made.json()['id']}"
        file = {"file": ("a.png", save(picture((8 + 200 * chance.randrange(3), 8)), "PNG"))}
        answers = await asyncio.gather(
            node.post(f"{path}/retweet", headers=crowd.author.headers),
            node.post(f"{path}/bookmark", headers=crowd.keeper.headers),
            node.post("/api/media/upload", files=file, headers=crowd.author.headers),
        )
        assert [answer.status_code for answer in answers] == [201] * 3


async def write_slowly(crowd: Crowd, pool: asyncpg.Pool, number: int, chance: random.Random) -> None:
    """One writer's share in transactions that stay open for a while, each of one's own; a quarter of them are taken back."""
    for fan, post in list(zip(crowd.fans, crowd.posts, strict=True))[number::WRITERS]:
        post_id = UUID(post)
        writes: list[Write] = [
            partial(create_post, fan.id, msgspec.convert(crowd.body(reply=False), PostDraft)),
            partial(create_post, fan.id, msgspec.convert(crowd.body(reply=True), PostDraft)),
            partial(reactions.retweet, crowd.author.id, post_id),
            partial(reactions.like, fan.id, UUID(crowd.root)),
            partial(reactions.bookmark, crowd.keeper.id, post_id),
            partial(follow, fan.id, crowd.author.id),
            partial(follow, crowd.keeper.id, fan.id),
        ]
        for write in writes:
            with suppress(TakenBackError):
                async with pool.acquire() as connection, connection.transaction(), db.using(connection):
                    await write()
                    await asyncio.sleep(chance.choice([0, 0.02, 0.1]))
                    if chance.random() < 0.25:
                        raise TakenBackError


def readings(crowd: Crowd, nodes: list[httpx.AsyncClient]) -> list[Reading]:
    """Every list, read nearly without a pause and every half second, on either node."""
    mark, author, keeper, reader = crowd.mark, crowd.author, crowd.keeper, crowd.reader
    terms = {"category": mark, "symbol": mark}
    lists: list[tuple[Account, str, dict[str, Any]]] = [
        (reader, "/api/timeline/explore", {}),
        (reader, "/api/timeline/explore", {"query": {"category": mark}}),
        (reader, "/api/timeline/explore", {"query": terms}),
        (reader, "/api/timeline/search", {"query": {"symbol": mark}}),
        (reader, "/api/timeline/home", {"by_id": False}),
        (reader, "/api/timeline/home", {"by_id": False, "query": terms}),
        (author, "/api/timeline/home", {"by_id": False, "query": {"category": mark}}),
        (reader, f"/api/timeline/user/{author.id}", {"by_id": False}),
        (reader, f"/api/users/{crowd.writers[0].id}/posts", {}),
        (reader, f"/api/posts/{crowd.root}/replies", {"cursor_name": "before"}),
        (reader, f"/api/search/hashtag/{mark}", {}),
        (reader, "/api/search/posts", {"query": {"q": mark}}),
        (author, "/api/notifications", {"noun": "notifications"}),
        (author, "/api/notifications", {"noun": "notifications", "query": {"unread_only": "true"}}),
        (keeper, "/api/bookmarks", {"by_id": False}),
        (reader, f"/api/users/{author.id}/followers", {"noun": "users", "by_id": False}),
        (reader, f"/api/users/{keeper.id}/following", {"noun": "users", "by_id": False}),
        (author, f"/api/media/user/{author.id}", {"noun": "media"}),
    ]
    return [
        Reading(nodes[(number + start) % 2], who, path, pause_s=pause_s, **options)
        for start, pause_s in enumerate((0.03, 0.5))
        for number, (who, path, options) in enumerate(lists)
    ]


async def test_who_reads_a_list_on_has_all_of_it_once_and_in_order(
    nodes: list[httpx.AsyncClient], slow_node: asyncpg.Pool, crowd: Crowd
) -> None:
    written = asyncio.Event()
    everything = readings(crowd, nodes)
    reading = [asyncio.create_task(each.run(written)) for each in everything]
    try:
        await asyncio.gather(
            *(write_on_nodes(crowd, nodes, number, random.Random(number)) for number in range(WRITERS)),
            *(write_slowly(crowd, slow_node, number, random.Random(~number)) for number in range(WRITERS)),
        )
    finally:
        written.set()
        await asyncio.gather(*reading)

    for each in everything:
        whole = await each.whole()
        missed, doubled = set(whole) - set(each.seen), len(each.seen) - len(set(each.seen))
        where = (
            f"{each.path} {each.query} every {each.pause_s} s: {len(missed)} of {len(whole)} missed, {doubled} twice"
        )
        assert (each.stands, doubled) == (whole, 0), where
        assert each.stands == each.seen or "/home" in each.path
        assert len(whole) >= ROUNDS, where
