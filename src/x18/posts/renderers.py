"""What the events of posts show."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from x18.core import db
from x18.core.ids import moment_of
from x18.posts.queries import load_rows, post_of
from x18.posts.schemas import PostGone, RetweetBody, RetweetGone
from x18.realtime.audience import AUTHOR, level_of
from x18.realtime.events import Content, EventKind, LogRow, Renderers
from x18.users.queries import load_users

_encoder = msgspec.json.Encoder()


async def render_posts(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """The posts in their public form, with their current counters."""
    posts = await load_rows([row.object_id for row in rows])
    return {
        row.seq: _content(posts[row.object_id], post_of(posts[row.object_id], for_viewer=False))
        for row in rows
        if row.object_id in posts
    }


async def render_retweets(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """The retweeted posts and who retweeted them."""
    found = await db.fetch("SELECT id, post_id FROM retweets WHERE id = ANY($1)", [row.object_id for row in rows])
    post_ids = {record["id"]: record["post_id"] for record in found}
    posts = await load_rows(list(post_ids.values()))
    users = await load_users([row.actor_id for row in rows], None)
    contents = {}
    for row in rows:
        post_id, user = post_ids.get(row.object_id), users.get(row.actor_id)
        post = posts.get(post_id) if post_id else None
        if post is not None and user is not None:
            body = RetweetBody(post_of(post, for_viewer=False), user, moment_of(row.object_id))
            contents[row.seq] = _content(post, body, actor_level=level_of(0, user.private_account))
    return contents


async def render_deletions(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """Ids only, for whoever could have received the post."""
    stones = await _load_stones([row.object_id for row in rows])
    return {
        row.seq: _content_of_stone(
            stones[row.object_id], PostGone(row.object_id), audience=stones[row.object_id]["level"]
        )
        for row in rows
        if row.object_id in stones
    }


async def render_undone_retweets(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """Ids only; the post may be gone by now itself."""
    ids = [row.object_id for row in rows]
    posts, stones, users = (
        await load_rows(ids),
        await _load_stones(ids),
        await load_users([row.actor_id for row in rows], None),
    )
    contents = {}
    for row in rows:
        body, user = RetweetGone(row.object_id, row.actor_id), users.get(row.actor_id)
        level = level_of(0, user is not None and user.private_account)
        if row.object_id in posts:
            contents[row.seq] = _content(posts[row.object_id], body, actor_level=level)
        elif row.object_id in stones:
            stone = stones[row.object_id]
            contents[row.seq] = _content_of_stone(stone, body, audience=stone["level_now"], actor_level=level)
    return contents


async def _load_stones(post_ids: list[UUID]) -> dict[UUID, asyncpg.Record]:
    """Tombstones, with what depends on the accounts: the level in force now, and which retweeters are private."""
    rows = await db.fetch(
        f"""SELECT p.*, GREATEST(p.level, u.private_account::int) AS level_now,
                   ARRAY(SELECT id FROM users WHERE id = ANY(p.retweeter_ids) AND private_account) AS private_retweeter_ids
            FROM post_tombstones p {AUTHOR} WHERE p.post_id = ANY($1)""",
        post_ids,
    )
    return {row["post_id"]: row for row in rows}


def _content(post: asyncpg.Record, body: msgspec.Struct, *, actor_level: int = 0) -> Content:
    return Content(
        owner_id=post["author_id"],
        audience=post["level"],
        terms=tuple(post["terms"]),
        has_media=post["media_count"] > 0,
        body=_encoder.encode(body),
        actor_level=actor_level,
    )


def _content_of_stone(stone: asyncpg.Record, body: msgspec.Struct, *, audience: int, actor_level: int = 0) -> Content:
    return Content(
        owner_id=stone["author_id"],
        audience=audience,
        terms=tuple(stone["terms"]),
        has_media=stone["has_media"],
        body=_encoder.encode(body),
        also_actors=tuple(stone["retweeter_ids"]),
        private_actors=tuple(stone["private_retweeter_ids"]),
        actor_level=actor_level,
    )


RENDERERS: Final[Renderers] = {
    EventKind.POST: render_posts,
    EventKind.POST_DELETED: render_deletions,
    EventKind.RETWEET: render_retweets,
    EventKind.RETWEET_DELETED: render_undone_retweets,
}
