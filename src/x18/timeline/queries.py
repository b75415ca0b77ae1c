"""Timelines as lists of posts."""

from typing import Any, Final
from uuid import UUID

import msgspec

from x18.core import db
from x18.core.errors import BadInput
from x18.core.ids import moment_of
from x18.core.order import Order
from x18.core.paging import MOST_COUNTED, Ends, Page, read_page
from x18.posts.queries import list_posts, load_posts
from x18.posts.schemas import PostList, PostView
from x18.realtime.audience import AUTHOR, LEVEL, Level, closeness, level_of, visible
from x18.timeline.filters import Filters
from x18.timeline.home import pick_home, read_home
from x18.timeline.schemas import MetadataSearch, UserTimeline
from x18.users.queries import get_user, load_users
from x18.users.schemas import UserView

RECENT: Final = 2_000
"""The number of newest public posts that are looked through before the index of terms is asked."""

COUNT_VISIBLE: Final = f"""
    SELECT count(*) FROM unnest($1::uuid[]) e (id) JOIN LATERAL (SELECT * FROM posts WHERE id = e.id OFFSET 0) p ON true {AUTHOR}
    WHERE {visible("$2")}"""


class Entry(msgspec.Struct, frozen=True):
    """An entry of a timeline: a post, or, with an id of its own, a retweet of one by ``actor_id``."""

    id: UUID
    post_id: UUID
    actor_id: UUID


async def show_home(viewer_id: UUID, page: Page, filters: Filters) -> PostList:
    """Posts and retweets of those one follows, and one's own."""
    rows, ends = await read_page(
        Order.POSTS, page, lambda page: read_home(viewer_id, page, filters), lambda row: row["id"]
    )
    shown = [Entry(row["id"], row["post_id"], row["actor_id"]) for row in rows]
    listing = PostList(posts=await _show(shown, viewer_id), limit=page.limit, offset=page.offset, **ends._asdict())
    if page.count:
        entries = await pick_home(viewer_id, MOST_COUNTED, filters)
        # What followees wrote was picked by the rule (``visible_to_followers``); what they retweeted is others'.
        retweeted = [entry["post_id"] for entry in entries if entry["id"] != entry["post_id"]]
        listing.total = len(entries) - len(retweeted) + await db.fetch_value(COUNT_VISIBLE, retweeted, viewer_id)
    return listing


async def show_explore(viewer_id: UUID | None, page: Page, filters: Filters) -> PostList:
    """Everything that is public, newest first."""
    by_terms = filters.groups and not filters.single
    sql = _by_terms(filters, page.direction) if by_terms else _by_column(filters, page.direction)
    values = filters.single_value or filters.groups
    rows, ends = await read_page(
        Order.POSTS,
        page,
        lambda page: db.fetch(sql, page.below, page.above, page.limit + 1, page.offset, *values),
        lambda row: row["id"],
    )
    total = await _count(filters) if page.count else 0
    return await list_posts([row["id"] for row in rows], ends, page, viewer_id, total=total)


async def search_metadata(viewer_id: UUID | None, page: Page, filters: Filters) -> MetadataSearch:
    """Public posts with this metadata, newest first.

    Raises:
        BadInput: no filter.
    """
    if not filters.groups:
        raise BadInput("Send at least one of category, market, symbol, tag.", code="filter_required")
    found = await show_explore(viewer_id, page, filters)
    return MetadataSearch(filters=filters.by_name, **msgspec.structs.asdict(found))


async def show_user(user_id: UUID, viewer_id: UUID | None, page: Page, filters: Filters) -> UserTimeline:
    """A user's posts and retweets, of those the ones that the viewer may see.

    Raises:
        NotFound: no such user.
    """
    user = await get_user(user_id, viewer_id)
    entries, ends, total = await _read_entries(user, viewer_id, page, filters, retweets=True)
    posts = await _show(entries, viewer_id)
    listing = UserTimeline(user=user, posts=posts, limit=page.limit, offset=page.offset, **ends._asdict())
    if page.count:
        listing.total = total
    return listing


async def show_posts_of(user_id: UUID, viewer_id: UUID | None, page: Page) -> PostList:
    """A user's own posts, of those the ones that the viewer may see.

    Raises:
        NotFound: no such user.
    """
    user = await get_user(user_id, viewer_id)
    entries, ends, total = await _read_entries(user, viewer_id, page, Filters(), retweets=False)
    return await list_posts([entry.id for entry in entries], ends, page, viewer_id, total=total)


