"""Reading notifications."""

from typing import Final
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.errors import NotFound
from x18.core.ids import moment_of
from x18.core.order import Order
from x18.core.paging import MOST_COUNTED, Page, read_page
from x18.notifications.schemas import NotificationList, NotificationType, NotificationView
from x18.posts.queries import load_posts
from x18.posts.schemas import PostView
from x18.realtime.notify import NotificationKind
from x18.users.queries import load_users
from x18.users.schemas import UserView

TYPES: Final[dict[int, NotificationType]] = {
    NotificationKind.LIKE: "like",
    NotificationKind.RETWEET: "retweet",
    NotificationKind.FOLLOW: "follow",
    NotificationKind.REPLY: "reply",
    NotificationKind.MENTION: "mention",
}

MOST_UNREAD: Final = 1_000
"""Unread notifications are counted so far. It is done for every event of their owner, while everybody's events wait."""

UNREAD_OF: Final = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM notifications WHERE user_id = {{}} AND read_at IS NULL AND gone_at IS NULL LIMIT {MOST_UNREAD}) c"""
"""SQL; in place of the braces stands whose."""

COLUMNS: Final = "n.id, n.user_id, n.actor_id, n.kind, n.post_id, n.read_at IS NOT NULL AS is_read"


async def list_notifications(viewer_id: UUID, page: Page, *, unread_only: bool) -> NotificationList:
    """The viewer's notifications, newest first."""
    unread = "AND n.read_at IS NULL" if unread_only else ""

    async def read(page: Page) -> list[asyncpg.Record]:
        return await db.fetch(
            f"""SELECT {COLUMNS} FROM notifications n
                WHERE n.user_id = $1 AND n.gone_at IS NULL AND n.id < $2 AND n.id > $3 {unread}
                ORDER BY n.id {page.direction} LIMIT $4 OFFSET $5""",
            viewer_id,
            page.below,
            page.above,
            page.limit + 1,
            page.offset,
        )

    shown, ends = await read_page(Order.NOTIFICATIONS, page, read, lambda row: row["id"])
    count = await count_unread(viewer_id)
    listing = NotificationList(
        notifications=await _show(shown, viewer_id),
        unread_count=count,
        limit=page.limit,
        offset=page.offset,
        **ends._asdict(),
    )
    if page.count:
        listing.total = await _count(viewer_id, unread)
    return listing


async def get_notification(viewer_id: UUID, notification_id: UUID) -> NotificationView:
    """One of the viewer's.

    Raises:
        NotFound: no such notification, or somebody else's.
    """
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM notifications n WHERE n.user_id = $1 AND n.id = $2 AND n.gone_at IS NULL",
        viewer_id,
        notification_id,
    )
    shown = await _show(rows, viewer_id)
    if not shown:
        raise NotFound("No such notification.", code="notification_not_found")
    return shown[0]


async def count_unread(viewer_id: UUID) -> int:
    """The number of the viewer's unread notifications, counted up to ``MOST_UNREAD``."""
    count: int = await db.fetch_value(UNREAD_OF.format("$1"), viewer_id)
    return count


def notification_of(row: asyncpg.Record, actor: UserView, post: PostView | None) -> NotificationView:
    """The notification in a row of ``COLUMNS``."""
    return NotificationView(
        id=row["id"],
        user_id=row["user_id"],
        actor_id=row["actor_id"],
        actor=actor,
        type=TYPES[row["kind"]],
        post_id=row["post_id"],
        post=post,
        is_read=row["is_read"],
        created_at=moment_of(row["id"]),
    )


async def _show(rows: list[asyncpg.Record], viewer_id: UUID) -> list[NotificationView]:
    posts = await load_posts([row["post_id"] for row in rows if row["post_id"]], viewer_id)
    users = await load_users([row["actor_id"] for row in rows], viewer_id)
    return [
        notification_of(row, users[row["actor_id"]], posts.get(row["post_id"]))
        for row in rows
        if row["actor_id"] in users
    ]


async def _count(viewer_id: UUID, unread: str) -> int:
    count: int = await db.fetch_value(
        f"SELECT count(*) FROM (SELECT 1 FROM notifications n WHERE n.user_id = $1 AND n.gone_at IS NULL {unread} LIMIT {MOST_COUNTED}) c",
        viewer_id,
    )
    return count
