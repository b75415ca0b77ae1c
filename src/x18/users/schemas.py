"""Users on the wire."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from x18.core.paging import Listing


class UserView(msgspec.Struct, kw_only=True):
    """The public form of a user. The two flags are there only for a viewer."""

    id: UUID
    username: str
    display_name: str
    bio: str
    location: str
    website: str
    avatar_url: str
    header_url: str
    verified: bool
    subscription_price: float
    followers_count: int
    following_count: int
    posts_count: int
    private_account: bool
    created_at: datetime
    is_following: bool | UnsetType = UNSET
    is_followed_by: bool | UnsetType = UNSET


class MeUser(UserView, kw_only=True):
    """What only the user sees of the own account."""

    email: str
    updated_at: datetime
    last_active_at: datetime


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """The fields to change; what is not sent stays. An empty text or null removes."""

    display_name: str | UnsetType = UNSET
    bio: str | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    website: str | None | UnsetType = UNSET
    avatar_url: str | None | UnsetType = UNSET
    header_url: str | None | UnsetType = UNSET
    private_account: bool | UnsetType = UNSET
    subscription_price: float | UnsetType = UNSET
    username: str | UnsetType = UNSET
    email: str | UnsetType = UNSET


class UserList(Listing, kw_only=True):
    """A page of users; its cursor is that of the follow, not a user's id."""

    users: list[UserView]
