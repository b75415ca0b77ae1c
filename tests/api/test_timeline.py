"""Home, explore, a user's timeline, and their filters."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.test_posts import publish
from tests.conftest import NOBODY, Account, MakeUser


async def ids(client: httpx.AsyncClient, path: str) -> list[str]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return [post["id"] for post in answer.json()["posts"]]


@pytest.fixture
async def people(make_user: MakeUser) -> tuple[Account, Account, Account]:
    """An author, a reader who follows the author, a stranger."""
    author, reader, stranger = await make_user("author"), await make_user("reader"), await make_user("stranger")
    await reader.client.post(f"/api/users/{author.id}/follow")
    return author, reader, stranger


async def test_home_holds_what_one_follows_and_ones_own(people: tuple[Account, Account, Account]) -> None:
    author, reader, stranger = people
    public, followers = await publish(author), await publish(author, visibility="followers")
    await publish(author, visibility="private")
    await publish(stranger)
    own = await publish(reader, visibility="private")

    assert await ids(reader.client, "/api/timeline/home") == [own["id"], followers["id"], public["id"]]
    assert (await reader.client.get("/api/timeline/home?limit=1&count=true")).json()["total"] == 3
    assert public["id"] not in await ids(stranger.client, "/api/timeline/home")
    await reader.client.delete(f"/api/users/{author.id}/follow")
    assert await ids(reader.client, "/api/timeline/home") == [own["id"]]


async def test_home_needs_a_token(api: httpx.AsyncClient) -> None:
    assert (await api.get("/api/timeline/home")).status_code == 401


async def test_a_retweet_stands_at_home_with_who_retweeted_it(people: tuple[Account, Account, Account]) -> None:
    author, reader, stranger = people
    made = await publish(stranger)
    await author.client.post(f"/api/posts/{made['id']}/retweet")
    (shown,) = (await reader.client.get("/api/timeline/home")).json()["posts"]

    assert shown["id"] == made["id"]
    assert shown["retweeted_by"]["id"] == str(author.id)
    assert shown["retweeted_at"] > made["created_at"]
    await author.client.delete(f"/api/posts/{made['id']}/retweet")
    assert await ids(reader.client, "/api/timeline/home") == []


async def test_explore_holds_what_is_public(
    api: httpx.AsyncClient, people: tuple[Account, Account, Account], make_user: MakeUser
) -> None:
    author, reader, _ = people
    closed = await make_user("closed", private_account=True)
    public = await publish(author)
    hidden = [
        await publish(author, visibility="followers"),
        await publish(author, visibility="private"),
        await publish(closed),
    ]
    for client in (api, reader.client, author.client):
        seen = await ids(client, "/api/timeline/explore?limit=20")
        assert public["id"] in seen
        assert not {post["id"] for post in hidden} & set(seen)


async def test_a_users_timeline_shows_what_the_viewer_may_see(
    api: httpx.AsyncClient, people: tuple[Account, Account, Account]
) -> None:
    author, reader, stranger = people
    other = await publish(stranger)
    public, followers = await publish(author), await publish(author, visibility="followers")
    private = await publish(author, visibility="private")
    await author.client.post(f"/api/posts/{other['id']}/retweet")
    path, own_posts = f"/api/timeline/user/{author.id}", f"/api/users/{author.id}/posts"

    assert await ids(author.client, path) == [other["id"], private["id"], followers["id"], public["id"]]
    assert await ids(reader.client, path) == [other["id"], followers["id"], public["id"]]
    assert await ids(stranger.client, path) == await ids(api, path) == [other["id"], public["id"]]
    assert await ids(author.client, own_posts) == [private["id"], followers["id"], public["id"]]
    assert await ids(api, own_posts + "/") == [public["id"]]
    for client, posts in ((author.client, 3), (reader.client, 2), (stranger.client, 1), (api, 1)):
        assert (await client.get(f"{path}?count=true")).json()["total"] == posts + 1
        assert (await client.get(f"{own_posts}?count=true")).json()["total"] == posts
    assert (await api.get(path)).json()["user"]["id"] == str(author.id)
    assert (await api.get(f"/api/timeline/user/{uuid4()}")).status_code == 404
    assert (await api.get(f"/api/users/{uuid4()}/posts")).status_code == 404


async def test_a_private_account_shows_strangers_nothing(
    api: httpx.AsyncClient, people: tuple[Account, Account, Account]
) -> None:
    author, reader, stranger = people
    other = await publish(stranger)
    made = await publish(author)
    await author.client.post(f"/api/posts/{other['id']}/retweet")
    await author.client.patch("/api/users/me", json={"private_account": True})
    timeline, own_posts = f"/api/timeline/user/{author.id}?count=true", f"/api/users/{author.id}/posts?count=true"

    for path, shown in ((timeline, [other["id"], made["id"]]), (own_posts, [made["id"]])):
        for client, expected in ((author.client, shown), (reader.client, shown), (stranger.client, []), (api, [])):
            assert await ids(client, path) == expected
            assert (await client.get(path)).json()["total"] == len(expected)


FILTERED: list[tuple[str, list[int]]] = [
    ("category=CRYPTO", [0, 1]),
    ("category=crypto&category=fx", [0, 1, 2]),
    ("category=crypto&market=btc", [0]),
    ("symbol=eth-usd", [1]),
    ("symbol=BTC-USD&symbol=ETH-USD", [0, 1]),
    ("tag=bull&tag=none", [0]),
    ("tag=bull&category=fx", []),
    ("market=nothing-like-this", []),
    ("category=", [0, 1, 2, 3]),
]


@pytest.mark.parametrize(("query", "expected"), FILTERED)
async def test_filters_join_names_by_and_and_values_by_or(
    api: httpx.AsyncClient, people: tuple[Account, Account, Account], query: str, expected: list[int]
) -> None:
    author, reader, _ = people
    posts = [
        await publish(
            author, "one", metadata={"category": "Crypto", "market": "btc", "symbol": "BTC-USD", "tags": ["Bull"]}
        ),
        await publish(author, "a cashtag $ETH-USD", metadata={"category": "crypto", "market": "eth"}),
        await publish(author, "three", metadata={"category": "fx"}),
        await publish(author, "nothing"),
    ]
    wanted = [posts[number]["id"] for number in reversed(expected)]
    mine = {post["id"] for post in posts}

    assert await ids(reader.client, f"/api/timeline/home?{query}") == wanted
    assert await ids(api, f"/api/timeline/user/{author.id}?{query}") == wanted
    assert [found for found in await ids(api, f"/api/timeline/explore?limit=100&{query}") if found in mine] == wanted


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "offset=-1", "offset=10001", "offset=99999999999999999999", "before=x", "after=1",
     f"before={NOBODY}&offset=1", f"before={NOBODY}&offset=0", f"after={NOBODY}&offset=0",
     "count=maybe", "category=" + "x" * 65, "tag=%00", "&".join(["tag=x"] * 21)],
)  # fmt: skip
async def test_a_bad_query_is_a_400(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"/api/timeline/explore?{query}")

    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0] or "offset" in answer.json()["detail"]


async def walk(client: httpx.AsyncClient, path: str, **query: Any) -> list[str]:
    """All ids by following ``next_cursor``."""
    seen: list[str] = []
    while True:
        page = (await client.get(path, params=query)).json()
        seen += [post["id"] for post in page["posts"]]
        if page["next_cursor"] is None:
            return seen
        query["before"] = page["next_cursor"]


async def test_pages_by_cursor_and_by_offset_hold_the_same(people: tuple[Account, Account, Account]) -> None:
    author, reader, _ = people
    posts = [(await publish(author, f"post {number}", metadata={"category": "paging"}))["id"] for number in range(7)]
    newest_first = posts[::-1]
    for path in ("/api/timeline/home", f"/api/timeline/user/{author.id}", f"/api/users/{author.id}/posts"):
        assert await walk(reader.client, path, limit=3) == newest_first
        by_offset = [await ids(reader.client, f"{path}?limit=3&offset={offset}") for offset in (0, 3, 6, 9)]
        assert [post for page in by_offset for post in page] == newest_first
        newer = (await reader.client.get(f"{path}?limit=2&after={posts[2]}")).json()
        assert [post["id"] for post in newer["posts"]] == [posts[4], posts[3]]
    assert await walk(reader.client, "/api/timeline/home", limit=2, category="paging") == newest_first


async def test_deep_home_is_read_past_the_recent_window(
    people: tuple[Account, Account, Account], database: Any
) -> None:
    """More entries of others than the window holds lie above the viewer's."""
    author, reader, stranger = people
    old = await publish(author, "old", metadata={"category": "deepest"})
    await database.execute(
        """INSERT INTO feed_entries (id, actor_id, post_id)
           SELECT overlay(gen_random_uuid()::text placing left($1, 13) from 1 for 13)::uuid, $2, $1::text::uuid
           FROM generate_series(1, 2500)""",
        (await publish(stranger))["id"],
        stranger.id,
    )

    assert await ids(reader.client, "/api/timeline/home") == [old["id"]]
    assert await ids(reader.client, "/api/timeline/home?category=deepest") == [old["id"]]
    await database.execute("DELETE FROM feed_entries WHERE actor_id = $1", stranger.id)
