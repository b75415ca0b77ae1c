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

QUERY: Final = "websearch_to_tsquery('simple', {place})"


def _by_words(place: str) -> tuple[str, str]:
    """Join and condition of posts with the words in ``place``."""
    return "JOIN post_fts f ON f.post_id = p.id", f"f.fts @@ {QUERY.format(place=place)}"


def _by_term(place: str) -> tuple[str, str]:
    """The same of posts with a term."""
    return "", f"p.terms @> ARRAY[{place}::text]"


def _newest(join: str, condition: str, direction: str) -> str:
    """The newest posts that match and that the viewer may see: among the newest of all, or else by the index.

    The planner alone would walk all posts for a word that is rare or does not exist (286 ms for 0.5).
    $1 viewer, $2 below, $3 above, $4 how many, $5 offset, $6 what is looked for.
    """
    source = f"JOIN users u ON u.id = p.author_id {join} WHERE {condition} AND {visible('$1')}"
    return f"""
    WITH recent AS MATERIALIZED (
        SELECT p.id FROM (SELECT id, author_id, visibility, terms FROM posts WHERE id < $2 AND id > $3
                          ORDER BY id {direction} LIMIT {RECENT}) p
        {source} ORDER BY p.id {direction} LIMIT $4::int + $5::int),
    old AS MATERIALIZED (
        SELECT p.id FROM posts p {source} AND p.id < $2 AND p.id > $3
          AND (SELECT count(*) FROM recent) < $4::int + $5::int)
    SELECT id FROM (
        SELECT id FROM recent WHERE (SELECT count(*) FROM recent) = $4::int + $5::int UNION ALL SELECT id FROM old) found
    ORDER BY id {direction} LIMIT $4 OFFSET $5"""


def _count(join: str, condition: str) -> str:
    return f"""SELECT count(*) FROM (SELECT 1 FROM posts p JOIN users u ON u.id = p.author_id {join}
        WHERE {condition} AND {visible("$1")} LIMIT {COUNT_LIMIT}) x"""


async def find_posts(text: str, page: Page, viewer_id: UUID | None) -> PostList:
    """Posts with these words; ``"phrases"``, ``-not`` and ``or`` as in a web search. Newest first."""
    return await _find(*_by_words("$6"), text.casefold(), page, viewer_id)


async def find_hashtag(tag: str, page: Page, viewer_id: UUID | None) -> PostList:
    """Posts with this hashtag, newest first."""
    return await _find(*_by_term("$6"), f"h:{fold(tag)}", page, viewer_id)


async def count_posts(text: str, viewer_id: UUID | None) -> int:
    """How many posts have these words, counted up to 1,000."""
    count: int = await db.fetch_value(_count(*_by_words("$2")), viewer_id, text.casefold())
    return count


async def _find(join: str, condition: str, wanted: str, page: Page, viewer_id: UUID | None) -> PostList:
    args: list[Any] = [viewer_id, page.below, page.above, page.limit + 1, page.offset, wanted]
    rows = await db.fetch(_newest(join, condition, page.direction), *args)
    shown, cursor = cut([row["id"] for row in rows], page, lambda post_id: post_id)
    total = 0
    if page.count:
        total = await db.fetch_value(_count(join, condition.replace("$6", "$2")), viewer_id, wanted)
    return await list_posts(shown, cursor, page, viewer_id, total=total)
