"""Pages by cursor: what stands in a list during the whole walk is seen exactly once, in order, whatever is added and removed meanwhile."""

import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import PASSWORD
from tests.server import TLS

LISTS = ["home", "home with a filter", "explore", "timeline/search", "user timeline", "retweets", "user's posts", "replies", "hashtag",
         "words", "bookmarks", "notifications"]  # fmt: skip

OTHER_CURSORS = {"retweets", "bookmarks", "notifications"}
"""Lists whose cursors are not the ids of what they show, but those of retweets, bookmarks and notifications."""

Op = tuple[str, int]


@dataclass
class Walked:
    """A list of posts or notifications. Each example has one of its own, under a mark."""

    writer: httpx.AsyncClient
    reader: httpx.AsyncClient
    writer_id: str
    mark: str
    parent: str = ""
    items: list[str] = field(default_factory=list)
    """What the list holds, in the order in which it was added."""

    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    noun: str = "posts"
    is_oldest_first: bool = False

    async def add(self) -> None:
        fields = {"reply_to_id": self.parent} if self.parent else {}
        metadata = {"category": self.mark, "symbol": self.mark}
        body = {"content": f"{self.mark} #{self.mark}", "metadata": metadata, **fields}
        self.items.append((await self.send("POST", "/api/posts", json=body))["id"])

    async def remove(self, item: str) -> None:
        await self.send("DELETE", f"/api/posts/{item}")

    async def send(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.writer.request(method, path, **options)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def act(self, ops: list[Op], *, watched: set[str]) -> None:
        """Add and remove; what was removed is watched no longer."""
        for name, number in ops:
            if name == "add":
                await self.add()
            elif self.items:
                item = self.items.pop(number % len(self.items))
                await self.remove(item)
                watched.discard(item)

    async def page(self, **query: Any) -> tuple[list[str], str | None]:
        answer = await self.reader.get(self.path, params=self.query | query)
        assert answer.status_code == 200, answer.text
        return [self.id_of(item) for item in answer.json()[self.noun]], answer.json()["next_cursor"]

    def id_of(self, item: dict[str, Any]) -> str:
        found: str = item["id"]
        return found


class Retweets(Walked):
    """Home and user timelines with retweets by the writer: the id of the post says which."""

    async def add(self) -> None:
        made = await self.reader.post("/api/posts", json={"content": "to be retweeted", "visibility": "public"})
        await self.send("POST", f"/api/posts/{made.json()['id']}/retweet")
        self.items.append(made.json()["id"])

    async def remove(self, item: str) -> None:
        await self.send("DELETE", f"/api/posts/{item}/retweet")


class Bookmarks(Walked):
    """The writer's bookmarks."""

    async def add(self) -> None:
        await super().add()
        await self.send("POST", f"/api/posts/{self.items[-1]}/bookmark")

    async def remove(self, item: str) -> None:
        await self.send("DELETE", f"/api/posts/{item}/bookmark")


class Notifications(Walked):
    """The reader's notifications of replies; a notification goes with its post."""

    def id_of(self, item: dict[str, Any]) -> str:
        found: str = item["post_id"]
        return found


@dataclass
class Pair:
    writer: httpx.AsyncClient
    reader: httpx.AsyncClient
    writer_id: str


@pytest.fixture(scope="module")
async def register(api: httpx.AsyncClient) -> AsyncIterator[Callable[[], Any]]:
    """Makes a writer and a reader who follows the writer, for one example."""
    clients: list[httpx.AsyncClient] = []

    async def make() -> Pair:
        made, ids = [], []
        for _ in range(2):
            name = "c" + secrets.token_hex(8)
            body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
            tokens = (await api.post("/api/auth/register", json=body)).json()
            headers = {"Authorization": f"Bearer {tokens['access_token']}"}
            made.append(httpx.AsyncClient(base_url=api.base_url, headers=headers, timeout=20, verify=TLS))
            ids.append(tokens["user"]["id"])
        clients.extend(made)
        await made[1].post(f"/api/users/{ids[0]}/follow")
        return Pair(made[0], made[1], ids[0])

    yield make
    for client in clients:
        await client.aclose()


async def make_list(name: str, pair: Pair) -> Walked:
    mark = "c" + secrets.token_hex(6)
    kind = {"retweets": Retweets, "bookmarks": Bookmarks, "notifications": Notifications}.get(name, Walked)
    walked = kind(pair.writer, pair.writer if name == "bookmarks" else pair.reader, pair.writer_id, mark)
    walked.query = {
        "home with a filter": {"category": mark, "symbol": mark},
        "explore": {"category": mark},
        "timeline/search": {"symbol": mark},
        "words": {"q": mark},
    }.get(name, {})
    walked.path = {
        "home": "/api/timeline/home",
        "home with a filter": "/api/timeline/home",
        "explore": "/api/timeline/explore",
        "timeline/search": "/api/timeline/search",
        "user timeline": f"/api/timeline/user/{pair.writer_id}",
        "retweets": f"/api/timeline/user/{pair.writer_id}",
        "user's posts": f"/api/users/{pair.writer_id}/posts",
        "hashtag": f"/api/search/hashtag/{mark}",
        "words": "/api/search/posts",
        "bookmarks": "/api/bookmarks",
        "notifications": "/api/notifications",
    }.get(name, "")
    if name in ("replies", "notifications"):
        walked.parent = (await pair.reader.post("/api/posts", json={"content": "a question"})).json()["id"]
    if name == "replies":
        walked.path, walked.is_oldest_first = f"/api/posts/{walked.parent}/replies", True
    if name == "notifications":
        walked.noun = "notifications"
    return walked


ops = st.lists(st.tuples(st.sampled_from(["add", "remove", "remove"]), st.integers(0, 20)), max_size=3)


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=3, deadline=None)
@given(size=st.integers(4, 9), limit=st.integers(1, 3), script=st.lists(ops, min_size=4, max_size=10))
async def test_what_stays_is_seen_once_and_in_order(
    register: Callable[[], Any], name: str, size: int, limit: int, script: list[list[Op]]
) -> None:
    walked = await make_list(name, await register())
    await walked.act([("add", 0)] * size, watched=set())
    await walk_down(walked, limit, script)
    if name not in OTHER_CURSORS:
        await walked.act([("add", 0)] * 3, watched=set())
        await walk_up(walked, limit, script)


