"""Reading files' descriptions. A file in a post is seen by whoever may see the post, any other by its owner only."""

import asyncio
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from x18.core import db
from x18.core.errors import NotFound
from x18.core.order import Order
from x18.core.paging import MOST_COUNTED, Page, read_page
from x18.media.rows import MEDIA_JSON
from x18.media.schemas import MediaList, MediaView
from x18.realtime.audience import visible

# $1 viewer
SEEN: Final = f"""FROM media m LEFT JOIN posts p ON p.id = m.post_id LEFT JOIN users u ON u.id = p.author_id
    WHERE (m.user_id = $1::uuid OR p.id IS NOT NULL AND {visible("$1")})"""

# A cursor is the id of a file, or of the list's own keys: these are made with the row, long after the id, which is the file's name.
KEY_OF: Final = "COALESCE((SELECT order_key FROM media WHERE id = {0}), {0})"

_look_ups = asyncio.Semaphore(4)


async def get_media(media_id: UUID, viewer_id: UUID | None) -> MediaView:
    """A file.

    Raises:
        NotFound: no such file, or none that the viewer may see.
    """
    found = await db.fetch_value(f"SELECT {MEDIA_JSON} {SEEN} AND m.id = $2", viewer_id, media_id)
    if found is None:
        raise NotFound("No such file.", code="media_not_found")
    return msgspec.json.decode(found, type=MediaView)


async def is_served(media_id: UUID) -> bool:
    """Whether a file may be given to who knows its address: its row is there, and its owner's account is not disabled.

    One look-up by two primary keys. A few run at once, so that a flood of requests for files leaves the pool to others.
    """
    async with _look_ups:
        found = await db.fetch_value(
            "SELECT true FROM media m JOIN users u ON u.id = m.user_id WHERE m.id = $1 AND u.disabled_at IS NULL",
            media_id,
        )
    return bool(found)


async def list_media(user_id: UUID, viewer_id: UUID | None, page: Page) -> MediaList:
    """A user's files that the viewer may see, newest first.

    Raises:
        NotFound: no such user.
    """
    if not await db.fetch_value("SELECT true FROM users WHERE id = $1 AND disabled_at IS NULL", user_id):
        raise NotFound("No such user.", code="user_not_found")

    async def read(page: Page) -> list[asyncpg.Record]:
        return await db.fetch(
            f"""SELECT m.order_key, {MEDIA_JSON} AS view {SEEN} AND m.user_id = $2
                  AND m.order_key < {KEY_OF.format("$3")} AND m.order_key > {KEY_OF.format("$4")} AND m.order_key < $5
                ORDER BY m.order_key {page.direction} LIMIT $6 OFFSET $7""",
            viewer_id,
            user_id,
            page.below,
            page.above,
            page.ceiling,
            page.limit + 1,
            page.offset,
        )

    rows, ends = await read_page(Order.MEDIA, page, read, lambda row: row["order_key"])
    views = [msgspec.json.decode(row["view"], type=MediaView) for row in rows]
    listing = MediaList(media=views, limit=page.limit, offset=page.offset, **ends._asdict())
    if page.count:
        listing.total = await db.fetch_value(
            f"SELECT count(*) FROM (SELECT 1 {SEEN} AND m.user_id = $2 LIMIT {MOST_COUNTED}) c", viewer_id, user_id
        )
    return listing
