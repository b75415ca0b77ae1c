"""``/api/users``."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from x18.core.conditional import unless_known
from x18.core.http import CurrentUser, Visitor
from x18.core.paging import Page, listed
from x18.core.viewer import id_of
from x18.users import actions, queries
from x18.users.schemas import MeUser, ProfileChange, UserList, UserView


class UserController(Controller):
    """Profiles and follows."""

    path = "/users"
    tags = ["users"]

    @get("/me", summary="Your account")
    async def show_me(self, viewer: CurrentUser) -> MeUser:
        """With what only the owner sees."""
        return await queries.get_me(viewer.user_id)

    @patch("/me", summary="Update your account")
    async def change_me(self, viewer: CurrentUser, data: JSONBody[ProfileChange]) -> MeUser:
        """Fields that are not sent stay as they are."""
        await actions.change_profile(viewer.user_id, data)
        return await queries.get_me(viewer.user_id)

    @get("/{user_id:uuid}", summary="A user", responses={200: ResponseSpec(UserView)})
    async def show(self, user_id: FromPath[UUID], visitor: Visitor, request: Request[Any, Any, Any]) -> Response[Any]:
        """By id. 304 for a known `ETag`."""
        return unless_known(request, await queries.get_user(user_id, id_of(visitor)))

    @get("/username/{username:str}", summary="A user by name", responses={200: ResponseSpec(UserView)})
    async def show_by_username(
        self, username: FromPath[str], visitor: Visitor, request: Request[Any, Any, Any]
    ) -> Response[Any]:
        """By username, without regard to case. 304 for a known `ETag`."""
        return unless_known(request, await queries.get_by_username(username, id_of(visitor)))

    @get("/{user_id:uuid}/followers", summary="Followers of a user")
    async def followers(
        self, user_id: FromPath[UUID], visitor: Visitor, page: NamedDependency[Page], request: Request[Any, Any, Any]
    ) -> Response[UserList]:
        """The newest follower first."""
        return listed(request, await queries.list_follows(user_id, "followers", page, id_of(visitor)))

    @get("/{user_id:uuid}/following", summary="Users that a user follows")
    async def following(
        self, user_id: FromPath[UUID], visitor: Visitor, page: NamedDependency[Page], request: Request[Any, Any, Any]
    ) -> Response[UserList]:
        """The newest follow first."""
        return listed(request, await queries.list_follows(user_id, "following", page, id_of(visitor)))

    @post("/{user_id:uuid}/follow", summary="Follow a user")
    async def follow(self, user_id: FromPath[UUID], viewer: CurrentUser) -> Response[UserView]:
        """201 when that is new, else 200."""
        is_new = await actions.follow(viewer.user_id, user_id)
        return Response(await queries.get_user(user_id, viewer.user_id), status_code=201 if is_new else 200)

    @delete("/{user_id:uuid}/follow", summary="Stop following a user", status_code=200)
    async def unfollow(self, user_id: FromPath[UUID], viewer: CurrentUser) -> UserView:
        """Also when one did not follow. A disabled account can be left too."""
        await actions.unfollow(viewer.user_id, user_id)
        return (await queries.load_users([user_id], viewer.user_id))[user_id]


controllers = [UserController]