async def _read_entries(
    user: UserView, viewer_id: UUID | None, page: Page, filters: Filters, *, retweets: bool
) -> tuple[list[Entry], Ends, int]:
    """A page of what the user wrote and retweeted, its cursors, and the total where that was asked for.

    Who is not close enough for any of it is told so at once, and what only others may see is passed over in the index: nobody can
    make a read long by writing much that is not shown.
    """
    close = closeness(is_author=user.id == viewer_id, follows_author=user.is_following is True)
    if close < level_of(Level.PUBLIC, user.private_account):
        return [], Ends(None, page.after), 0
    source = f"""FROM feed_entries e JOIN posts p ON p.id = e.post_id {AUTHOR}
        WHERE e.actor_id = $1 AND e.visibility <= $3 AND ($4 OR e.id = e.post_id) AND e.id < $5 AND e.id > $6 AND {visible("$2")}
          AND {filters.condition("p", 7)}"""
    args: list[Any] = [user.id, viewer_id, close, retweets]
    place = 7 + len(filters.groups)
    sql = (
        f"SELECT e.id, e.post_id, e.actor_id {source} ORDER BY e.id {page.direction} LIMIT ${place} OFFSET ${place + 1}"
    )
    rows, ends = await read_page(
        Order.POSTS,
        page,
        lambda page: db.fetch(sql, *args, page.below, page.above, *filters.groups, page.limit + 1, page.offset),
        lambda row: row["id"],
    )
    total = 0
    if page.count:
        counting = f"SELECT count(*) FROM (SELECT 1 {source} LIMIT {MOST_COUNTED}) x"
        total = await db.fetch_value(counting, *args, Page().below, Page().above, *filters.groups)
    return [Entry(row["id"], row["post_id"], row["actor_id"]) for row in rows], ends, total


async def _show(entries: list[Entry], viewer_id: UUID | None) -> list[PostView]:
    """The posts of entries in their order, retweets with who retweeted them and when."""
    posts = await load_posts([entry.post_id for entry in entries], viewer_id)
    retweeters = [entry.actor_id for entry in entries if entry.id != entry.post_id]
    users = await load_users(retweeters, viewer_id) if retweeters else {}
    shown = []
    for entry in entries:
        post = posts.get(entry.post_id)
        if post is None:
            continue
        if entry.id != entry.post_id:
            if entry.actor_id not in users:
                continue
            post = msgspec.structs.replace(post, retweeted_by=users[entry.actor_id], retweeted_at=moment_of(entry.id))
        shown.append(post)
    return shown


# $1 below, $2 above, $3 how many, $4 offset, then what is looked for
def _by_column(filters: Filters, direction: str) -> str:
    """Everything, or the posts of one category or market: by an index that holds them in order."""
    condition = f"p.{filters.single[0]} = $5" if filters.single else "true"
    return f"""SELECT p.id FROM posts p {AUTHOR}
        WHERE p.visibility = 0 AND {LEVEL} = 0 AND {condition} AND p.id < $1 AND p.id > $2
        ORDER BY p.id {direction} LIMIT $3 OFFSET $4"""


def _by_terms(filters: Filters, direction: str) -> str:
    """Two stages: the newest posts, then the index of terms. The planner alone would walk all posts for an old topic."""
    terms = filters.condition("p", 5)
    return f"""
    WITH recent AS MATERIALIZED (
        SELECT p.id FROM (SELECT id, author_id, visibility, terms FROM posts p WHERE p.visibility = 0 AND p.id < $1 AND p.id > $2
                          ORDER BY p.id {direction} LIMIT {RECENT}) p
        {AUTHOR} WHERE {terms} AND {LEVEL} = 0 ORDER BY p.id {direction} LIMIT $3::int + $4::int),
    old AS MATERIALIZED (
        SELECT p.id FROM posts p {AUTHOR}
        WHERE p.visibility = 0 AND {LEVEL} = 0 AND {terms} AND p.id < $1 AND p.id > $2
          AND (SELECT count(*) FROM recent) < $3::int + $4::int)
    SELECT id FROM (
        SELECT id FROM recent WHERE (SELECT count(*) FROM recent) = $3::int + $4::int UNION ALL SELECT id FROM old) found
    ORDER BY id {direction} LIMIT $3 OFFSET $4"""


async def _count(filters: Filters) -> int:
    if filters.single or not filters.groups:
        sql = _by_column(filters, "DESC")
        return len(await db.fetch(sql, Page().below, Page().above, MOST_COUNTED, 0, *filters.single_value))
    count: int = await db.fetch_value(
        f"""SELECT count(*) FROM (SELECT 1 FROM posts p {AUTHOR}
            WHERE p.visibility = 0 AND {LEVEL} = 0 AND {filters.condition("p", 1)} LIMIT {MOST_COUNTED}) x""",
        *filters.groups,
    )
    return count
