"""Finding posts: by words and by hashtag, in stages of which each looks at a bounded number of rows."""

from typing import Final
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.order import Order
from x18.core.paging import Page, read_page
from x18.core.words import query_of
from x18.posts.queries import list_posts
from x18.posts.schemas import PostList
from x18.posts.text import fold_hashtag
from x18.realtime.audience import AUTHOR, visible

RECENT_PER_ROW: Final = 100
"""For each row that is wanted so many of the newest posts are looked through first, and not more than ``WALKED``."""

WALKED: Final = 20_000
"""The most posts that are looked through for one page, where no index finds few enough of them."""

MOST_FOUND: Final = 10_000
"""So many posts are taken from an index at most: what more of them match is frequent, and looked for among the newest."""

COUNT_LIMIT: Final = 1_000


QUERY: Final = "$2::text::tsquery"

# $2 what is looked for. Where it is looked for, the id of the post there, how to look up one post, the condition, what an index can
# answer of it without looking at rows (true for all that fulfil it, and for some more), and whether it can answer anything at all.
BY_WORDS: Final = (
    "post_fts f",
    "f.post_id",
    "SELECT * FROM post_fts WHERE post_id = p.id OFFSET 0",
    f"f.fts @@ {QUERY}",
    # Without exclusions, and with the words of a phrase wherever they stand: else each row with these words is read.
    f"f.fts @@ regexp_replace(querytree({QUERY}), '<[-0-9]+>', '&', 'g')::tsquery",
    f"querytree({QUERY}) <> 'T'",
)
BY_TERM: Final = (
    "posts f",
    "f.id",
    "SELECT p.terms",
    "f.terms @> ARRAY[$2::text]",
    "f.terms @> ARRAY[$2::text]",
    "true",
)


def _newest(
    source: str, key: str, look_up: str, condition: str, candidate: str, is_indexed: str, direction: str
) -> str:
    """The newest posts that match and that the viewer may see: among the newest of all, else by the index, else among more of the
    newest. Each way ends after a number of rows, whatever is asked.

    Where the last way ended before there was enough, a row with ``is_end`` names the post where it stopped.
    The planner alone would walk all posts for a word that is rare or does not exist (286 ms for 0.5).
    $1 viewer, $3 below, $4 above, $5 how many, $6 offset.
    """
    wanted, seen = "($5::int + $6::int)", visible("$1")
    in_range, few = "id < $3 AND id > $4", f"(SELECT count(*) FROM found) <= {MOST_FOUND}"
    by_index = f"({is_indexed} AND {few})"
    looked_far = f"({is_indexed} AND {RECENT_PER_ROW} * {wanted} >= {WALKED})"
    first = f"CASE WHEN {is_indexed} THEN LEAST({RECENT_PER_ROW} * {wanted}, {WALKED}) ELSE 0 END"
    last = f"CASE WHEN {by_index} OR {looked_far} THEN 0 ELSE {WALKED} END"
    return f"""
    WITH recent AS MATERIALIZED (
        {_walk(look_up, condition, wanted, first, direction)}),
    found AS MATERIALIZED (
        SELECT {key} AS id, {condition} AS fits FROM {source}
        WHERE {candidate} AND {is_indexed} AND (SELECT count(*) FROM recent) < {wanted} LIMIT {MOST_FOUND} + 1),
    old AS MATERIALIZED (
        SELECT p.id FROM found f JOIN LATERAL (SELECT id, author_id, visibility FROM posts WHERE id = f.id OFFSET 0) p ON true {AUTHOR}
        WHERE f.fits AND p.id < $3 AND p.id > $4 AND {seen} AND {few}),
    walked AS MATERIALIZED ({_walk(look_up, condition, wanted, last, direction)}),
    shown AS MATERIALIZED (
        SELECT id FROM recent WHERE (SELECT count(*) FROM recent) = {wanted} OR NOT {by_index} AND {looked_far}
        UNION ALL SELECT id FROM old WHERE (SELECT count(*) FROM recent) < {wanted}
        UNION ALL SELECT id FROM walked)
    SELECT id, false AS is_end FROM (SELECT id FROM shown ORDER BY id {direction} LIMIT $5 OFFSET $6) page
    UNION ALL (
        SELECT id, true FROM posts WHERE {in_range} AND NOT {by_index} AND (SELECT count(*) FROM shown) < {wanted}
        ORDER BY id {direction} OFFSET {WALKED} - 1 LIMIT 1)
    ORDER BY is_end, id {direction}"""


