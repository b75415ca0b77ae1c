"""Pages of lists are full: what somebody may not see, as of an account that turned private, takes no place and is not counted."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import pytest

from tests.databases import own_pool
from x18.core import db
from x18.core.ids import new_id
from x18.core.paging import Page
from x18.posts import queries, reactions
from x18.posts.actions import create_post
from x18.posts.schemas import PostDraft
from x18.runtime.embedded import Servers
from x18.search.posts import count_posts, find_hashtag, find_posts
from x18.timeline.filters import Filters, provide_filters
from x18.timeline.queries import show_explore, show_posts_of, show_user
from x18.timeline.trending import show_trending

METADATA: Final = {"category": "crypto", "market": "btc", "symbol": "BTC-USD", "tags": ["bull"]}


class World(NamedTuple):
    """A stranger, what the stranger may see of some posts, the oldest first, and who retweeted all of them."""

    stranger: UUID
    root: UUID
    liked: list[UUID]
    plain: UUID
    retweeter: UUID
    closed: UUID


async def new_user(name: str) -> UUID:
    user = new_id()
    await db.execute(
        "INSERT INTO users (id, username, email, password_hash, display_name) VALUES ($1, $2, $2, 'x', $2)", user, name
    )
    return user


async def write(author: UUID, root: UUID | None = None) -> UUID:
    return await create_post(author, PostDraft(content="Buying #moon today", metadata=METADATA, reply_to_id=root))


@pytest.fixture(scope="module")
async def world(servers: Servers) -> AsyncIterator[World]:
    """The hidden posts are newer than the others, and had as many reactions."""
    async with own_pool(servers, max_size=4):
        stranger, retweeter, shown, closed = [await new_user(name) for name in ("stranger", "fan", "shown", "closed")]
        root = await create_post(shown, PostDraft(content="a question"))
        plain, liked = await write(shown), [await write(shown, root) for _ in range(2)]
        hidden = [await write(closed), *[await write(closed, root) for _ in range(2)]]
        for post in (*liked, *hidden[1:]):
            await reactions.like(retweeter, post)
        for post in (plain, *liked, *hidden):
            await reactions.retweet(retweeter, post)
            await reactions.bookmark(stranger, post)
        await db.execute("UPDATE users SET private_account = true WHERE id = $1", closed)
        await db.execute("UPDATE post_stats SET retweets_count = 0 WHERE post_id = ANY($1)", [plain, *hidden[:1]])
        yield World(stranger, root, liked, plain, retweeter, closed)


async def pages(read: Callable[[Page], Awaitable[Any]], limit: int) -> list[list[UUID]]:
    """All pages of a list, which all must be full but the last."""
    found, page = [], Page(limit=limit, count=True)
    while True:
        listing = await read(page)
        found.append([post.id for post in listing.posts])
        if listing.next_cursor is None or len(found) > 20:
            return found
        page = Page(limit=limit, before=listing.next_cursor)


def cut(posts: list[UUID], size: int) -> list[list[UUID]]:
    return [posts[start : start + size] for start in range(0, len(posts), size)]


FILTERED: Final[list[dict[str, list[str]]]] = [
    {"category": ["crypto"]},
    {"market": ["btc"]},
    {"tag": ["bull"]},
    {"symbol": ["BTC-USD"], "tag": ["bull", "bear"]},
]


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize("filters", FILTERED, ids=" ".join)
async def test_explore_by_any_filter(world: World, filters: dict[str, Any], limit: int) -> None:
    chosen = await provide_filters(**filters)
    expected = [*world.liked[::-1], world.plain]
    assert await pages(lambda page: show_explore(world.stranger, page, chosen), limit) == cut(expected, limit)
    assert (await show_explore(world.stranger, Page(count=True), chosen)).total == 3


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize("filters", FILTERED, ids=" ".join)
async def test_trending_by_any_filter(world: World, filters: dict[str, Any], limit: int) -> None:
    chosen = await provide_filters(**filters)
    expected = [*world.liked[::-1], world.plain]
    assert await pages(lambda page: show_trending(None, page, chosen, "24h"), limit) == cut(expected, limit)
    assert (await show_trending(None, Page(count=True), chosen, "24h")).total == 3


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
async def test_explore_and_trending_without_a_filter(world: World, limit: int) -> None:
    by_time, by_rank = ([*world.liked[::-1], world.plain, world.root] for _ in range(2))
    assert await pages(lambda page: show_explore(None, page, Filters()), limit) == cut(by_time, limit)
    assert await pages(lambda page: show_trending(None, page, Filters(), "24h"), limit) == cut(by_rank, limit)
    assert (await show_explore(None, Page(count=True), Filters())).total == 4
    assert (await show_trending(None, Page(count=True), Filters(), "24h")).total == 4


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_searches(world: World, limit: int) -> None:
    expected = [*world.liked[::-1], world.plain]
    for text in ("buying", '"buying moon"', "today -nothing", "moon or nothing"):
        assert await pages(lambda page, text=text: find_posts(text, page, None), limit) == cut(expected, limit), text  # type: ignore[misc]
        assert await count_posts(text, world.stranger) == 3
    assert await pages(lambda page: find_hashtag("moon", page, world.stranger), limit) == cut(expected, limit)
    assert (await find_hashtag("moon", Page(count=True), None)).total == 3
    assert await pages(lambda page: find_posts("-question", page, None), limit) == cut(expected, limit)
    assert await count_posts("-question", None) == 3


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_replies_bookmarks_and_what_others_retweeted(world: World, limit: int) -> None:
    newest_first = [*world.liked[::-1], world.plain]
    lists: dict[str, tuple[Callable[[Page], Awaitable[Any]], list[UUID]]] = {
        "bookmarks": (lambda page: queries.list_bookmarks(world.stranger, page), newest_first),
        "retweets": (lambda page: show_user(world.retweeter, world.stranger, page, Filters()), newest_first),
        "replies": (lambda page: queries.list_replies(world.root, page, None), world.liked),
    }
    for name, (read, expected) in lists.items():
        assert await pages(read, limit) == cut(expected, limit), name
        assert (await read(Page(count=True))).total == len(expected), name


@pytest.mark.parametrize("viewer", ["stranger", None])
async def test_its_own_timelines_are_empty_and_say_nothing_of_how_much_there_is(
    world: World, viewer: str | None
) -> None:
    viewer_id = world.stranger if viewer else None
    for listing in (
        await show_user(world.closed, viewer_id, Page(count=True), Filters()),
        await show_posts_of(world.closed, viewer_id, Page(count=True)),
    ):
        assert (listing.posts, listing.total, listing.next_cursor) == ([], 0, None)
    shown = await show_user(world.closed, viewer_id, Page(), Filters())
    assert shown.user.posts_count == 0
    assert msgspec.json.encode(shown).count(b"moon") == 0
