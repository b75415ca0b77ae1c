"""Reading posts: rows of a page, their authors, counters, media and the viewer's flags in one round trip."""

from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from x18.core import db
from x18.core.errors import NotFound
from x18.core.ids import MAX_ID, MIN_ID
from x18.core.order import Order
from x18.core.paging import MOST_COUNTED, Ends, Page, read_page
from x18.media.rows import MEDIA_JSON
from x18.media.schemas import MediaView
from x18.posts.schemas import AnsweredUser, PostList, PostView, Visibility
from x18.realtime.audience import AUTHOR, LEVEL, Level, visible
from x18.users.rows import select_user, user_of

VISIBILITIES: Final[dict[int, Visibility]] = {
    Level.PUBLIC: "public",
    Level.FOLLOWERS: "followers",
    Level.PRIVATE: "private",
}

COUNT_REPLIES: Final = f"""
    SELECT count(*) FROM (SELECT 1 FROM posts p {AUTHOR} WHERE p.reply_to_id = $1 AND {visible("$2")} LIMIT {MOST_COUNTED}) c"""
COUNT_BOOKMARKS: Final = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM bookmarks b JOIN LATERAL (SELECT * FROM posts WHERE id = b.post_id OFFSET 0) p ON true {AUTHOR}
        WHERE b.user_id = $1 AND {visible("$1")} LIMIT {MOST_COUNTED}) c"""

MENTIONS: Final = """
    CASE WHEN p.mention_ids = '{}' THEN '{}' ELSE ARRAY(
        SELECT named.username FROM users named WHERE named.id = ANY(p.mention_ids) AND named.disabled_at IS NULL
        ORDER BY array_position(p.mention_ids, named.id))::text[] END"""
"""SQL of the present names of those who are mentioned."""

ANSWERED: Final = """
    CASE WHEN p.reply_to_id IS NOT NULL THEN (
        SELECT json_build_object('id', w.id, 'username', w.username, 'display_name', w.display_name)
        FROM feed_entries e JOIN users w ON w.id = e.actor_id
        WHERE e.id = p.reply_to_id AND w.disabled_at IS NULL
          AND (e.actor_id = p.author_id OR e.visibility = 0 AND NOT w.private_account)) END"""
"""SQL of an ``AnsweredUser`` as JSON. Of a post that not everybody may see nobody learns here who wrote it. What is asked is the narrow
table, whose row of a post has the post's id.
"""

COLUMNS: Final = f"""
    p.id, p.author_id, p.content, p.metadata, p.hashtags, {MENTIONS} AS mentions, p.visibility, p.reply_to_id,
    {ANSWERED} AS reply_to_user, p.root_post_id,
    p.terms, p.media_count, p.created_at, p.updated_at, s.likes_count, s.retweets_count, s.replies_count, s.bookmarks_count,
    {LEVEL} AS level, {select_user("u", "author_")},
    CASE WHEN p.media_count > 0 THEN (
        SELECT json_agg({MEDIA_JSON} ORDER BY m.position) FROM media m WHERE m.post_id = p.id) END AS media"""

# Each table is asked once for the whole page: for one post at a time an index is walked down from its root each time, and an EXISTS
# may be planned as a hash of all that the viewer ever liked. Planning takes longer than the rest: nobody's flags are not asked for.
PAGE: Final = """
    WITH p AS MATERIALIZED (SELECT * FROM posts WHERE id = ANY($1::uuid[])),
         s AS MATERIALIZED (SELECT * FROM post_stats WHERE post_id = ANY($1::uuid[]))"""

POSTS: Final = (
    f"{PAGE} SELECT {COLUMNS}, p.client_id FROM p JOIN users u ON u.id = p.author_id JOIN s ON s.post_id = p.id"
)

PUBLIC_POSTS: Final = f"{POSTS} WHERE {LEVEL} = {Level.PUBLIC}"

VISIBLE_POSTS: Final = f"""{PAGE},
    v AS MATERIALIZED (
        SELECT ARRAY(SELECT post_id FROM likes     WHERE user_id = $2 AND post_id = ANY($1)) AS likes,
               ARRAY(SELECT post_id FROM retweets  WHERE user_id = $2 AND post_id = ANY($1)) AS retweets,
               ARRAY(SELECT post_id FROM bookmarks WHERE user_id = $2 AND post_id = ANY($1)) AS bookmarks,
               ARRAY(SELECT followee_id FROM follows WHERE follower_id = $2 AND followee_id = ANY(a.ids)) AS following,
               ARRAY(SELECT follower_id FROM follows WHERE followee_id = $2 AND follower_id = ANY(a.ids)) AS followers
        FROM (SELECT ARRAY(SELECT DISTINCT author_id FROM p) AS ids OFFSET 0) a)
    SELECT {COLUMNS},
           p.id = ANY(v.likes) AS is_liked, p.id = ANY(v.retweets) AS is_retweeted, p.id = ANY(v.bookmarks) AS is_bookmarked,
           u.id = ANY(v.following) AS author_is_following, u.id = ANY(v.followers) AS author_is_followed_by, u.id = $2 AS author_is_self
    FROM p JOIN users u ON u.id = p.author_id JOIN s ON s.post_id = p.id, v
    WHERE {visible("$2", follows="u.id = ANY(v.following)")}"""


async def load_posts(post_ids: list[UUID], viewer_id: UUID | None) -> dict[UUID, PostView]:
    """Those of the posts that the viewer may see, by id."""
    if not post_ids:
        return {}
    if viewer_id is None:
        rows = await db.fetch(PUBLIC_POSTS, post_ids)
    else:
        rows = await db.fetch(VISIBLE_POSTS, post_ids, viewer_id)
    return {row["id"]: post_of(row, for_viewer=viewer_id is not None) for row in rows}


async def load_rows(post_ids: list[UUID]) -> dict[UUID, asyncpg.Record]:
    """The rows of posts for everybody, for events, whose audience is decided at delivery. For ``post_of``; ``level`` is in force."""
    rows = await db.fetch(POSTS, post_ids)
    return {row["id"]: row for row in rows}


async def get_post(post_id: UUID, viewer_id: UUID | None) -> PostView:
    """One post.

    Raises:
        NotFound: no such post, or none that the viewer may see.
    """
    posts = await load_posts([post_id], viewer_id)
    if post_id not in posts:
        raise NotFound("No such post.", code="post_not_found")
    return posts[post_id]


async def list_replies(post_id: UUID, page: Page, viewer_id: UUID | None) -> PostList:
    """The replies to a post, the oldest first; ``before`` continues the list, so it holds the newest id seen.

    Raises:
        NotFound: no such post, or none that the viewer may see.
    """
    await get_post(post_id, viewer_id)

    async def read(page: Page) -> list[asyncpg.Record]:
        return await db.fetch(
            f"""SELECT p.id FROM posts p {AUTHOR}
                WHERE p.reply_to_id = $1 AND p.id > $3 AND p.id < $4 AND {visible("$2")}
                ORDER BY p.id {"DESC" if page.ascending else "ASC"} LIMIT $5 OFFSET $6""",
            post_id,
            viewer_id,
            page.before or MIN_ID,
            min(page.after or MAX_ID, page.ceiling),
            page.limit + 1,
            page.offset,
        )

    rows, ends = await read_page(Order.POSTS, page, read, lambda row: row["id"], oldest_first=True)
    shown = [row["id"] for row in rows]
    total = await db.fetch_value(COUNT_REPLIES, post_id, viewer_id) if page.count else 0
    return await list_posts(shown, ends, page, viewer_id, total=total)


async def list_bookmarks(viewer_id: UUID, page: Page) -> PostList:
    """The viewer's bookmarks that still can be seen, the newest bookmark first; the cursor is the bookmark's id."""

    async def read(page: Page) -> list[asyncpg.Record]:
        return await db.fetch(
            f"""SELECT b.id, b.post_id FROM bookmarks b
                JOIN LATERAL (SELECT * FROM posts WHERE id = b.post_id OFFSET 0) p ON true {AUTHOR}
                WHERE b.user_id = $1 AND b.id < $2 AND b.id > $3 AND {visible("$1")}
                ORDER BY b.id {page.direction} LIMIT $4 OFFSET $5""",
            viewer_id,
            page.below,
            page.above,
            page.limit + 1,
            page.offset,
        )

    rows, ends = await read_page(Order.BOOKMARKS, page, read, lambda row: row["id"])
    total = await db.fetch_value(COUNT_BOOKMARKS, viewer_id) if page.count else 0
    return await list_posts([row["post_id"] for row in rows], ends, page, viewer_id, total=total)


async def list_posts(post_ids: list[UUID], ends: Ends, page: Page, viewer_id: UUID | None, *, total: int) -> PostList:
    """A page of posts in the given order."""
    posts = await load_posts(post_ids, viewer_id)
    listing = PostList(
        posts=[posts[post_id] for post_id in post_ids if post_id in posts],
        limit=page.limit,
        offset=page.offset,
        **ends._asdict(),
    )
    if page.count:
        listing.total = total
    return listing


def post_of(row: asyncpg.Record, *, for_viewer: bool) -> PostView:
    """The post in a row with ``COLUMNS``."""
    flags: dict[str, Any] = {}
    if for_viewer:
        flags = {name: row[name] for name in ("is_liked", "is_retweeted", "is_bookmarked")}
    metadata: Any = msgspec.Raw(row["metadata"].encode())  # goes out as PostgreSQL gives it
    return PostView(
        id=row["id"],
        user_id=row["author_id"],
        user=user_of(row, "author_", closeness=row["level"]),
        content=row["content"],
        metadata=metadata,
        media=msgspec.json.decode(row["media"], type=list[MediaView]) if row["media"] else [],
        hashtags=row["hashtags"],
        mentions=row["mentions"],
        visibility=VISIBILITIES[row["visibility"]],
        reply_to_id=row["reply_to_id"],
        reply_to_user=msgspec.json.decode(row["reply_to_user"], type=AnsweredUser) if row["reply_to_user"] else None,
        root_post_id=row["root_post_id"],
        likes_count=row["likes_count"],
        retweets_count=row["retweets_count"],
        replies_count=row["replies_count"],
        bookmarks_count=row["bookmarks_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        **flags,
    )
