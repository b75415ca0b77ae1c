"""Removal of files that nobody needs any more: rows go first and are committed, files follow, so that no row is ever without its file."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from x18.core import db
from x18.media.kinds import NAME
from x18.media.storage import Storage

ABANDONED_AFTER: Final = timedelta(hours=24)
ORPHANED_AFTER: Final = timedelta(hours=24)
"""Far longer than any upload takes between its file and its row."""

ROWS_AT_ONCE: Final = 500


async def forget_abandoned() -> None:
    """Delete the rows of uploads that neither a post nor their owner's profile took within a day; their files are orphans then."""
    await db.execute(
        """DELETE FROM media WHERE id IN (
               SELECT m.id FROM media m JOIN users u ON u.id = m.user_id
               WHERE m.post_id IS NULL AND m.created_at < now() - $1::interval
                 AND strpos(u.avatar_url, m.id::text) = 0 AND strpos(u.header_url, m.id::text) = 0
               LIMIT $2)""",
        ABANDONED_AFTER,
        ROWS_AT_ONCE,
    )


async def remove_orphans(storage: Storage) -> None:
    """Delete files without a row: of posts and uploads that are gone, and of uploads that died before their row.

    Only under names that X18 makes: a bucket or folder may hold other things.
    """
    async for stored in storage.pages_older(ORPHANED_AFTER):
        names = {name for name in stored if NAME.fullmatch(name)}
        rows = await db.fetch(
            "SELECT file_name, thumbnail_name FROM media WHERE id = ANY($1)", [UUID(name[:36]) for name in names]
        )
        known = {row[column] for row in rows for column in ("file_name", "thumbnail_name")}
        await storage.delete(*(names - known))
    await storage.remove_unfinished(ORPHANED_AFTER)
