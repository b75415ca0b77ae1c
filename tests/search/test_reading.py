"""Posts and names of an older version of the rules are read anew, beside whatever else happens to them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from piccolo_migrations import x18_0012_texts
from tests.databases import new_database
from x18.core import db
from x18.core.ids import new_id
from x18.core.paging import Page
from x18.posts.actions import create_post, delete_post
from x18.posts.metadata import MAX_TERMS
from x18.posts.reading import BATCH, read_posts, read_the_rest, read_users
from x18.posts.schemas import PostDraft
from x18.runtime.embedded import Servers
from x18.search.posts import find_hashtag, find_posts
from x18.search.users import find_users
from x18.tables.engine import DB

PAGE = Page(limit=100, offset=0)


@pytest.fixture
async def url(servers: Servers) -> AsyncIterator[str]:
    """A database of one's own, to which ``x18.core.db`` speaks."""
    async with new_database(servers) as url:
        await db.start_pool(url, max_size=4)
        yield url
        await db.close_pool()


async def old_user(name: str, display_name: str, bio: str = "") -> UUID:
    user_id = new_id()
    await db.execute(
        "INSERT INTO users (id, username, email, password_hash, display_name, bio) VALUES ($1, $2, $2, 'x', $3, $4)",
        user_id,
        name,
        display_name,
        bio,
    )
    return user_id


async def make_old(post_id: UUID, terms: list[str], hashtags: list[str], category: str | None = None) -> None:
    """Store a post as the version before did."""
    await db.execute(
        "UPDATE posts SET terms = $2, hashtags = $3, category = $4 WHERE id = $1", post_id, terms, hashtags, category
    )
    await db.execute(
        """UPDATE post_fts SET version = 0, fts = to_tsvector('simple', (SELECT lower(content) FROM posts WHERE id = $1))
           WHERE post_id = $1""",
        post_id,
    )


async def found(text: str) -> list[UUID]:
    return [post.id for post in (await find_posts(text, PAGE, None)).posts]


@pytest.mark.usefixtures("url")
async def test_an_old_post_is_found_as_before_and_then_in_the_new_form() -> None:
    author = await old_user("author", "Author")
    draft = PostDraft(
        content="Long BTC/USD $BTC-based in São #İstanbul",
        metadata={"category": "Straße", "symbol": "eth-usd", "tags": ["#Été"], "price": 5},
    )
    post = await create_post(author, draft)
    new = await db.fetch_row("SELECT terms, hashtags, category FROM posts WHERE id = $1", post)
    old_terms = ["c:strasse", "s:ETH-USD", "t:#été", "s:BTC-BASED", "h:i̇stanbul"]
    await make_old(post, old_terms, ["i̇stanbul"], "strasse")
    assert (await found("long"), await found("btc")) == ([post], [post])
    assert await found("usd") == []

    assert await read_posts() == 1

    assert [await found(text) for text in ("long", "usd", "btc/usd", "sao", "istanbul", "-usd")] == [[post]] * 5 + [[]]
    assert await db.fetch_row("SELECT terms, hashtags, category FROM posts WHERE id = $1", post) == new
    assert new
    assert new["terms"] == ["c:strasse", "s:ETH-USD", "t:ete", "s:BTC", "h:istanbul"]
    assert [one.id for one in (await find_hashtag("ISTANBUL", PAGE, None)).posts] == [post]
    assert await read_posts() == 0


@pytest.mark.usefixtures("url")
async def test_old_names_are_found_as_before_and_then_in_the_new_form() -> None:
    user = await old_user("zoe", "Zoë Straße", "Händler aus 東京都, Öl")

    async def users(text: str) -> list[UUID]:
        return [one.id for one in (await find_users(text, PAGE, None))[0].users]

    assert [await users(text) for text in ("ZOE", "aus")] == [[user]] * 2

    assert await read_users() == 1

    for text in ("zoe str", "ZOË STRASSE", "handler", "東京", "京都", "@zoe", "strasse"):
        assert await users(text) == [user], text
    assert await users("大阪") == []
    assert await read_users() == 0


async def test_what_others_have_locked_is_passed_over_and_nothing_else_waits(url: str) -> None:
    author = await old_user("author", "Author")
    posts = [await create_post(author, PostDraft(content=f"Größe {number}")) for number in range(3)]
    for post in posts:
        await make_old(post, [], [])
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("SELECT FROM posts WHERE id = $1 FOR UPDATE", posts[1])
        assert await read_posts() == 2
        assert await found("größe") == await found("GROẞE") == await found("grosse") == [posts[2], posts[0]]
    await delete_post(posts[0], author)
    await read_the_rest()

    assert await found("grosse 1 or größe") == [posts[2], posts[1]]
    await other.close()


@pytest.mark.usefixtures("url")
async def test_a_post_read_anew_belongs_to_as_many_topics_as_a_new_one() -> None:
    text = " ".join(f"#tag{number} $SYM{number}" for number in range(15))
    post = await create_post(await old_user("author", "Author"), PostDraft(content=text))
    terms = await db.fetch_value("SELECT terms FROM posts WHERE id = $1", post)
    await make_old(post, [], [])

    await read_posts()

    assert await db.fetch_value("SELECT terms FROM posts WHERE id = $1", post) == terms
    assert len(terms) == 2 * MAX_TERMS


@pytest.mark.usefixtures("url")
async def test_many_are_read_in_batches_the_newest_first() -> None:
    author = await old_user("author", "Author")
    posts = [await create_post(author, PostDraft(content="eins/zwei")) for _ in range(BATCH + 5)]
    await db.execute("UPDATE post_fts SET version = 0, fts = to_tsvector('simple', 'eins/zwei')")

    assert await read_posts() == BATCH
    assert set(await found("zwei")) == set(posts[5:])
    await read_the_rest()

    assert await db.fetch_value("SELECT count(*) FROM post_fts WHERE version = 0") == 0


async def test_the_migration_keeps_what_there_is_and_folds_what_is_small(url: str) -> None:
    user, hour = await old_user("author", "Zoë"), datetime(2026, 1, 1, tzinfo=UTC)
    post = await create_post(user, PostDraft(content="schön #São"))
    connection = await asyncpg.connect(url)
    await connection.execute(x18_0012_texts.DOWN)
    await connection.executemany(
        "INSERT INTO hashtag_hours (hour, hashtag, posts) VALUES ($1, $2, $3)",
        [(hour, "são", 2), (hour, "sao", 1), (hour, "gold", 4), (hour, "i̇", 1)],
    )
    await connection.execute(
        "INSERT INTO post_tombstones (post_id, author_id, level, terms) VALUES ($1, $2, 0, $3)",
        new_id(),
        user,
        ["h:são", "t:#bull", "s:BTC"],
    )

    await connection.execute(x18_0012_texts.UP)
    async with DB.transaction():
        await x18_0012_texts.fold_what_is_small()

    hours = await connection.fetch("SELECT hashtag, posts FROM hashtag_hours ORDER BY hashtag")
    assert [tuple(row) for row in hours] == [("gold", 4), ("i", 1), ("sao", 3)]
    assert await connection.fetchval("SELECT terms FROM post_tombstones") == ["h:sao", "t:bull", "s:BTC"]
    assert [row.id for row in (await find_users("zoë", PAGE, None))[0].users] == [user]
    await read_the_rest()
    assert await found("schon") == [post]
    await connection.close()
