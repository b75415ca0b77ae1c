"""The counters of posts, for those who watch them live."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from x18.core import db
from x18.realtime.audience import LEVEL
from x18.realtime.counters import Counted
from x18.realtime.protocol import PostCounts

LIKE_SCORE: Final = 2
RETWEET_SCORE: Final = 3

SCORE: Final = f"({LIKE_SCORE} * s.likes_count + {RETWEET_SCORE} * s.retweets_count - s.own_score)"
"""SQL of the rank in trending, of a row ``s`` of ``post_stats``: by what others than the author did."""

COUNTS: Final = f"""
    SELECT p.id, p.author_id, {LEVEL} AS level, s.likes_count, s.retweets_count, s.replies_count, s.bookmarks_count
    FROM posts p JOIN users u ON u.id = p.author_id JOIN post_stats s ON s.post_id = p.id
    WHERE p.id = ANY($1::uuid[])"""


async def read_counts(posts: Collection[UUID]) -> Mapping[UUID, Counted]:
    """The counters as they are now, by post; posts that are gone are left out."""
    return {
        row["id"]: Counted(
            row["author_id"],
            row["level"],
            PostCounts(row["likes_count"], row["retweets_count"], row["replies_count"], row["bookmarks_count"]),
        )
        for row in await db.fetch(COUNTS, list(posts))
    }
