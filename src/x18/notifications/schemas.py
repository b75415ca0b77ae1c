"""Notifications on the wire."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from x18.core.fields import Moment
from x18.core.paging import Listing
from x18.posts.schemas import PostView
from x18.users.schemas import UserView

NotificationType = Literal["like", "retweet", "follow", "reply", "mention"]
Unread = Annotated[
    int, Meta(ge=0, description="How many notifications are unread in all; 1,000 stands for 1,000 or more.")
]


class NotificationView(msgspec.Struct, kw_only=True):
    """An action of another user."""

    id: UUID
    user_id: Annotated[UUID, Meta(description="Whose notification it is.")]
    actor_id: UUID
    actor: Annotated[UserView, Meta(description="Who did it.")]
    type: NotificationType
    post_id: UUID | None
    post: Annotated[PostView | None, Meta(description="Null for a follow, and where it may not be seen any more.")]
    is_read: bool
    created_at: Moment


class NotificationList(Listing, kw_only=True):
    """A page of notifications."""

    notifications: list[NotificationView]
    unread_count: Unread


class UnreadCount(msgspec.Struct, kw_only=True):
    """The number of unread notifications."""

    unread_count: Unread


class AllRead(msgspec.Struct, kw_only=True):
    """The result of marking all as read."""

    success: bool = True
    updated_count: Annotated[int, Meta(ge=0, description="How many were unread until now.")]


class NotificationBody(NotificationView, kw_only=True):
    """Payload of the event ``notification``."""

    unread_count: Unread


class NotificationsRead(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of the event ``notification.read``: one by its id, or all."""

    id: UUID | UnsetType = UNSET
    all: Annotated[bool | UnsetType, Meta(description="True, or not there.")] = UNSET
    unread_count: Unread


class NotificationsGone(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of the event ``notification.deleted``: one by its id, or all about a post that was deleted."""

    id: UUID | UnsetType = UNSET
    post_id: UUID | UnsetType = UNSET
    unread_count: Unread
