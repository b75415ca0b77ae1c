"""Marking and deleting notifications. Every change tells the user's other devices."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from x18.core import db
from x18.core.errors import NotFound
from x18.realtime import outbox
from x18.realtime.events import EventKind
from x18.realtime.notify import hold_inbox

BATCH: Final = 5_000
"""So many are marked at a time."""

REMEMBERED: Final = timedelta(days=30)
"""So long what was undone, or deleted by its owner, is not told again when it is repeated."""


async def mark_read(viewer_id: UUID, notification_id: UUID) -> None:
    """Mark one; an event only when it was unread. One of somebody else's is left alone."""
    async with db.transaction():
        if await db.fetch_value(
            """UPDATE notifications SET read_at = now()
               WHERE user_id = $1 AND id = $2 AND read_at IS NULL AND gone_at IS NULL RETURNING true""",
            viewer_id,
            notification_id,
        ):
            await outbox.append(EventKind.NOTIFICATION_READ, viewer_id, notification_id, recipient_id=viewer_id)


async def mark_all_read(viewer_id: UUID) -> int:
    """Mark all; how many were unread. Most of many are marked before anybody has to wait for it.

    The last batch is left to the transaction of the event: if that fails, some stay unread, and the next call tells of all.
    """
    count = 0
    while marked := await _mark_oldest(viewer_id, beyond=BATCH):
        count += marked
    async with db.transaction():
        await hold_inbox(viewer_id)
        while marked := await _mark_oldest(viewer_id):
            count += marked
        if count:
            await outbox.append(EventKind.NOTIFICATION_READ, viewer_id, viewer_id, recipient_id=viewer_id)
    return count


async def _mark_oldest(viewer_id: UUID, *, beyond: int = 0) -> int:
    """Mark a batch where more than ``beyond`` are unread."""
    tag = await db.execute(
        f"""UPDATE notifications SET read_at = now() WHERE id = ANY(ARRAY(
                SELECT id FROM notifications WHERE user_id = $1 AND read_at IS NULL AND gone_at IS NULL ORDER BY id LIMIT {BATCH}))
            AND read_at IS NULL AND gone_at IS NULL
            AND EXISTS (SELECT FROM notifications WHERE user_id = $1 AND read_at IS NULL AND gone_at IS NULL OFFSET $2)""",
        viewer_id,
        beyond,
    )
    return int(tag.split()[-1])


async def delete_notification(viewer_id: UUID, notification_id: UUID) -> None:
    """Delete one. The same cause does not bring it back.

    Raises:
        NotFound: no such notification, or somebody else's.
    """
    async with db.transaction():
        if not await db.fetch_value(
            """UPDATE notifications SET gone_at = now(), dismissed = true
               WHERE user_id = $1 AND id = $2 AND gone_at IS NULL RETURNING true""",
            viewer_id,
            notification_id,
        ):
            raise NotFound("No such notification.", code="notification_not_found")
        await outbox.append(EventKind.NOTIFICATION_GONE, viewer_id, notification_id, recipient_id=viewer_id)


async def forget_undone() -> None:
    """Delete what was undone long ago."""
    await db.execute("DELETE FROM notifications WHERE gone_at < now() - $1::interval", REMEMBERED)
