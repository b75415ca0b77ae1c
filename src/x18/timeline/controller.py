"""``/api/timeline`` and ``/api/users/{id}/posts``."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery

from x18.core.http import CurrentUser, Visitor
from x18.core.paging import Page, listed
from x18.core.viewer import id_of
from x18.core.windows import Timeframe
from x18.posts.schemas import PostList
from x18.timeline import queries
from x18.timeline.filters import Filters, provide_filters
from x18.timeline.schemas import MetadataSearch, UserTimeline
from x18.timeline.trending import show_trending


class TimelineController(Controller):
    """Lists of posts, newest first, with filters by metadata."""

    path = "/timeline"
    tags = ["timeline"]
    dependencies = {"filters": Provide(provide_filters)}

    @get("/home", summary="Home")
    async def home(
        self,
        viewer: CurrentUser,
        page: NamedDependency[Page],
        filters: NamedDependency[Filters],
        request: Request[Any, Any, Any],
    ) -> Response[PostList]:
        """Posts and retweets of those one follows, and one's own."""
        return listed(request, await queries.show_home(viewer.user_id, page, filters))

    @get("/explore", summary="Explore")
    async def explore(
        self,
        visitor: Visitor,
        page: NamedDependency[Page],
        filters: NamedDependency[Filters],
        request: Request[Any, Any, Any],
    ) -> Response[PostList]:
        """All public posts."""
        return listed(request, await queries.show_explore(id_of(visitor), page, filters))

    @get("/trending", summary="Trending")
    async def trending(
        self,
        visitor: Visitor,
        page: NamedDependency[Page],
        filters: NamedDependency[Filters],
        request: Request[Any, Any, Any],
        timeframe: FromQuery[Timeframe] = "24h",
    ) -> Response[PostList]:
        """Public posts by 2·likes + 3·retweets, the author's own left out, ties by newest. `timeframe`: 1h, 6h, 12h, 24h, 48h, 7d or 30d."""
        return listed(request, await show_trending(id_of(visitor), page, filters, timeframe))

    @get("/search", summary="Posts by category, market, symbol or tag")
    async def search(
        self,
        visitor: Visitor,
        page: NamedDependency[Page],
        filters: NamedDependency[Filters],
        request: Request[Any, Any, Any],
    ) -> Response[MetadataSearch]:
        """At least one filter is needed."""
        return listed(request, await queries.search_metadata(id_of(visitor), page, filters))

    @get("/user/{user_id:uuid}", summary="A user's timeline")
    async def of_user(
        self,
        user_id: FromPath[UUID],
        visitor: Visitor,
        page: NamedDependency[Page],
        filters: NamedDependency[Filters],
        request: Request[Any, Any, Any],
    ) -> Response[UserTimeline]:
        """Posts and retweets, and the user."""
        return listed(request, await queries.show_user(user_id, id_of(visitor), page, filters))


class UserPostsController(Controller):
    """A user's own posts."""

    path = "/users"
    tags = ["users"]

    @get("/{user_id:uuid}/posts", summary="A user's posts")
    async def posts(
        self, user_id: FromPath[UUID], visitor: Visitor, page: NamedDependency[Page], request: Request[Any, Any, Any]
    ) -> Response[PostList]:
        """The newest first, without retweets."""
        return listed(request, await queries.show_posts_of(user_id, id_of(visitor), page))


controllers = [TimelineController, UserPostsController]
