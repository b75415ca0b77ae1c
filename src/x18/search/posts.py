"""Finding posts: by words, in two stages, and by hashtag."""

from typing import Final
from uuid import UUID

from x18.core import db
from x18.core.order import Order
from x18.core.paging import Page, read_page
from x18.core.words import query_of
from x18.posts.queries import list_posts
from x18.posts.schemas import PostList
from x18.posts.text import fold_hashtag
from x18.realtime.audience import AUTHOR, visible

RECENT_PER_ROW: Final = 100
MOST_RECENT: Final = 20_000
"""For each row that is wanted 100 of the newest posts are looked through first, and not more than 20,000."""

WALKED: Final = 50_000
"""How many of the newest posts are looked through for a query of exclusions only, which no index answers."""

COUNT_LIMIT: Final = 1_000

# $2 what is looked for. Where it is looked for, the id of the post there, how to look up one post, the condition, and whether an
# index can find what fulfils it.
BY_WORDS: Final = (
    "post_fts f",
    "f.post_id",
    "SELECT * FROM post_fts WHERE post_id = p.id OFFSET 0",
    "f.fts @@ $2::text::tsquery",
    "querytree($2::text::tsquery) <> 'T'",
)
BY_TERM: Final = ("posts f", "f.id", "SELECT p.terms", "f.terms @> ARRAY[$2::text]", "true")


def _newest(source: str, key: str, look_up: str, condition: str, is_indexed: str, direction: str) -> str:
    """The newest posts that match and that the viewer may see: among the newest of all, or else by the index.

    The planner alone would walk all posts for a word that is rare or does not exist (286 ms for 0.5).
    $1 viewer, $3 below, $4 above, $5 how many, $6 offset.
    """
    wanted, seen = "($5::int + $6::int)", visible("$1")
    window = f"CASE WHEN {is_indexed} THEN LEAST({RECENT_PER_ROW} * {wanted}, {MOST_RECENT}) ELSE {WALKED} END"
    return f"""
    WITH recent AS MATERIALIZED (
        SELECT p.id FROM (SELECT id, author_id, visibility, terms FROM posts WHERE id < $3 AND id > $4
                          ORDER BY id {direction} LIMIT {window}) p
        JOIN LATERAL ({look_up}) f ON {condition} {AUTHOR}
        WHERE {seen} ORDER BY p.id {direction} LIMIT {wanted}),
    old AS MATERIALIZED (
        SELECT p.id FROM {source} JOIN posts p ON p.id = {key} {AUTHOR}
        WHERE {condition} AND {seen} AND p.id < $3 AND p.id > $4
          AND {is_indexed} AND (SELECT count(*) FROM recent) < {wanted})
    SELECT id FROM (
        SELECT id FROM recent WHERE (SELECT count(*) FROM recent) = {wanted} OR NOT {is_indexed}
        UNION ALL SELECT id FROM old) found
    ORDER BY id {direction} LIMIT $5 OFFSET $6"""


def _count(source: str, key: str, look_up: str, condition: str, is_indexed: str) -> str:
    """How many there are, up to a limit. The newest are counted first: what is frequent now may have been unknown before."""
    seen = visible("$1")
    return f"""
    SELECT count(*) FROM (
        (SELECT 1 FROM {source}
         JOIN LATERAL (SELECT id, author_id, visibility FROM posts WHERE id = {key} OFFSET 0) p ON true {AUTHOR}
         WHERE {condition} AND {seen} AND {is_indexed} ORDER BY {key} DESC LIMIT {COUNT_LIMIT})
        UNION ALL
        (SELECT 1 FROM (SELECT id, author_id, visibility, terms FROM posts ORDER BY id DESC LIMIT {WALKED}) p
         JOIN LATERAL ({look_up}) f ON {condition} {AUTHOR}
         WHERE {seen} AND NOT {is_indexed} LIMIT {COUNT_LIMIT})) x"""


async def find_posts(text: str, page: Page, viewer_id: UUID | None) -> PostList:
    """Posts with these words; ``"phrases"``, ``-not`` and ``or`` as in a web search. Newest first.

    Where nothing but exclusions is asked, the newest 50,000 (below the cursor) are looked through.
    """
    return await _find(_newest(*BY_WORDS, page.direction), _count(*BY_WORDS), query_of(text), page, viewer_id)


async def find_hashtag(tag: str, page: Page, viewer_id: UUID | None) -> PostList:
    """Posts with this hashtag, newest first."""
    return await _find(_newest(*BY_TERM, page.direction), _count(*BY_TERM), f"h:{fold_hashtag(tag)}", page, viewer_id)


async def count_posts(text: str, viewer_id: UUID | None) -> int:
    """How many posts have these words, counted up to 1,000."""
    count: int = await db.fetch_value(_count(*BY_WORDS), viewer_id, query_of(text))
    return count


async def _find(newest: str, counting: str, wanted: str, page: Page, viewer_id: UUID | None) -> PostList:
    rows, ends = await read_page(
        Order.POSTS,
        page,
        lambda page: db.fetch(newest, viewer_id, wanted, page.below, page.above, page.limit + 1, page.offset),
        lambda row: row["id"],
    )
    total = await db.fetch_value(counting, viewer_id, wanted) if page.count else 0
    return await list_posts([row["id"] for row in rows], ends, page, viewer_id, total=total)
