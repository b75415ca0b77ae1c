"""Finding posts: by words, in two stages, and by hashtag."""

from typing import Any, Final
from uuid import UUID

from x18.core import db
from x18.core.paging import Page, cut
from x18.posts.queries import list_posts
from x18.posts.schemas import PostList
from x18.posts.text import fold
from x18.realtime.audience import visible

RECENT: Final = 2_000
COUNT_LIMIT: Final = 1_000

WALKED: Final = 50_000
"""How many of the newest posts are looked through for a query of exclusions only, which no index answers."""

# $2 what is looked for. Join, condition, and whether an index can find what fulfils it.
BY_WORDS: Final = (
    "JOIN post_fts f ON f.post_id = p.id",
    "f.fts @@ websearch_to_tsquery('simple', $2)",
    "querytree(websearch_to_tsquery('simple', $2)) <> 'T'",
)
BY_TERM: Final = ("", "p.terms @> ARRAY[$2::text]", "true")


def _newest(join: str, condition: str, is_indexed: str, direction: str) -> str:
    """The newest posts that match and that the viewer may see: among the newest of all, or else by the index.

    The planner alone would walk all posts for a word that is rare or does not exist (286 ms for 0.5).
    $1 viewer, $3 below, $4 above, $5 how many, $6 offset.
    """
    source = f"JOIN users u ON u.id = p.author_id {join} WHERE {condition} AND {visible('$1')}"
    return f"""
    WITH recent AS MATERIALIZED (
        SELECT p.id FROM (SELECT id, author_id, visibility, terms FROM posts WHERE id < $3 AND id > $4
                          ORDER BY id {direction} LIMIT CASE WHEN {is_indexed} THEN {RECENT} ELSE {WALKED} END) p
        {source} ORDER BY p.id {direction} LIMIT $5::int + $6::int),
    old AS MATERIALIZED (
        SELECT p.id FROM posts p {source} AND p.id < $3 AND p.id > $4 AND {is_indexed}
          AND (SELECT count(*) FROM recent) < $5::int + $6::int)
    SELECT id FROM (
        SELECT id FROM recent WHERE (SELECT count(*) FROM recent) = $5::int + $6::int OR NOT {is_indexed}
        UNION ALL SELECT id FROM old) found
    ORDER BY id {direction} LIMIT $5 OFFSET $6"""


def _count(join: str, condition: str) -> str:
    return f"""SELECT count(*) FROM (SELECT 1 FROM posts p JOIN users u ON u.id = p.author_id {join}
        WHERE {condition} AND {visible("$1")} LIMIT {COUNT_LIMIT}) x"""


async def find_posts(text: str, page: Page, viewer_id: UUID | None) -> PostList:
    """Posts with these words; ``"phrases"``, ``-not`` and ``or`` as in a web search. Newest first."""
    return await _find(_newest(*BY_WORDS, page.direction), _count(*BY_WORDS[:2]), text.casefold(), page, viewer_id)


async def find_hashtag(tag: str, page: Page, viewer_id: UUID | None) -> PostList:
    """Posts with this hashtag, newest first."""
    return await _find(_newest(*BY_TERM, page.direction), _count(*BY_TERM[:2]), f"h:{fold(tag)}", page, viewer_id)


async def count_posts(text: str, viewer_id: UUID | None) -> int:
    """How many posts have these words, counted up to 1,000."""
    count: int = await db.fetch_value(_count(*BY_WORDS[:2]), viewer_id, text.casefold())
    return count


async def _find(newest: str, counting: str, wanted: str, page: Page, viewer_id: UUID | None) -> PostList:
    args: list[Any] = [viewer_id, wanted, page.below, page.above, page.limit + 1, page.offset]
    rows = await db.fetch(newest, *args)
    shown, cursor = cut([row["id"] for row in rows], page, lambda post_id: post_id)
    total = await db.fetch_value(counting, viewer_id, wanted) if page.count else 0
    return await list_posts(shown, cursor, page, viewer_id, total=total)
