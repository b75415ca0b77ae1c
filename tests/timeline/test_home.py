"""A post stands once in home, whoever retweeted it."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest

from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser


async def pages(client: httpx.AsyncClient, path: str, limit: int) -> list[dict[str, Any]]:
    """All pages of a list, one after the other."""
    found: list[dict[str, Any]] = []
    query = f"{path}{'&' if '?' in path else '?'}limit={limit}"
    cursor = ""
    while True:
        page = (await client.get(query + cursor)).json()
        found += page["posts"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&before={page['next_cursor']}"


@pytest.fixture
async def crowd(make_user: MakeUser) -> tuple[Account, Account, list[Account]]:
    """A reader, an author who is followed, and four who are followed too and retweet."""
    reader, author = await make_user("reader"), await make_user("author")
    fans = list(await asyncio.gather(*(make_user(f"fan{number}") for number in range(4))))
    for followee in (author, *fans):
        await reader.client.post(f"/api/users/{followee.id}/follow")
    return reader, author, fans


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("filtered", [False, True])
async def test_a_post_stands_once_at_its_newest_entry(
    crowd: tuple[Account, Account, list[Account]], make_user: MakeUser, limit: int, filtered: bool
) -> None:
    reader, author, fans = crowd
    stranger = await make_user("stranger")
    mark = "h" + secrets.token_hex(4)
    path = f"/api/timeline/home?category={mark}" if filtered else "/api/timeline/home"
    posts = [await publish(author, f"{number}", metadata={"category": mark}) for number in range(3)]
    foreign = await publish(stranger, "foreign", metadata={"category": mark})
    for fan in fans:
        await fan.client.post(f"/api/posts/{posts[0]['id']}/retweet")
        await fan.client.post(f"/api/posts/{foreign['id']}/retweet")
    await stranger.client.post(f"/api/posts/{posts[1]['id']}/retweet")  # whom the reader does not follow
    await reader.client.post(f"/api/posts/{posts[1]['id']}/retweet")

    shown = await pages(reader.client, path, limit)

    assert [post["id"] for post in shown] == [posts[1]["id"], foreign["id"], posts[0]["id"], posts[2]["id"]]
    by = [post["retweeted_by"]["id"] if "retweeted_by" in post else None for post in shown]
    assert by == [str(reader.id), str(fans[-1].id), str(fans[-1].id), None]
    count = (await reader.client.get(f"{path}{'&' if filtered else '?'}count=true&limit=1")).json()
    assert count["total"] == 4
    await reader.client.delete(f"/api/posts/{posts[1]['id']}/retweet")
    await fans[-1].client.delete(f"/api/posts/{foreign['id']}/retweet")
    shown = await pages(reader.client, path, limit)
    assert [post["id"] for post in shown] == [posts[0]["id"], foreign["id"], posts[2]["id"], posts[1]["id"]]
    assert shown[1]["retweeted_by"]["id"] == str(fans[-2].id)


async def test_a_retweet_by_somebody_who_is_not_followed_any_more_hides_nothing(
    crowd: tuple[Account, Account, list[Account]],
) -> None:
    reader, author, fans = crowd
    made, other = await publish(author, "made"), await publish(author, "other")
    await fans[0].client.post(f"/api/posts/{made['id']}/retweet")
    assert [post["id"] for post in await pages(reader.client, "/api/timeline/home", 5)] == [made["id"], other["id"]]
    await reader.client.delete(f"/api/users/{fans[0].id}/follow")
    assert [post["id"] for post in await pages(reader.client, "/api/timeline/home", 5)] == [other["id"], made["id"]]
