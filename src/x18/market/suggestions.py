"""Whom to follow: whom those follow that one follows, who writes about what one watches, and who is followed by many and wrote lately."""

from typing import Final
from uuid import UUID

from x18.core import db
from x18.core.cache import Cached
from x18.core.clock import read_clock
from x18.core.windows import WINDOWS
from x18.market.trending import SEEN_BY_ALL
from x18.realtime.audience import is_enabled
from x18.users.queries import load_enabled
from x18.users.schemas import UserView

ASKED: Final = 100
"""So many of whom one follows, the newest, say whom they follow: each the newest so many."""

PER_SYMBOL: Final = 20
"""So many authors of each symbol that one watches are looked at, those who wrote last."""

NEWEST: Final = 10_000
MOST_POPULAR: Final = 300
"""Of those who made the newest public entries these are offered to everybody: who has most followers."""

POPULAR: Final = f"""
    SELECT a.author_id FROM (SELECT DISTINCT actor_id AS author_id FROM (
        SELECT actor_id FROM feed_entries WHERE visibility = 0 ORDER BY id DESC LIMIT {NEWEST}) e) a
    CROSS JOIN LATERAL (SELECT id, followers_count FROM users WHERE id = a.author_id OFFSET 0) u WHERE {SEEN_BY_ALL}
    ORDER BY u.followers_count DESC, u.id LIMIT {MOST_POPULAR}"""

# $1 the viewer, $2 since when it counts who wrote about a symbol, $3 those who are popular, $4 how many
SUGGESTED: Final = f"""
    WITH followed AS MATERIALIZED (SELECT followee_id AS id FROM follows WHERE follower_id = $1 UNION ALL SELECT $1::uuid),
    friends AS MATERIALIZED (
        SELECT f.id, count(*) AS friends FROM (
            SELECT followee_id AS id FROM follows WHERE follower_id = $1 AND {is_enabled("followee_id")}
            ORDER BY follows.id DESC LIMIT {ASKED}) m
        CROSS JOIN LATERAL (
            SELECT followee_id AS id FROM follows WHERE follower_id = m.id ORDER BY follows.id DESC LIMIT {ASKED}) f
        WHERE f.id NOT IN (SELECT id FROM followed) GROUP BY f.id ORDER BY friends DESC, f.id LIMIT {ASKED}),
    writers AS (
        SELECT a.author_id AS id, count(DISTINCT a.symbol) AS symbols
        FROM watchlists w CROSS JOIN LATERAL unnest(w.symbols) watched (symbol) CROSS JOIN LATERAL (
            SELECT symbol, author_id FROM symbol_uses WHERE symbol = watched.symbol COLLATE "C" AND hour >= $2
            ORDER BY hour DESC, author_id DESC LIMIT {PER_SYMBOL}) a
        WHERE w.user_id = $1 AND {SEEN_BY_ALL} GROUP BY a.author_id)
    SELECT u.id FROM (
        SELECT id, max(friends) AS friends, max(symbols) AS symbols FROM (
            SELECT id, friends, 0 AS symbols FROM friends UNION ALL SELECT id, 0, symbols FROM writers
            UNION ALL SELECT a.author_id, 0, 0 FROM unnest($3::uuid[]) a (author_id) WHERE {SEEN_BY_ALL}) one
        WHERE id NOT IN (SELECT id FROM followed) GROUP BY id) found
    JOIN users u ON u.id = found.id AND u.disabled_at IS NULL
    ORDER BY found.friends DESC, found.symbols DESC, u.followers_count DESC, u.id LIMIT $4"""


async def _find_popular() -> list[UUID]:
    return [row["author_id"] for row in await db.fetch(POPULAR)]


_popular: Final = Cached(_find_popular)


async def suggest_users(viewer_id: UUID, limit: int) -> list[UserView]:
    """Accounts that the viewer does not follow. People count, and not how much anybody wrote."""
    since = await read_clock() - WINDOWS["7d"]
    rows = await db.fetch(SUGGESTED, viewer_id, since, await _popular.get(), limit)
    users = await load_enabled([row["id"] for row in rows], viewer_id)
    return [users[row["id"]] for row in rows if row["id"] in users]
