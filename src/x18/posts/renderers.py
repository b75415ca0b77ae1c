"""Renderers of the events of posts."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from x18.core import db
from x18.core.ids import moment_of
from x18.posts.queries import load_rows, post_of
from x18.posts.schemas import PostGone, RetweetBody, RetweetGone
from x18.realtime.audience import ACCOUNT_LEVEL, Level
from x18.realtime.events import Content, EventKind, LogRow, Renderers
from x18.users.queries import load_actors

_encoder = msgspec.json.Encoder()


async def render_posts(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """The posts in their public form, with their current counters."""
    posts = await load_rows([row.object_id for row in rows])
    return {
        row.seq: _content(
            posts[row.object_id],
            post_of(posts[row.object_id], for_viewer=False),
            client_id=posts[row.object_id]["client_id"],
        )
        for row in rows
        if row.object_id in posts
    }


async def render_retweets(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """The retweeted posts and who retweeted them."""
    found = await db.fetch(
        f"SELECT r.id, r.post_id, {ACCOUNT_LEVEL} AS level FROM retweets r JOIN users u ON u.id = r.user_id WHERE r.id = ANY($1)",
        [row.object_id for row in rows],
    )
    retweets = {record["id"]: record for record in found}
    posts = await load_rows([record["post_id"] for record in found])
    users = await load_actors([row.actor_id for row in rows])
    contents = {}
    for row in rows:
        retweet, user = retweets.get(row.object_id), users.get(row.actor_id)
        post = posts.get(retweet["post_id"]) if retweet else None
        if retweet is not None and post is not None and user is not None:
            body = RetweetBody(post_of(post, for_viewer=False), user, moment_of(row.object_id))
            contents[row.seq] = _content(post, body, actor_level=retweet["level"])
    return contents


async def render_deletions(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """Ids only, for whoever could have received the post at any time."""
    stones = await _load_stones([row.object_id for row in rows])
    return {
        row.seq: _content_of_stone(
            stones[row.object_id], PostGone(row.object_id), audience=stones[row.object_id]["level"]
        )
        for row in rows
        if row.object_id in stones
    }


async def render_undone_retweets(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """Ids only, for whoever could have received the retweet; the post may be gone by now itself. It was public when it was retweeted."""
    found = await db.fetch(
        "SELECT id, post_id, level FROM retweet_tombstones WHERE id = ANY($1)", [row.object_id for row in rows]
    )
    retweets = {record["id"]: record for record in found}
    ids = [record["post_id"] for record in found]
    posts, stones = await load_rows(ids), await _load_stones(ids)
    contents = {}
    for row in rows:
        retweet = retweets.get(row.object_id)
        if retweet is None:
            continue
        body = RetweetGone(retweet["post_id"], row.actor_id)
        if retweet["post_id"] in posts:
            post = posts[retweet["post_id"]]
            contents[row.seq] = _content(post, body, audience=Level.PUBLIC, actor_level=retweet["level"])
        elif retweet["post_id"] in stones:
            stone = stones[retweet["post_id"]]
            contents[row.seq] = _content_of_stone(stone, body, audience=Level.PUBLIC, actor_level=retweet["level"])
    return contents


async def _load_stones(post_ids: list[UUID]) -> dict[UUID, asyncpg.Record]:
    """Tombstones. Nothing in them depends on what the accounts are now."""
    rows = await db.fetch("SELECT * FROM post_tombstones WHERE post_id = ANY($1)", post_ids)
    return {row["post_id"]: row for row in rows}


def _content(
    post: asyncpg.Record,
    body: msgspec.Struct,
    *,
    audience: int | None = None,
    actor_level: int = 0,
    client_id: str | None = None,
) -> Content:
    """``audience``: the level in force where it is not given."""
    return Content(
        owner_id=post["author_id"],
        audience=post["level"] if audience is None else audience,
        terms=tuple(post["terms"]),
        has_media=post["media_count"] > 0,
        body=_encoder.encode(body),
        actor_level=actor_level,
        client_id=client_id,
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
