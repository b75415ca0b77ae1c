"""What is frequent is looked for among so many posts for a page, and the cursor goes on from there: slower pages, none lost."""

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Account, MakeUser
from tests.server import Server
from x18.core import db
from x18.core.ids import MAX_ID, MIN_ID
from x18.core.paging import Page
from x18.core.words import query_of, words_of
from x18.posts.schemas import PostList
from x18.search import posts
from x18.search.posts import count_posts, find_hashtag, find_posts


@pytest.fixture
async def pool(server: Server) -> AsyncIterator[None]:
    """The functions of X18 in this process."""
    await db.start_pool(server.database_url, max_size=2)
    yield
    await db.close_pool()


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that looks at very little."""
    monkeypatch.setattr(posts, "RECENT_PER_ROW", 1)
    monkeypatch.setattr(posts, "WALKED", 7)
    monkeypatch.setattr(posts, "MOST_FOUND", 3)


@pytest.fixture
async def written(make_user: MakeUser) -> tuple[str, list[UUID], Account]:
    """A word, 12 posts with it among 40 without (oldest first), and who wrote them."""
    author, word, found = await make_user(), "w" + secrets.token_hex(6), list[UUID]()
    for number in range(52):
        with_it = number % 13 < 3
        text = f"{word} gold silver #{word}" if with_it else "silver gold"
        answer = await author.client.post("/api/posts", json={"content": text})
        if with_it:
            found.append(UUID(answer.json()["id"]))
    return word, found, author


async def read_all(word: str, *, by: str) -> list[UUID]:
    """Every page down to the end."""
    shown: list[UUID] = []
    page = Page(limit=2)
    for _ in range(100):
        listing: PostList = await (find_hashtag if by == "tag" else find_posts)(word, page, None)
        shown += [post.id for post in listing.posts]
        if listing.next_cursor is None:
            return shown
        if len(shown) >= 12:
            return shown
        page = Page(limit=2, before=listing.next_cursor)
    raise AssertionError(shown)


@pytest.mark.usefixtures("pool", "tight")
@pytest.mark.parametrize(
    "looking", ["{word}", "{word} gold", '"{word} gold"', '"{word} gold silver" -nothing', "{word} or {word}x"]
)
async def test_pages_over_what_is_frequent_lose_and_double_nothing(
    written: tuple[str, list[UUID], Account], looking: str
) -> None:
    word, found, _ = written

    assert await read_all(looking.format(word=word), by="words") == found[::-1]


@pytest.mark.usefixtures("pool", "tight")
async def test_pages_over_a_frequent_hashtag_lose_and_double_nothing(written: tuple[str, list[UUID], Account]) -> None:
    word, found, _ = written

    assert await read_all(word, by="tag") == found[::-1]


@pytest.mark.usefixtures("pool", "tight")
async def test_reading_upwards_goes_on_where_it_stopped(written: tuple[str, list[UUID], Account]) -> None:
    word, found, _ = written
    shown, after = list[UUID](), found[0]
    for _ in range(30):
        listing = await find_posts(word, Page(limit=2, after=after), None)
        shown += [post.id for post in listing.posts][::-1]
        if listing.newest_cursor is None or listing.newest_cursor == after:
            break
        after = listing.newest_cursor

    assert shown == found[1:]


@pytest.mark.usefixtures("pool")
async def test_a_word_of_long_ago_is_found_by_the_index(
    written: tuple[str, list[UUID], Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts, "RECENT_PER_ROW", 1)
    monkeypatch.setattr(posts, "WALKED", 2)
    word, found, _ = written
    listing = await find_posts(f'"{word} gold" -nothing', Page(limit=100), None)

    assert [post.id for post in listing.posts] == found[::-1]
    assert listing.next_cursor is None
    assert await count_posts(f'"{word} gold" -nothing', None) == 12
    assert await count_posts(f'"gold {word}"', None) == 0, "both words, not in this order"


TEXTS = ('"words often"', '"often words bounded"', "bounded -often", "-bounded", '"bounded often"', "bounded or -often")


async def test_a_page_looks_at_a_bounded_number_of_rows(
    database: asyncpg.Pool, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = await make_user()
    monkeypatch.setattr(posts, "WALKED", 200)
    monkeypatch.setattr(posts, "MOST_FOUND", 150)
    async with database.acquire() as connection:
        filling = connection.transaction()
        await filling.start()
        for name, value in db.DEAR_SETTINGS.items():
            await connection.execute("SELECT set_config($1, $2, true)", name, value)
        await connection.execute(
            """WITH made AS (INSERT INTO posts (id, author_id, content) SELECT gen_random_uuid(), $1, 'x'
                             FROM generate_series(1, 3000) RETURNING id)
               INSERT INTO post_fts (post_id, fts) SELECT id, $2::text::tsvector FROM made""",
            author.id,
            words_of("bounded often words"),
        )
        await connection.execute("ANALYZE post_fts, posts")
        for text in TEXTS:
            for limit, offset in ((21, 0), (101, 10_000)):
                find = await explain(
                    connection, posts._newest(*posts.BY_WORDS, "DESC"), query_of(text), MAX_ID, MIN_ID, limit, offset
                )
                count = await explain(connection, posts._count(*posts.BY_WORDS), query_of(text))
                assert max(find, count) <= posts.WALKED + 1, (text, find, count)
        await filling.rollback()


async def explain(connection: asyncpg.Connection, statement: str, *args: Any) -> int:
    """How many rows the busiest step of a statement looks at."""
    plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {statement}", None, *args)
    return max(rows_of(json.loads(plan)[0]["Plan"]))


def rows_of(node: dict[str, Any]) -> Iterator[int]:
    """Those of each step. What an index alone knows costs next to nothing, and the few users of the tests are read as they come."""
    if node["Node Type"] != "Bitmap Index Scan" and node.get("Relation Name") != "users":
        per_loop = sum(
            node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        )
        yield round(per_loop * node["Actual Loops"])
    for child in node.get("Plans", []):
        yield from rows_of(child)
