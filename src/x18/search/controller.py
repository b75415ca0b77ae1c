"""``/api/search``."""

from typing import Annotated, Any, Literal

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from x18.core.errors import BadInput
from x18.core.http import Visitor
from x18.core.limits import Rates
from x18.core.paging import Page, listed
from x18.core.text import clean_text
from x18.core.viewer import id_of
from x18.core.windows import Timeframe
from x18.posts.schemas import PostList
from x18.posts.text import MAX_HASHTAG, fold_hashtag
from x18.search.hashtags import show_trending_hashtags
from x18.search.posts import count_posts, find_hashtag, find_posts
from x18.search.schemas import FoundUsers, FoundView, HashtagPosts, Totals, TrendingHashtags
from x18.search.terms import check_terms
from x18.search.users import find_users

MAX_QUERY = 200

Query = Annotated[str, QueryParameter(description="What to look for; `%`, `_` and `\\` have no special meaning.")]
Kind = Literal["all", "users", "posts"]


async def provide_text(q: Query) -> str:
    """The text that is looked for.

    Raises:
        BadInput: empty, more than 200 characters, or too many words, phrases or exclusions.
    """
    return check_terms(clean_text("q", q, least=1, most=MAX_QUERY))


class SearchController(Controller):
    """Users, posts, hashtags."""

    path = "/search"
    tags = ["search"]
    opt = {"rate": Rates.SEARCH}

    @get("/", summary="Search users and posts", dependencies={"text": Provide(provide_text)})
    async def search(
        self,
        visitor: Visitor,
        page: NamedDependency[Page],
        text: NamedDependency[str],
        request: Request[Any, Any, Any],
        type: FromQuery[Kind] = "all",  # noqa: A002  # the contract's name
    ) -> Response[FoundView]:
        """Both, or one kind. Pages go by `offset`; for cursors use the lists of one kind."""
        viewer_id, totals = id_of(visitor), Totals(users=0, posts=0)
        found = FoundView(users=[], posts=[], total=totals, limit=page.limit, offset=page.offset)
        if type != "posts":
            users, totals.users = await find_users(text, page, viewer_id)
            found.users = users.users
        if type != "users":
            found.posts = (await find_posts(text, page, viewer_id)).posts
            totals.posts = await count_posts(text, viewer_id)
        return listed(request, found, next_offset=_next_offset(page, max(totals.users, totals.posts)))

    @get("/users", summary="Search users", dependencies={"text": Provide(provide_text)})
    async def users(
        self,
        visitor: Visitor,
        page: NamedDependency[Page],
        text: NamedDependency[str],
        request: Request[Any, Any, Any],
    ) -> Response[FoundUsers]:
        """Exact names first, then beginnings, then names with a typo and words of the bio. Pages go by `offset`."""
        _refuse_cursors(page, "users are ordered by similarity: page with offset")
        found, total = await find_users(text, page, id_of(visitor))
        return listed(request, found, next_offset=_next_offset(page, total))

    @get("/posts", summary="Search posts", dependencies={"text": Provide(provide_text)})
    async def posts(
        self,
        visitor: Visitor,
        page: NamedDependency[Page],
        text: NamedDependency[str],
        request: Request[Any, Any, Any],
    ) -> Response[PostList]:
        """All words, `"phrases"`, `-not`, `or`; newest first."""
        return listed(request, await find_posts(text, page, id_of(visitor)))

    @get("/hashtag/{tag:str}", summary="Posts with a hashtag")
    async def hashtag(
        self, tag: FromPath[str], visitor: Visitor, page: NamedDependency[Page], request: Request[Any, Any, Any]
    ) -> Response[HashtagPosts]:
        """Without regard to case, accents and width; newest first."""
        name = fold_hashtag(clean_text("tag", tag, least=1, most=MAX_HASHTAG + 1))
        if not name:
            raise BadInput.of("tag", "must have at least 1 character")
        found = await find_hashtag(name, page, id_of(visitor))
        shown = HashtagPosts(
            hashtag=name,
            posts=found.posts,
            limit=found.limit,
            offset=found.offset,
            next_cursor=found.next_cursor,
            newest_cursor=found.newest_cursor,
            total=found.total,
        )
        return listed(request, shown)

    @get("/trending-hashtags", summary="Trending hashtags")
    async def trending_hashtags(
        self, page: NamedDependency[Page], request: Request[Any, Any, Any], timeframe: FromQuery[Timeframe] = "7d"
    ) -> Response[TrendingHashtags]:
        """The hundred first, by how many people used them in public posts. `timeframe`: 1h, 6h, 12h, 24h, 48h, 7d (default) or 30d."""
        _refuse_cursors(page, "hashtags are ordered by use: page with offset")
        found, total = await show_trending_hashtags(timeframe, page)
        return listed(request, found, next_offset=_next_offset(page, total))


def _refuse_cursors(page: Page, why: str) -> None:
    for name, cursor in (("before", page.before), ("after", page.after)):
        if cursor is not None:
            raise BadInput.of(name, why)


def _next_offset(page: Page, total: int) -> int | None:
    after = page.offset + page.limit
    return after if total > after else None


controllers = [SearchController]
