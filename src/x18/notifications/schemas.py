"""Notifications on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from x18.core.paging import Listing
from x18.posts.schemas import PostView
from x18.users.schemas import UserView

NotificationType = Literal["like", "retweet", "follow", "reply", "mention"]


class NotificationView(msgspec.Struct, kw_only=True):
    """What somebody did. ``post`` is null for a follow, and where the post may not be seen any more."""

    id: UUID
    user_id: UUID
    actor_id: UUID
    actor: UserView
    type: NotificationType
    post_id: UUID | None
    post: PostView | None
    is_read: bool
    created_at: datetime


class NotificationList(Listing, kw_only=True):
    """A page of notifications, and how many are unread in all."""

    notifications: list[NotificationView]
    unread_count: int


class UnreadCount(msgspec.Struct, kw_only=True):
    """How many notifications are unread."""

    unread_count: int


class AllRead(msgspec.Struct, kw_only=True):
    """How many notifications were unread until now."""

    success: bool = True
    updated_count: int