def _walk(look_up: str, condition: str, wanted: str, most: str, direction: str) -> str:
    """Those that match among the newest so many."""
    return f"""
        SELECT p.id FROM (SELECT id, author_id, visibility, terms FROM posts WHERE id < $3 AND id > $4
                          ORDER BY id {direction} LIMIT {most}) p
        JOIN LATERAL ({look_up}) f ON {condition} {AUTHOR}
        WHERE {visible("$1")} ORDER BY p.id {direction} LIMIT {wanted}"""


def _count(source: str, key: str, look_up: str, condition: str, candidate: str, is_indexed: str) -> str:
    """The statement that counts, up to a limit, the matching posts among those that one page looks through."""
    seen = visible("$1")
    return f"""
    SELECT count(*) FROM (
        (SELECT 1 FROM (SELECT {key} AS id, {condition} AS fits FROM {source}
                        WHERE {candidate} AND {is_indexed} LIMIT {MOST_FOUND}) f
         JOIN LATERAL (SELECT id, author_id, visibility FROM posts WHERE id = f.id OFFSET 0) p ON true {AUTHOR}
         WHERE f.fits AND {seen} LIMIT {COUNT_LIMIT})
        UNION ALL
        (SELECT 1 FROM (SELECT id, author_id, visibility, terms FROM posts
                        ORDER BY id DESC LIMIT CASE WHEN {is_indexed} THEN 0 ELSE {WALKED} END) p
         JOIN LATERAL ({look_up}) f ON {condition} {AUTHOR}
         WHERE {seen} LIMIT {COUNT_LIMIT})) x"""


async def find_posts(text: str, page: Page, viewer_id: UUID | None) -> PostList:
    """Posts with these words; ``"phrases"``, ``-not`` and ``or`` as in a web search. Newest first.

    Of what very many posts match, or of exclusions alone, a page looks through 20,000 posts; where it ends before it is full, its
    cursor goes on from there.
    """
    return await _find(_newest(*BY_WORDS, page.direction), _count(*BY_WORDS), query_of(text), page, viewer_id)


async def find_hashtag(tag: str, page: Page, viewer_id: UUID | None) -> PostList:
    """Posts with this hashtag, newest first."""
    return await _find(_newest(*BY_TERM, page.direction), _count(*BY_TERM), f"h:{fold_hashtag(tag)}", page, viewer_id)


async def count_posts(text: str, viewer_id: UUID | None) -> int:
    """The number of posts with these words, counted up to 1,000."""
    return await _count_with(_count(*BY_WORDS), query_of(text), viewer_id)


async def _find(newest: str, counting: str, wanted: str, page: Page, viewer_id: UUID | None) -> PostList:
    end: list[UUID] = []

    async def read(page: Page) -> list[asyncpg.Record]:
        async with db.dear_reads():
            rows = await db.fetch(newest, viewer_id, wanted, page.below, page.above, page.limit + 1, page.offset)
        end[:] = [row["id"] for row in rows if row["is_end"]]
        return rows[: len(rows) - len(end)]

    rows, ends = await read_page(Order.POSTS, page, read, lambda row: row["id"])
    if end:
        ends = ends._replace(newest_cursor=end[0]) if page.ascending else ends._replace(next_cursor=end[0])
    total = await _count_with(counting, wanted, viewer_id) if page.count else 0
    return await list_posts([row["id"] for row in rows], ends, page, viewer_id, total=total)


async def _count_with(counting: str, wanted: str, viewer_id: UUID | None) -> int:
    async with db.dear_reads():
        count: int = await db.fetch_value(counting, viewer_id, wanted)
    return count
