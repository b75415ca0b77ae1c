"""Reading files' descriptions. A file in a post is seen by whoever may see the post, any other by its owner only."""

from typing import Final
from uuid import UUID

import msgspec

from x18.core import db
from x18.core.errors import NotFound
from x18.core.paging import MOST_COUNTED, Page, cut
from x18.media.rows import MEDIA_JSON
from x18.media.schemas import MediaList, MediaView
from x18.realtime.audience import visible

# $1 viewer
SEEN: Final = f"""FROM media m LEFT JOIN posts p ON p.id = m.post_id LEFT JOIN users u ON u.id = p.author_id
    WHERE (m.user_id = $1::uuid OR p.id IS NOT NULL AND {visible("$1")})"""


async def get_media(media_id: UUID, viewer_id: UUID | None) -> MediaView:
    """A file.

    Raises:
        NotFound: no such file, or none that the viewer may see.
    """
    found = await db.fetch_value(f"SELECT {MEDIA_JSON} {SEEN} AND m.id = $2", viewer_id, media_id)
    if found is None:
        raise NotFound("No such file.", code="media_not_found")
    return msgspec.json.decode(found, type=MediaView)


async def list_media(user_id: UUID, viewer_id: UUID | None, page: Page) -> MediaList:
    """A user's files that the viewer may see, newest first.

    Raises:
        NotFound: no such user.
    """
    if not await db.fetch_value("SELECT true FROM users WHERE id = $1 AND disabled_at IS NULL", user_id):
        raise NotFound("No such user.", code="user_not_found")
    rows = await db.fetch(
        f"""SELECT m.id, {MEDIA_JSON} AS view {SEEN} AND m.user_id = $2 AND m.id < $3 AND m.id > $4
            ORDER BY m.id {page.direction} LIMIT $5 OFFSET $6""",
        viewer_id,
        user_id,
        page.below,
        page.above,
        page.limit + 1,
        page.offset,
    )
    shown, cursor = cut(rows, page, lambda row: row["id"])
    views = [msgspec.json.decode(row["view"], type=MediaView) for row in shown]
    listing = MediaList(media=views, limit=page.limit, offset=page.offset, next_cursor=cursor)
    if page.count:
        listing.total = await db.fetch_value(
            f"SELECT count(*) FROM (SELECT 1 {SEEN} AND m.user_id = $2 LIMIT {MOST_COUNTED}) c", viewer_id, user_id
        )
    return listing
