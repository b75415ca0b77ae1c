"""Any text is a query: it never fails, and shows nothing that is not for the viewer."""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from piccolo_migrations import x18_0008_unspaced_words
from tests.conftest import PASSWORD
from x18.core.text import SEEN
from x18.search.users import prefix_pattern

MARK = "x" + secrets.token_hex(4)
PATHS = ("/api/search/", "/api/search/users", "/api/search/posts")

signs = st.sampled_from([*"'\"\\%_-&|!()<>:*;,=~@#$ aB1é🚀\x1f\u0301ſ\ufdfa", "--", "/*", "or", " OR "])
storable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.lists(signs | storable, min_size=1, max_size=40).map("".join)


@pytest.fixture(scope="module")
async def author(api: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who writes."""
    name = "x" + secrets.token_hex(8)
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    token = (await api.post("/api/auth/register", json=body)).json()["access_token"]
    async with httpx.AsyncClient(base_url=api.base_url, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


async def found(client: httpx.AsyncClient, text: str) -> list[str]:
    answer = await client.get("/api/search/posts", params={"q": text, "limit": 100})
    assert answer.status_code == 200, (text, answer.text)
    return [post["id"] for post in answer.json()["posts"]]


@settings(max_examples=30, deadline=None)
@given(texts)
@example("' OR '1'='1")
@example(f"-{MARK}")
@example("a or -b")
@example("&#x0;' UNION SELECT password_hash FROM users --")
async def test_a_query_shows_only_what_is_for_everybody(
    api: httpx.AsyncClient, author: httpx.AsyncClient, text: str
) -> None:
    written = {}
    for visibility in ("private", "followers", "public"):
        body = {"content": f"{MARK} {text}", "visibility": visibility}
        answer = await author.post("/api/posts", json=body)
        assert answer.status_code == 201, answer.text
        written[visibility] = answer.json()["id"]

    for path in PATHS:
        answer = await api.get(path, params={"q": text, "limit": 100})
        assert answer.status_code == (200 if SEEN.search(text) else 400), (text, answer.text)
        assert written["private"] not in answer.text
        assert written["followers"] not in answer.text
    assert (await found(api, MARK))[0] == written["public"]
    assert (await found(author, MARK))[:3] == [written["public"], written["followers"], written["private"]]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["gold", "silver", "oil", "corn"]), unique=True, max_size=4), st.data())
async def test_words_phrases_and_exclusions_are_those_of_the_text(
    api: httpx.AsyncClient, author: httpx.AsyncClient, words: list[str], data: st.DataObject
) -> None:
    mark = "m" + secrets.token_hex(6)
    post = (await author.post("/api/posts", json={"content": " ".join([mark, *words])})).json()["id"]
    asked = data.draw(st.lists(st.sampled_from(["gold", "silver", "oil"]), unique=True, max_size=2))
    without = data.draw(st.sampled_from(["gold", "silver", "corn", "wheat"]))

    all_words = set(asked) <= set(words)
    as_phrase = " ".join(asked) in " ".join(words)
    assert await found(api, " ".join([mark, *asked])) == [post] * all_words
    assert await found(api, f'{mark} "{" ".join(asked)}"') == [post] * as_phrase
    assert await found(api, f"{mark} -{without}") == [post] * (without not in words)
    assert await found(api, f"{mark} {without} or {mark}".upper().replace("OR", "or")) == [post]


@pytest.mark.parametrize(
    ("content", "finding", "missing"),
    [
        ("比特币上涨了，$BTC突破！", ["比特币", "上涨", "btc 突破", '"特币上"', "币 涨", "-以太坊"], ["币特", '"币 涨"', "-比特币"]),
        ("ビットコインは上がった", ["ビットコイン", "上がっ", '"コインは"'], ["コインビット", "-コイン"]),
    ],
)  # fmt: skip
async def test_words_are_found_where_no_space_is_written(
    author: httpx.AsyncClient, content: str, finding: list[str], missing: list[str]
) -> None:
    mark = "m" + secrets.token_hex(6)
    post = (await author.post("/api/posts", json={"content": f"{mark} {content}"})).json()["id"]

    for text in finding:
        assert await found(author, f"{mark} {text}") == [post], text
    for text in missing:
        assert await found(author, f"{mark} {text}") == [], text


async def test_posts_from_before_are_found_too(author: httpx.AsyncClient, database: asyncpg.Pool) -> None:
    mark = "m" + secrets.token_hex(6)
    post = (await author.post("/api/posts", json={"content": f"{mark} 比特币上涨了"})).json()["id"]
    await database.execute(
        "UPDATE post_fts SET fts = to_tsvector('simple', $2) WHERE post_id = $1", post, f"{mark} 比特币上涨了"
    )
    assert await found(author, f"{mark} 上涨") == []

    await database.execute(x18_0008_unspaced_words.UP)

    assert await found(author, f"{mark} 上涨") == [post]


async def test_exclusions_alone_page_without_loss(api: httpx.AsyncClient, author: httpx.AsyncClient) -> None:
    word = "m" + secrets.token_hex(6)
    posts = [(await author.post("/api/posts", json={"content": text})).json()["id"] for text in ("one", word, "two")]

    first = (await api.get("/api/search/posts", params={"q": f"-{word}", "limit": 1, "count": True})).json()
    second = await api.get("/api/search/posts", params={"q": f"-{word}", "limit": 1, "before": first["next_cursor"]})

    assert [first["posts"][0]["id"], second.json()["posts"][0]["id"]] == [posts[2], posts[0]]
    assert first["total"] >= 2


@settings(max_examples=200, deadline=None)
@given(texts, texts)
@example("100%", "100 sure")
@example("a_b", "axb")
@example("a\\", "a")
async def test_signs_of_patterns_mean_themselves(database: asyncpg.Pool, text: str, name: str) -> None:
    assert await database.fetchval("SELECT $1::text LIKE $2", text + name, prefix_pattern(text))
    assert await database.fetchval("SELECT $1::text LIKE $2", name, prefix_pattern(text)) is name.startswith(text)
