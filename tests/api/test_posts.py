"""Posts, reactions, bookmarks."""

import asyncio
import json
from collections import Counter
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import Account, MakeUser
from tests.crowd import make_crowd, send_all

FIELDS = {
    "id", "user_id", "user", "content", "metadata", "media", "hashtags", "mentions", "visibility", "reply_to_id",
    "reply_to_user", "root_post_id", "likes_count", "retweets_count", "replies_count", "bookmarks_count", "created_at", "updated_at",
}  # fmt: skip
FLAGS = {"is_liked", "is_retweeted", "is_bookmarked"}


async def publish(author: Account, content: str = "hello", **fields: Any) -> dict[str, Any]:
    answer = await author.client.post("/api/posts", json={"content": content, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_post_comes_back_as_it_was_written(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, friend = await make_user("author"), await make_user("friend")
    metadata = {
        "category": "crypto",
        "market": "btc",
        "symbol": "BTC-USD",
        "tags": ["bull"],
        "price": 100000.5,
        "x": {"y": [1, None]},
    }
    content = (
        f"Bitcoin hit $100k! 🚀 #Bitcoin #биткоин #hello_2 $eth-usd @{friend.username} @nobody_like_this a@example.com"
    )

    made = await publish(author, f"  {content} ", metadata=metadata)
    seen = (await api.get(f"/api/posts/{made['id']}/")).json()

    assert made.keys() == FIELDS | FLAGS
    assert seen.keys() == FIELDS
    assert made["content"] == content
    assert made["metadata"] == metadata
    assert made["hashtags"] == ["bitcoin", "биткоин", "hello_2"]
    assert made["mentions"] == [friend.username]
    assert (made["visibility"], made["likes_count"], made["reply_to_id"], made["media"]) == ("public", 0, None, [])
    assert made["user"]["id"] == made["user_id"] == str(author.id)
    assert made["user"]["posts_count"] == 1


async def test_mentions_stand_in_the_order_of_the_text(make_user: MakeUser) -> None:
    users = [await make_user() for _ in range(4)]
    names = [users[number].username for number in (2, 0, 3, 1)]

    assert (await publish(users[0], " ".join(f"@{name.upper()}" for name in names)))["mentions"] == names


async def test_a_body_without_a_content_type_is_read_as_json(make_user: MakeUser) -> None:
    author = await make_user()
    request = author.client.build_request("POST", "/api/posts", content=json.dumps({"content": "curl -d"}))
    request.headers["content-type"] = "application/x-www-form-urlencoded"

    assert (await author.client.send(request)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": ""},
        {"content": " \n "},
        {"content": "x" * 5001},
        {"content": "\x00"},
        {"content": 1},
        {"content": "x", "visibility": "friends"},
        {"content": "x", "metadata": []},
        {"content": "x", "metadata": {"category": 1}},
        {"content": "x", "metadata": {"category": "x" * 65}},
        {"content": "x", "metadata": {"tags": "one"}},
        {"content": "x", "metadata": {"tags": ["x"] * 33}},
        {"content": "x", "metadata": {"tags": [1]}},
        {"content": "x", "metadata": {"tags": ["x", None]}},
        {"content": "x", "metadata": {"big": "x" * 16384}},
        {"content": "x", "metadata": {"big": "я" * 8192}},
        {"content": "x", "metadata": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}},
        {"content": "x", "metadata": {"nul\x00": 1}},
        {"content": "x", "metadata": {"n": [10**30]}},
        {"content": "x", "metadata": {"n": 1e-30}},
        {"content": "x", "media_ids": ["not-an-id"]},
        {"content": "x", "media_ids": [str(uuid4())]},
        {"content": "x", "media_ids": [str(uuid4()) for _ in range(5)]},
        {"content": "x", "reply_to_id": "not-an-id"},
    ],
)
async def test_a_bad_post_is_refused_and_nothing_is_written(make_user: MakeUser, body: dict[str, Any]) -> None:
    author = await make_user()

    answer = await author.client.post("/api/posts", json=body)

    assert answer.status_code == 400, answer.text
    assert (await author.client.get("/api/users/me")).json()["posts_count"] == 0


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"null", b"[]", b'"x"', b'{"content": "\xff"}', b'{"content": "\\ud800"}', b'{"content": 1e400}',
     b'{"content":"x","metadata":{"n":1e400}}',
     b'{"content":"x","metadata":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", b"content=x"],
)  # fmt: skip
async def test_what_is_no_json_is_a_400(make_user: MakeUser, raw: bytes) -> None:
    author = await make_user()

    answer = await author.client.post("/api/posts", content=raw)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == answer.json()["detail"]


