"""Following the ``Link`` of lists, and what their envelopes say."""

import secrets
from urllib.parse import quote

import httpx
import pytest

from tests.api.test_posts import publish
from tests.conftest import MakeUser


async def follow_links(client: httpx.AsyncClient, path: str) -> list[httpx.Response]:
    """All pages of a list, by its links alone."""
    pages = [await client.get(path)]
    while "next" in pages[-1].links:
        assert len(pages) < 10
        pages.append(await client.get(pages[-1].links["next"]["url"]))
    return pages


@pytest.mark.parametrize("word", ["биткоин", "café", "#x", "\uff03x"])
async def test_the_link_of_a_hashtag_can_be_followed_in_any_script(
    api: httpx.AsyncClient, make_user: MakeUser, word: str
) -> None:
    author, tag = await make_user(), f"{word}{secrets.token_hex(4)}"
    made = [(await publish(author, "#" + tag.lstrip("#\uff03")))["id"] for _ in range(3)]

    pages = await follow_links(api, f"/api/search/hashtag/{quote(tag)}?limit=1")

    assert [page.status_code for page in pages] == [200] * 3, pages[-1].text
    assert [post["id"] for page in pages for post in page.json()["posts"]] == made[::-1]


async def test_half_a_surrogate_pair_and_bytes_that_are_no_text_are_the_clients_fault(api: httpx.AsyncClient) -> None:
    for body in (b'{"username": "x", "password": "\\ud800"}', b'{"username": "\xff", "password": "x"}'):
        assert (await api.post("/api/auth/login", content=body)).status_code == 400


async def test_lists_by_likeness_go_on_by_offset(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    users = [await make_user("likeness") for _ in range(3)]
    name = users[0].username.rsplit("_", 1)[0]
    for path, key in (("/api/search/users", "users"), ("/api/search", "users")):
        seen: list[str] = []
        address: str | None = f"{path}?q={name}&limit=2"
        while address:
            answer = await api.get(address)
            body = answer.json()
            assert body["next_cursor"] is None
            seen += [user["username"] for user in body[key]]
            link = answer.links.get("next")
            address = link["url"] if link else None
        assert sorted(seen) == sorted(user.username for user in users), path
    trending = (await api.get("/api/search/trending-hashtags?limit=3")).json()
    assert {"limit": 3, "offset": 0, "next_cursor": None}.items() <= trending.items()


async def test_the_totals_of_users_are_the_same_on_every_page(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    mark = secrets.token_hex(4)
    for name in ("first", "second"):
        await make_user(name, display_name=f"Total{mark}")
    await make_user("third", bio=f"total{mark}")

    pages = [
        (await api.get(f"/api/search/users?q=total{mark}&count=true&limit={limit}&offset={offset}")).json()
        for limit, offset in ((1, 0), (1, 1), (1, 2), (20, 0), (100, 0))
    ]

    assert [page["total"] for page in pages] == [3] * 5
    assert [user["id"] for page in pages[:3] for user in page["users"]] == [user["id"] for user in pages[3]["users"]]


async def test_a_list_bounded_on_both_sides_ends_at_the_older_bound(
    api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    author = await make_user()
    made = [(await publish(author))["id"] for _ in range(6)]

    pages = await follow_links(api, f"/api/users/{author.id}/posts?after={made[1]}&before={made[5]}&limit=1")
    newer = await api.get(f"/api/users/{author.id}/posts?after={made[1]}&limit=1")

    assert [post["id"] for page in pages for post in page.json()["posts"]] == [made[4], made[3], made[2]]
    assert [post["id"] for post in newer.json()["posts"]] == [made[2]], "the next one, not the newest"
    assert "after=" not in newer.links["next"]["url"], "from there on all that is older"
