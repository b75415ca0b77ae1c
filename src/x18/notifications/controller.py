"""``/api/notifications``."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from x18.core.answers import Success
from x18.core.http import CurrentUser
from x18.core.paging import Page, listed
from x18.notifications import actions, queries
from x18.notifications.schemas import AllRead, NotificationList, NotificationView, UnreadCount


class NotificationController(Controller):
    """Notifications of the viewer."""

    path = "/notifications"
    tags = ["notifications"]

    @get("/", summary="Your notifications")
    async def list_notifications(
        self,
        viewer: CurrentUser,
        page: NamedDependency[Page],
        request: Request[Any, Any, Any],
        unread_only: FromQuery[bool] = False,
    ) -> Response[NotificationList]:
        """The newest first."""
        return listed(request, await queries.list_notifications(viewer.user_id, page, unread_only=unread_only))

    @get("/unread-count", summary="Number of unread notifications")
    async def unread_count(self, viewer: CurrentUser) -> UnreadCount:
        """Of all."""
        return UnreadCount(unread_count=await queries.count_unread(viewer.user_id))

    @patch("/{notification_id:uuid}/read", summary="Mark a notification as read")
    async def mark_read(self, notification_id: FromPath[UUID], viewer: CurrentUser) -> NotificationView:
        """Mark a notification as read; no error where it is read already."""
        await actions.mark_read(viewer.user_id, notification_id)
        return await queries.get_notification(viewer.user_id, notification_id)

    @patch("/read-all", summary="Mark all notifications as read")
    async def mark_all_read(self, viewer: CurrentUser) -> AllRead:
        """Mark all notifications of the viewer as read, and return how many were unread."""
        return AllRead(updated_count=await actions.mark_all_read(viewer.user_id))

    @delete("/{notification_id:uuid}", summary="Delete a notification", status_code=200)
    async def remove(self, notification_id: FromPath[UUID], viewer: CurrentUser) -> Success:
        """One's own only."""
        await actions.delete_notification(viewer.user_id, notification_id)
        return Success()


controllers = [NotificationController]
