"""Users on the wire."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType


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
