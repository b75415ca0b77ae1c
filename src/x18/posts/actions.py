"""Writing and deleting posts, one transaction each."""

from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from x18.core import db
from x18.core.errors import BadInput, Forbidden, NotAuthenticated, NotFound
from x18.core.long_work import in_turn
from x18.core.order import Order
from x18.core.text import clean_lines
from x18.core.words import words_of
from x18.media import actions as media
from x18.posts.counts import SCORE
from x18.posts.metadata import Metadata, check_metadata, terms_of
from x18.posts.reading import VERSION
from x18.posts.schemas import MAX_CONTENT, MAX_MEDIA, PostDraft
from x18.posts.text import Entities, read_entities
from x18.realtime import notify, outbox
from x18.realtime.audience import WIDEST, Level, level_of, may_see, never_public, visible
from x18.realtime.events import EventKind
from x18.realtime.notify import NotificationKind
from x18.users.rows import move_posts_count

SHORT: Final = 1_000
"""Characters that are read in a millisecond or two; the longest text of the worst characters takes 25."""

MAX_RETWEETERS: Final = 1_000
"""The number of newest retweeters that a tombstone keeps: their followers are told of the deletion."""

ENTOMB: Final = f"""
    INSERT INTO post_tombstones (post_id, author_id, level, terms, has_media, retweeter_ids, private_retweeter_ids, score, in_trends)
    SELECT p.id, p.author_id, {WIDEST}, p.terms, p.media_count > 0, r.all_ids, r.private_ids, {SCORE}, p.in_trends
    FROM posts p JOIN users u ON u.id = p.author_id JOIN post_stats s ON s.post_id = p.id CROSS JOIN (
        SELECT COALESCE(array_agg(r.user_id), '{{}}') AS all_ids,
               COALESCE(array_agg(r.user_id) FILTER (WHERE {never_public("w", "r.created_at")}), '{{}}') AS private_ids
        FROM (SELECT user_id, created_at FROM retweets WHERE post_id = $1 ORDER BY id DESC LIMIT {MAX_RETWEETERS}) r
        JOIN users w ON w.id = r.user_id) r
    WHERE p.id = $1"""

LEVELS: Final = {"public": Level.PUBLIC, "followers": Level.FOLLOWERS, "private": Level.PRIVATE}


class _Text(msgspec.Struct, frozen=True):
    """The content of a post, what it says to machines, and its words."""

    content: str
    entities: Entities
    words: str


class _Mentioned(msgspec.Struct, frozen=True):
    """A user to be told of a post, and whether that user may see it."""

    id: UUID
    username: str
    may_see: bool


async def create_post(author_id: UUID, draft: PostDraft) -> UUID:
    """Publish a post. Its id.

    Raises:
        BadInput: names the field.
        NotFound: the post that is replied to is not there, or not for the author to see.
    """
    media_ids = list(dict.fromkeys(draft.media_ids or []))
    if len(media_ids) > MAX_MEDIA:
        raise BadInput.of("media_ids", f"must name at most {MAX_MEDIA} files")
    content = clean_lines("content", draft.content, least=0 if media_ids else 1, most=MAX_CONTENT)
    metadata = check_metadata(draft.metadata)
    text = await _read(content)
    level = LEVELS[draft.visibility]
    async with db.transaction():
        level_now = level_of(level, await _lock_author(author_id))
        parent = await _lock_parent(draft.reply_to_id, author_id) if draft.reply_to_id else None
        if parent and level_now == Level.PUBLIC:
            await _count_reply(parent["id"], author_id, 1)
        mentioned = await _find_mentioned(text.entities.mentions, parent, author_id, level_now)
        users = {user.username.lower(): user.id for user in mentioned}
        named = [users[name] for name in text.entities.mentions if name in users]
        post_id = await _insert(
            author_id, level, level_now, text, metadata, named, len(media_ids), parent, draft.client_id
        )
        if media_ids:
            await _attach(media_ids, post_id, author_id)
        await _tell(mentioned, parent, author_id, post_id)
    return post_id


