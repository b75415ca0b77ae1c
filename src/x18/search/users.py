"""Finding users: by name exactly, by the beginning of a name, then by likeness and by words of the bio."""

from typing import Final
from uuid import UUID

from x18.core import db
from x18.core.folding import fold
from x18.core.paging import Page
from x18.core.words import all_words_of
from x18.search.schemas import FoundUsers
from x18.users.queries import load_users

DEPTH: Final = 200
"""So many of each way are looked at, and so deep can pages go."""

FEW: Final = 20
"""Fewer names than this are completed by likeness and bio: on whichever page, so that pages fit together and agree on the total."""

LIKENESS: Final = 0.45
"""The similarity that a word needs (pg_trgm.word_similarity_threshold): it allows for one typo in five letters."""

NAME: Final = "COALESCE(folded_name, lower(display_name))"
NAMES: Final = f"(lower(username) || ' ' || {NAME})"
WORDS: Final = "COALESCE(words::tsvector, to_tsvector('simple'::regconfig, bio))"
"""Expressions of the indexes. Where there are no folded forms yet (``posts/reading.py``), those in lower case have to do."""

# $1 text, $2 prefix pattern, $3 all words of the text as a query.
# A text without letters and digits has no trigrams: the index would be read from end to end.
SEARCH: Final = f"""
    WITH named AS MATERIALIZED (
        (SELECT id, 3.0::real AS rank, followers_count FROM users WHERE lower(username) = $1 AND disabled_at IS NULL)
        UNION ALL
        (SELECT id, 2.0::real, followers_count FROM users
         WHERE (lower(username) LIKE $2 OR {NAME} LIKE $2) AND disabled_at IS NULL
         ORDER BY followers_count DESC LIMIT {DEPTH})),
    alike AS MATERIALIZED (
        SELECT id, word_similarity($1, {NAMES}) AS rank, followers_count FROM users
        WHERE $1 <% {NAMES} AND show_trgm($1) <> '{{}}' AND length($1) >= 3 AND disabled_at IS NULL
          AND (SELECT count(*) FROM named) < {FEW}),
    described AS MATERIALIZED (
        SELECT id, 0.3::real AS rank, followers_count FROM users
        WHERE {WORDS} @@ $3::text::tsquery AND disabled_at IS NULL
          AND (SELECT count(*) FROM named) < {FEW})
    SELECT id FROM (
        SELECT * FROM named
        UNION ALL (SELECT * FROM alike ORDER BY rank DESC, followers_count DESC LIMIT {DEPTH})
        UNION ALL (SELECT * FROM described ORDER BY followers_count DESC LIMIT {DEPTH})) found
    GROUP BY id ORDER BY max(rank) DESC, max(followers_count) DESC, id DESC"""


async def find_users(text: str, page: Page, viewer_id: UUID | None) -> tuple[FoundUsers, int]:
    """A page of users and how many were found, at most 200 of a kind."""
    folded = fold(text.lstrip("@\uff20")) or text.lower()  # never empty, with which all names begin
    async with db.dear_reads(), db.transaction():
        await db.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {LIKENESS}")
        rows = await db.fetch(SEARCH, folded, prefix_pattern(folded), all_words_of(text))
    shown = [row["id"] for row in rows[page.offset : page.offset + page.limit]]
    users = await load_users(shown, viewer_id)
    listing = FoundUsers(
        users=[users[user_id] for user_id in shown if user_id in users], limit=page.limit, offset=page.offset
    )
    if page.count:
        listing.total = len(rows)
    return listing, len(rows)


def prefix_pattern(text: str) -> str:
    """The pattern of LIKE for what begins with the text."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
