"""Posts on the wire."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from x18.core.paging import Listing
from x18.media.schemas import MediaView
from x18.users.schemas import UserView

Visibility = Literal["public", "followers", "private"]


class PostView(msgspec.Struct, kw_only=True):
    """A post. The three flags are there only for a viewer; ``retweeted_by`` only where a timeline shows a retweet."""

    id: UUID
    user_id: UUID
    user: UserView
    content: str
    metadata: dict[str, Any]
    media: list[MediaView]
    hashtags: list[str]
    mentions: list[str]
    visibility: Visibility
    reply_to_id: UUID | None
    root_post_id: UUID | None
    likes_count: int
    retweets_count: int
    replies_count: int
    bookmarks_count: int
    created_at: datetime
    updated_at: datetime
    is_liked: bool | UnsetType = UNSET
    is_retweeted: bool | UnsetType = UNSET
    is_bookmarked: bool | UnsetType = UNSET
    retweeted_by: UserView | UnsetType = UNSET
    retweeted_at: datetime | UnsetType = UNSET


class PostDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A post to be made. ``content`` may be empty when there is media."""

    content: str = ""
    metadata: dict[str, Any] | None = None
    media_ids: list[UUID] | None = None
    visibility: Visibility = "public"
    reply_to_id: UUID | None = None


class PostList(Listing, kw_only=True):
    """A page of posts."""

    posts: list[PostView]