async def delete_post(post_id: UUID, viewer_id: UUID) -> list[str]:
    """Delete one's own post with all that hangs on it; replies stay. A tombstone tells the live channel who could have received it.

    That is the widest level that was ever in force: whoever had it before the account turned private has to be told too, and is told
    an id only; of a post that was written in private and stayed so nobody else learns anything.

    What is returned are the names of its files, to be deleted now that it is certain.

    Raises:
        NotFound: no such post, or none that the viewer may see.
        Forbidden: somebody else's.
    """
    async with db.transaction():
        is_private = await _lock_author(viewer_id)
        post = await _lock_own(post_id, viewer_id)
        if post["reply_to_id"] and level_of(post["visibility"], is_private) == Level.PUBLIC:
            await _count_reply(post["reply_to_id"], viewer_id, -1)
        await db.execute(ENTOMB, post_id)
        await db.execute(
            """WITH gone AS (DELETE FROM notifications WHERE post_id = $1 RETURNING user_id, gone_at)
               INSERT INTO event_outbox (kind, actor_id, recipient_id, object_id)
               SELECT DISTINCT $2::int, $3::uuid, user_id, $1 FROM gone WHERE gone_at IS NULL""",
            post_id,
            EventKind.NOTIFICATION_GONE,
            viewer_id,
        )
        files = await media.delete_of_post(post_id)
        await db.execute("DELETE FROM posts WHERE id = $1", post_id)
        await db.execute(
            f"UPDATE users SET {move_posts_count('-', '$2::smallint')} WHERE id = $1", viewer_id, post["visibility"]
        )
        await outbox.append(EventKind.POST_DELETED, viewer_id, post_id)
    return files


async def _read(content: str) -> _Text:
    if len(content) <= SHORT:
        return _Text(content, read_entities(content), words_of(content))
    return _Text(content, await in_turn(read_entities, content), await in_turn(words_of, content))


async def _lock_author(author_id: UUID) -> bool:
    """Whether the account is private, which it stays to the end of the transaction. First of all locks.

    Counters of what everybody may see, and who could have had a post, depend on it.

    Raises:
        NotAuthenticated: the account was disabled just now.
    """
    author = await db.fetch_row(
        "SELECT private_account, disabled_at FROM users WHERE id = $1 FOR NO KEY UPDATE", author_id
    )
    if author is None or author["disabled_at"]:
        raise NotAuthenticated("The session has ended; log in again.", code="session_revoked")
    return bool(author["private_account"])


async def _count_reply(parent_id: UUID, author_id: UUID, step: int) -> None:
    """Count a reply that everybody may see, while the parent is there. Of others nobody learns by a counter."""
    if await db.fetch_value(
        "UPDATE post_stats SET replies_count = replies_count + $2 WHERE post_id = $1 RETURNING true", parent_id, step
    ):
        await outbox.append(EventKind.COUNTS, author_id, parent_id)


async def _lock_own(post_id: UUID, viewer_id: UUID) -> asyncpg.Record:
    """Lock the post and, before it, the one that it replies to: ancestors first, so that two deletions do not deadlock."""
    post = await db.fetch_row(
        f"""SELECT p.author_id, p.reply_to_id FROM posts p JOIN users u ON u.id = p.author_id
            WHERE p.id = $1 AND {visible("$2")}""",
        post_id,
        viewer_id,
    )
    if post is None:
        raise NotFound("No such post.", code="post_not_found")
    if post["author_id"] != viewer_id:
        raise Forbidden("Only the author of a post can delete it.", code="not_your_post")
    await db.fetch(
        "SELECT id FROM posts WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        [locked for locked in (post["reply_to_id"], post_id) if locked],
    )
    locked = await db.fetch_row("SELECT reply_to_id, visibility FROM posts WHERE id = $1", post_id)
    if locked is None:
        raise NotFound("No such post.", code="post_not_found")
    return locked


async def _lock_parent(parent_id: UUID, author_id: UUID) -> asyncpg.Record:
    """The post that is replied to, kept from being deleted meanwhile."""
    await db.execute("SELECT FROM posts WHERE id = $1 FOR KEY SHARE", parent_id)
    parent = await db.fetch_row(
        f"""SELECT p.id, p.author_id, COALESCE(p.root_post_id, p.id) AS root_id
            FROM posts p JOIN users u ON u.id = p.author_id WHERE p.id = $1 AND {visible("$2")}""",
        parent_id,
        author_id,
    )
    if parent is None:
        raise NotFound("The post that you reply to does not exist.", code="post_not_found")
    return parent