async def test_the_longest_content_in_any_script_is_taken_and_space_around_it_does_not_count(
    make_user: MakeUser,
) -> None:
    author = await make_user()

    assert len((await publish(author, f"\n {'🚀' * 5000}\r\n"))["content"]) == 5000


async def test_visibility(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, follower, outsider = await make_user(), await make_user(), await make_user()
    await follower.client.post(f"/api/users/{author.id}/follow")
    seen: dict[str, list[int]] = {}
    for visibility in ("public", "followers", "private"):
        made = await publish(author, visibility=visibility)
        asked = [
            client.get(f"/api/posts/{made['id']}") for client in (author.client, follower.client, outsider.client, api)
        ]
        seen[visibility] = [answer.status_code for answer in await asyncio.gather(*asked)]

    assert seen == {
        "public": [200, 200, 200, 200],
        "followers": [200, 200, 404, 404],
        "private": [200, 404, 404, 404],
    }


async def test_only_its_author_deletes_a_post(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, other = await make_user(), await make_user()
    made, secret = await publish(author), await publish(author, visibility="private")

    assert (await api.delete(f"/api/posts/{made['id']}")).status_code == 401
    assert (await other.client.delete(f"/api/posts/{made['id']}")).status_code == 403
    assert (await other.client.delete(f"/api/posts/{secret['id']}")).status_code == 404
    deleted = await author.client.delete(f"/api/posts/{made['id']}")
    assert (deleted.status_code, deleted.json()) == (200, {"success": True})
    assert (await author.client.delete(f"/api/posts/{made['id']}")).status_code == 404
    assert (await author.client.get("/api/users/me")).json()["posts_count"] == 1


@pytest.mark.parametrize(("verb", "counter", "flag"), [
    ("like", "likes_count", "is_liked"), ("retweet", "retweets_count", "is_retweeted"), ("bookmark", "bookmarks_count", "is_bookmarked"),
])  # fmt: skip
async def test_reactions_are_idempotent_both_ways(
    api: httpx.AsyncClient, make_user: MakeUser, verb: str, counter: str, flag: str
) -> None:
    author, fan, other = await make_user(), await make_user(), await make_user()
    made = await publish(author)
    path = f"/api/posts/{made['id']}/{verb}"

    first, second = await fan.client.post(path), await fan.client.post(path)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()[counter] == second.json()[counter] == 1
    assert first.json()[flag] is True
    assert (await other.client.get(f"/api/posts/{made['id']}")).json()[flag] is False
    assert flag not in (await api.get(f"/api/posts/{made['id']}")).json()
    for _ in range(2):
        undone = await fan.client.delete(path)
        assert undone.status_code == 200
        assert (undone.json()[counter], undone.json()[flag]) == (0, False)
    assert (await api.post(path)).status_code == 401
    assert (await api.delete(path)).status_code == 401
    assert (await fan.client.post(f"/api/posts/{uuid4()}/{verb}")).status_code == 404


@pytest.mark.parametrize("verb", ["like", "retweet", "bookmark"])
async def test_what_one_may_not_see_one_cannot_react_to(make_user: MakeUser, database: asyncpg.Pool, verb: str) -> None:
    author, other = await make_user(), await make_user()
    secret = await publish(author, visibility="followers")

    answer = await other.client.post(f"/api/posts/{secret['id']}/{verb}")

    assert answer.status_code == 404
    assert await database.fetchval(f"SELECT count(*) FROM {verb}s WHERE post_id = $1::text::uuid", secret["id"]) == 0


async def test_only_public_posts_can_be_retweeted(make_user: MakeUser, database: asyncpg.Pool) -> None:
    author, follower, reader = await make_user(), await make_user(), await make_user()
    await follower.client.post(f"/api/users/{author.id}/follow")
    await reader.client.post(f"/api/users/{follower.id}/follow")
    made = await publish(author, visibility="followers")
    turned = await publish(author)
    await author.client.patch("/api/users/me", json={"private_account": True})

    for post in (made, turned):
        for client in (author.client, follower.client):
            answer = await client.post(f"/api/posts/{post['id']}/retweet")
            assert (answer.status_code, answer.json()["code"]) == (403, "not_retweetable")
        seen = (await follower.client.get(f"/api/posts/{post['id']}")).json()
        assert (seen["retweets_count"], seen["is_retweeted"]) == (0, False)
        entries = await database.fetchval(
            "SELECT count(*) FROM feed_entries WHERE post_id = $1::text::uuid AND id <> post_id", post["id"]
        )
        assert entries == 0, "and it stands in nobody's home"


async def test_likes_of_few_at_once_are_counted_exactly(make_user: MakeUser, database: asyncpg.Pool) -> None:
    author = await make_user()
    made = await publish(author)
    fans = [await make_user("fan") for _ in range(20)]
    path = f"/api/posts/{made['id']}/like"

    answers = await send_all(fan.client.post(path) for fan in fans for _ in range(50))

    assert Counter(answer.status_code for answer in answers).keys() == {200, 201}
    assert sum(answer.status_code == 201 for answer in answers) == 20
    assert (await author.client.get(f"/api/posts/{made['id']}")).json()["likes_count"] == 20
    mixed = await send_all(getattr(fan.client, verb)(path) for fan in fans for verb in ("post", "delete") * 10)
    assert {answer.status_code for answer in mixed} <= {200, 201}
    counted = await database.fetchval("SELECT likes_count FROM post_stats WHERE post_id = $1::text::uuid", made["id"])
    assert counted == await database.fetchval("SELECT count(*) FROM likes WHERE post_id = $1::text::uuid", made["id"])


async def test_a_thousand_users_like_at_once(make_user: MakeUser, database: asyncpg.Pool) -> None:
    author = await make_user()
    made = await publish(author)
    tokens = await make_crowd(database, 1000)
    path = f"/api/posts/{made['id']}/like"

    # Each on a client of its own kind: one client with a thousand requests is slow in itself.
    fans = [await make_user("fan") for _ in range(20)]
    answers = await send_all(
        fans[number % 20].client.post(path, headers={"Authorization": f"Bearer {token}"})
        for number, token in enumerate(tokens)
    )

    assert [answer.status_code for answer in answers] == [201] * 1000
    assert (await author.client.get(f"/api/posts/{made['id']}")).json()["likes_count"] == 1000


async def test_replies_stand_under_their_post_oldest_first(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, other = await make_user(), await make_user()
    root = await publish(author)
    first = await publish(other, "first", reply_to_id=root["id"])
    second = await publish(author, "second", reply_to_id=root["id"])
    hidden = await publish(other, "hidden", reply_to_id=root["id"], visibility="private")
    deep = await publish(author, "deep", reply_to_id=first["id"])

    page = (await api.get(f"/api/posts/{root['id']}/replies?limit=1")).json()
    rest = (await api.get(f"/api/posts/{root['id']}/replies?limit=5&before={page['next_cursor']}")).json()

    assert [post["id"] for post in page["posts"] + rest["posts"]] == [first["id"], second["id"]]
    assert rest["next_cursor"] is None
    assert (deep["reply_to_id"], deep["root_post_id"]) == (first["id"], root["id"])
    assert (await api.get(f"/api/posts/{root['id']}")).json()["replies_count"] == 2
    await other.client.delete(f"/api/posts/{hidden['id']}")
    assert (await api.get(f"/api/posts/{root['id']}")).json()["replies_count"] == 2
    assert (await api.get(f"/api/posts/{hidden['id']}/replies")).status_code == 404


async def test_one_cannot_reply_to_what_one_may_not_see(make_user: MakeUser) -> None:
    author, other = await make_user(), await make_user()
    secret = await publish(author, visibility="private")

    assert (
        await other.client.post("/api/posts", json={"content": "x", "reply_to_id": secret["id"]})
    ).status_code == 404
    assert (await author.client.get(f"/api/posts/{secret['id']}")).json()["replies_count"] == 0


async def test_bookmarks_are_ones_own_and_newest_first(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, reader, other = await make_user(), await make_user(), await make_user()
    posts = [await publish(author, f"post {number}") for number in range(3)]
    for post in (posts[1], posts[0], posts[2]):
        await reader.client.post(f"/api/posts/{post['id']}/bookmark")
    await author.client.delete(f"/api/posts/{posts[2]['id']}")

    page = (await reader.client.get("/api/bookmarks/?limit=1")).json()
    rest = (await reader.client.get(f"/api/bookmarks?before={page['next_cursor']}")).json()

    assert [post["id"] for post in page["posts"] + rest["posts"]] == [posts[0]["id"], posts[1]["id"]]
    assert all(post["is_bookmarked"] for post in rest["posts"])
    assert (await other.client.get("/api/bookmarks")).json()["posts"] == []
    assert (await api.get("/api/bookmarks")).status_code == 401