async def walk_down(walked: Walked, limit: int, script: list[list[Op]]) -> None:
    """Along ``next_cursor`` to the end."""
    watched, added, seen, query = set(walked.items), list(walked.items), list[str](), dict[str, Any]()
    for happens in [*script, *[[]] * 30]:
        page, cursor = await walked.page(limit=limit, **query)
        assert set(page) <= set(walked.items)
        seen += page
        if cursor is None:
            break
        query = {"before": cursor}
        await walked.act(happens, watched=watched)
        added += [item for item in walked.items if item not in added]
    else:
        raise AssertionError("the list does not end")
    check(seen, watched, added if walked.is_oldest_first else added[::-1])


async def walk_up(walked: Walked, limit: int, script: list[list[Op]]) -> None:
    """From the last item of the list to the first, by ``after``."""
    added = list(walked.items)
    last = added[-1] if walked.is_oldest_first else added[0]
    watched, seen, after = set(added) - {last}, list[str](), last
    for happens in [*script, *[[]] * 30]:
        page, _ = await walked.page(limit=limit, after=after)
        assert set(page) <= set(walked.items)
        seen += page[::-1]
        if not page:
            break
        after = page[0]
        await walked.act(happens, watched=watched)
        added += [item for item in walked.items if item not in added]
    else:
        raise AssertionError("the list does not end")
    check(seen, watched, added[::-1] if walked.is_oldest_first else added)


def check(seen: list[str], watched: set[str], order: list[str]) -> None:
    assert len(seen) == len(set(seen)), "nothing is seen twice"
    assert watched <= set(seen), "nothing is lost"
    assert seen == sorted(seen, key=order.index), "in the order of the list"