async def _insert(
    author_id: UUID,
    level: Level,
    level_now: Level,
    text: "_Text",
    metadata: Metadata,
    mentioned: list[UUID],
    media_count: int,
    parent: asyncpg.Record | None,
    client_id: str | None,
) -> UUID:
    """All rows of a post and its event in one statement, and the author's counter; the id is made once that is locked."""
    values: list[Any] = [
        author_id, level, text.content, metadata.json, metadata.category, metadata.market, terms_of(metadata, text.entities),
        text.entities.hashtags, mentioned, media_count, parent and parent["id"], parent and parent["root_id"], text.words,
        level_now == Level.PUBLIC, client_id,
    ]  # fmt: skip
    post_id: UUID = await db.fetch_value(
        f"""WITH made AS MATERIALIZED (SELECT order_id({Order.POSTS}) AS id),
           post AS (
               INSERT INTO posts (id, author_id, visibility, content, metadata, category, market, terms, hashtags, mention_ids,
                                  media_count, reply_to_id, root_post_id, in_trends, client_id, created_at, updated_at)
               SELECT id, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15, order_time(id), order_time(id) FROM made),
           stats AS (INSERT INTO post_stats (post_id) SELECT id FROM made),
           words AS (INSERT INTO post_fts (post_id, fts, version) SELECT id, $13::text::tsvector, {VERSION} FROM made),
           entry AS (INSERT INTO feed_entries (id, actor_id, post_id, visibility) SELECT id, $1, id, $2 FROM made),
           event AS (INSERT INTO event_outbox (kind, actor_id, object_id) SELECT {EventKind.POST}, $1, id FROM made)
           UPDATE users SET {move_posts_count("+", "$2::smallint")} WHERE id = $1 RETURNING (SELECT id FROM made)""",
        *values,
    )
    db.after_commit(outbox.wake)
    return post_id


async def _attach(media_ids: list[UUID], post_id: UUID, author_id: UUID) -> None:
    attached = await db.fetch(
        """UPDATE media SET post_id = $2, position = array_position($1, id)
           WHERE id = ANY($1) AND user_id = $3 AND post_id IS NULL AND status = 'ready' RETURNING id""",
        media_ids,
        post_id,
        author_id,
    )
    if len(attached) != len(media_ids):
        raise BadInput.of("media_ids", "must be files of your own that are ready and in no other post")


async def _find_mentioned(
    names: list[str], parent: asyncpg.Record | None, author_id: UUID, level: Level
) -> list[_Mentioned]:
    """The users of these names and the author of the parent. ``level`` is the one in force."""
    if not names and parent is None:
        return []
    rows = await db.fetch(
        """SELECT u.id, u.username,
                  COALESCE((SELECT true FROM follows f WHERE f.follower_id = u.id AND f.followee_id = $3), false) AS follows_author
           FROM users u WHERE (lower(u.username) = ANY($1) OR u.id = $2) AND u.disabled_at IS NULL""",
        names,
        parent and parent["author_id"],
        author_id,
    )
    return [
        _Mentioned(
            row["id"],
            row["username"],
            may_see(
                level,
                is_author=row["id"] == author_id,
                follows_author=row["follows_author"],
            ),
        )
        for row in rows
    ]


async def _tell(mentioned: list[_Mentioned], parent: asyncpg.Record | None, author_id: UUID, post_id: UUID) -> None:
    """Notify who may see the post: the one who is replied to of the reply, the others of the mention."""
    able = [user.id for user in mentioned if user.may_see]
    replied_to = parent and parent["author_id"]
    await notify.notify(
        [user_id for user_id in able if user_id == replied_to], NotificationKind.REPLY, author_id, post_id
    )
    await notify.notify(
        [user_id for user_id in able if user_id != replied_to], NotificationKind.MENTION, author_id, post_id
    )
