"""``/api/posts`` and ``/api/bookmarks``."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from x18.core.answers import Success
from x18.core.bodies import meaning_of
from x18.core.conditional import unless_known
from x18.core.http import CurrentUser, Visitor
from x18.core.idempotency import once
from x18.core.paging import Page, listed
from x18.core.viewer import Viewer, id_of
from x18.media.storage import Storage
from x18.posts import actions, queries, reactions
from x18.posts.schemas import PostDraft, PostList, PostView


class PostController(Controller):
    """Posts and reactions to them."""

    path = "/posts"
    tags = ["posts"]

    @post("/", summary="Publish a post", responses={201: ResponseSpec(PostView)})
    async def create(
        self, viewer: CurrentUser, data: JSONBody[PostDraft], request: Request[Any, Any, Any]
    ) -> Response[Any]:
        """Reaches followers live. With an `Idempotency-Key` it is made once, however often it is sent."""

        async def make() -> PostView:
            return await queries.get_post(await actions.create_post(viewer.user_id, data), viewer.user_id)

        return Response(
            await once(request, viewer.user_id, await meaning_of(await request.body()), make), status_code=201
        )

    @get("/{post_id:uuid}", summary="A post", responses={200: ResponseSpec(PostView)})
    async def show(self, post_id: FromPath[UUID], visitor: Visitor, request: Request[Any, Any, Any]) -> Response[Any]:
        """404 also for one that the viewer may not see. 304 for a known `ETag`."""
        return unless_known(request, await queries.get_post(post_id, id_of(visitor)))

    @delete("/{post_id:uuid}", summary="Delete a post", status_code=200)
    async def remove(self, post_id: FromPath[UUID], viewer: CurrentUser, storage: NamedDependency[Storage]) -> Success:
        """By its author only. Its files are gone too, except those that the author's profile shows."""
        await storage.discard(*await actions.delete_post(post_id, viewer.user_id))
        return Success()

    @get("/{post_id:uuid}/replies", summary="Replies to a post")
    async def replies(
        self, post_id: FromPath[UUID], visitor: Visitor, page: NamedDependency[Page], request: Request[Any, Any, Any]
    ) -> Response[PostList]:
        """The oldest first."""
        return listed(request, await queries.list_replies(post_id, page, id_of(visitor)))

    @post("/{post_id:uuid}/like", summary="Like a post")
    async def like(self, post_id: FromPath[UUID], viewer: CurrentUser) -> Response[PostView]:
        """201 when that is new, else 200."""
        return await _answer(await reactions.like(viewer.user_id, post_id), post_id, viewer)

    @delete("/{post_id:uuid}/like", summary="Remove a like", status_code=200)
    async def unlike(self, post_id: FromPath[UUID], viewer: CurrentUser) -> PostView:
        """Also when there is none."""
        await reactions.unlike(viewer.user_id, post_id)
        return await queries.get_post(post_id, viewer.user_id)

    @post("/{post_id:uuid}/retweet", summary="Retweet a post")
    async def retweet(self, post_id: FromPath[UUID], viewer: CurrentUser) -> Response[PostView]:
        """201 when that is new, else 200. Only public posts."""
        return await _answer(await reactions.retweet(viewer.user_id, post_id), post_id, viewer)

    @delete("/{post_id:uuid}/retweet", summary="Undo a retweet", status_code=200)
    async def unretweet(self, post_id: FromPath[UUID], viewer: CurrentUser) -> PostView:
        """Also when there is none."""
        await reactions.unretweet(viewer.user_id, post_id)
        return await queries.get_post(post_id, viewer.user_id)

    @post("/{post_id:uuid}/bookmark", summary="Bookmark a post")
    async def bookmark(self, post_id: FromPath[UUID], viewer: CurrentUser) -> Response[PostView]:
        """201 when that is new, else 200. Nobody else sees it."""
        return await _answer(await reactions.bookmark(viewer.user_id, post_id), post_id, viewer)

    @delete("/{post_id:uuid}/bookmark", summary="Remove a bookmark", status_code=200)
    async def unbookmark(self, post_id: FromPath[UUID], viewer: CurrentUser) -> PostView:
        """Also when there is none."""
        await reactions.unbookmark(viewer.user_id, post_id)
        return await queries.get_post(post_id, viewer.user_id)


class BookmarkController(Controller):
    """Bookmarks of the viewer."""

    path = "/bookmarks"
    tags = ["posts"]

    @get("/", summary="Your bookmarks")
    async def list_bookmarks(
        self, viewer: CurrentUser, page: NamedDependency[Page], request: Request[Any, Any, Any]
    ) -> Response[PostList]:
        """The newest bookmark first."""
        return listed(request, await queries.list_bookmarks(viewer.user_id, page))


async def _answer(is_new: bool, post_id: UUID, viewer: Viewer) -> Response[PostView]:
    return Response(await queries.get_post(post_id, viewer.user_id), status_code=201 if is_new else 200)


controllers = [PostController, BookmarkController]
