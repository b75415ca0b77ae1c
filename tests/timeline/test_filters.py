"""The filters of the five timelines and the naive model agree."""

import asyncio
import random
import secrets
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings

from tests.api.test_timeline import ids
from tests.conftest import PASSWORD
from tests.filters import VALUES, filters, is_wanted

POSTS = 60
LIKED = 12
MARK = "Q" + secrets.token_hex(3)
"""Begins every value, so that no other test's posts pass."""

Post = tuple[str, dict[str, Any], list[str]]
Corpus = tuple[dict[str, str], str, list[Post]]


def draw_post(seed: random.Random) -> tuple[dict[str, Any], list[str]]:
    """Metadata and cashtags."""
    names = [name for name in ("category", "market", "symbol") if seed.random() < 0.7]
    found: dict[str, Any] = {name: MARK + seed.choice(VALUES[name]) for name in names}
    found["tags"] = [MARK, *(MARK + tag for tag in seed.sample(VALUES["tag"], seed.randint(0, 2)))]
    return found, [MARK + "-eth"] if seed.random() < 0.3 else []


async def write(api: httpx.AsyncClient, headers: dict[str, str], found: dict[str, Any], symbols: list[str]) -> Post:
    content = " ".join(["a post", *(f"${symbol}" for symbol in symbols)])
    answer = await api.post("/api/posts", json={"content": content, "metadata": found}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], found, symbols


@pytest.fixture(scope="module")
async def corpus(api: httpx.AsyncClient) -> Corpus:
    """The header of an author who reads, the author's id, and posts with all kinds of metadata, newest first; the oldest are liked."""
    body = {"username": MARK, "email": f"{MARK}@example.com", "password": PASSWORD}
    tokens = (await api.post("/api/auth/register", json=body)).json()
    headers, seed = {"Authorization": f"Bearer {tokens['access_token']}"}, random.Random(18)
    posts = [await write(api, headers, *draw_post(seed)) for _ in range(POSTS)]
    fan = {"username": MARK + "fan", "email": f"{MARK}fan@example.com", "password": PASSWORD}
    likes = {"Authorization": f"Bearer {(await api.post('/api/auth/register', json=fan)).json()['access_token']}"}
    for post_id, _, _ in posts[:LIKED]:
        await api.post(f"/api/posts/{post_id}/like", headers=likes)
    async with asyncio.timeout(30):  # until the ranking knows the likes
        while await ids(api, f"/api/timeline/trending?limit=100&tag={MARK}") != by_rank(posts):
            await asyncio.sleep(0.02)
    return headers, tokens["user"]["id"], posts[::-1]


def by_rank(posts: list[Post]) -> list[str]:
    newest_first = sorted((post[0] for post in posts), reverse=True)
    return newest_first[-LIKED:] + newest_first[:-LIKED]


@settings(max_examples=40, deadline=None)
@given(filters)
@example({"symbol": ["-eth", "BTC-USD"]})
@example({"category": ["Straße"], "tag": ["e\u0301"]})
async def test_the_five_timelines_show_what_the_model_lets_pass(
    api: httpx.AsyncClient, corpus: Corpus, wanted: dict[str, list[str]]
) -> None:
    headers, author_id, posts = corpus
    marked = {name: [MARK + value for value in values] for name, values in wanted.items()}
    passing = [post for post in posts if is_wanted(post[1], post[2], marked)]
    expected = [post[0] for post in passing]

    async def shown(path: str) -> list[str]:
        answer = await api.get(path, params={"limit": 100, **marked}, headers=headers)
        assert answer.status_code == 200, answer.text
        return [post["id"] for post in answer.json()["posts"]]

    assert await shown("/api/timeline/home") == expected
    assert await shown(f"/api/timeline/user/{author_id}") == expected
    if any(marked.values()):  # without a filter these hold the posts of other tests too
        assert await shown("/api/timeline/explore") == expected
        assert await shown("/api/timeline/search") == expected
        assert await shown("/api/timeline/trending") == [post for post in by_rank(posts) if post in expected]


PAGED: list[dict[str, list[str]]] = [
    {"category": ["crypto"]},
    {"market": ["btc", "x"]},
    {"symbol": ["-eth", "BTC-USD"]},
    {"category": ["crypto", "fx"], "tag": [""]},
]


@pytest.mark.parametrize("wanted", PAGED, ids=lambda wanted: "+".join(wanted))
async def test_a_filtered_timeline_is_paged_in_both_directions(
    api: httpx.AsyncClient, corpus: Corpus, wanted: dict[str, list[str]]
) -> None:
    headers, author_id, posts = corpus
    marked = {name: [MARK + value for value in values] for name, values in wanted.items()}
    expected = [post[0] for post in posts if is_wanted(post[1], post[2], marked)]
    assert len(expected) > 3

    async def page(path: str, **cursor: str) -> Any:
        answer = await api.get(path, params={"limit": 3, **marked, **cursor}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def walk(path: str) -> list[str]:
        found, cursor = [], None
        while True:
            part = await page(path, **({"before": cursor} if cursor else {}))
            found += [post["id"] for post in part["posts"]]
            if (cursor := part["next_cursor"]) is None:
                return found

    for path in ("home", f"user/{author_id}", "explore", "search"):
        assert await walk(f"/api/timeline/{path}") == expected, path
        polled, newest = [expected[-1]], expected[-1]
        while part := (await page(f"/api/timeline/{path}", after=newest))["posts"]:
            polled, newest = [post["id"] for post in part] + polled, part[0]["id"]
        assert polled == expected, path
    assert await walk("/api/timeline/trending") == [post for post in by_rank(posts) if post in expected]
