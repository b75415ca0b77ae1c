"""Uses of hashtags by author and hour, and the counts that follow from them: posts of an hour with a hashtag, and people who used it.

An author counts in the hour of the newest use only. A window ends now, so the sum over its hours is the number of people who used the
hashtag in it, at the cost of reading hours.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.ids import moment_of
from x18.realtime.events import EventKind


class Use(NamedTuple):
    """An author's posts of an hour with a hashtag: a row of ``hashtag_uses``."""

    author_id: UUID
    hashtag: str
    hour: datetime

    @property
    def key(self) -> tuple[UUID, str]:
        """The author and the hashtag of the use."""
        return self.author_id, self.hashtag


class Hour(NamedTuple):
    """A row of ``hashtag_hours``; rows are changed in the order of their keys, so that two processes do not deadlock."""

    hour: datetime
    hashtag: str


def uses_of(rows: Iterable[asyncpg.Record]) -> "Counter[Use]":
    """Uses that events of posts add and take away."""
    uses: Counter[Use] = Counter()
    for row in rows:
        hour = moment_of(row["post_id"]).replace(minute=0, second=0, microsecond=0)
        for hashtag in row["hashtags"]:
            uses[Use(row["actor_id"], hashtag, hour)] += 1 if row["kind"] == EventKind.POST else -1
    return uses


async def add_uses(changes: "Counter[Use]") -> None:
    """Apply changes to the uses, and what follows from them to the hours. Call inside a transaction.

    Nothing is taken away that was not counted.
    """
    uses = sorted(use for use, change in changes.items() if change)
    if not uses:
        return
    newest_before = await _newest(uses)
    moved = {use: changes[use] for use in uses if changes[use] > 0}
    newest_after = dict(newest_before)
    for use in moved:
        newest_after[use.key] = max(use.hour, newest_after.get(use.key, use.hour))
    await _add(moved)
    if taken := [use for use in uses if changes[use] < 0]:
        moved |= await _take(taken, changes)
        for use in taken:
            newest_after.pop(use.key, None)
        newest_after |= await _newest(taken)
    posts: Counter[Hour] = Counter()
    for use, change in moved.items():
        posts[Hour(use.hour, use.hashtag)] += change
    authors: Counter[Hour] = Counter()
    for newest, step in ((newest_before, -1), (newest_after, 1)):
        for (_, hashtag), hour in newest.items():
            authors[Hour(hour, hashtag)] += step
    await _move_hours(posts, authors)


async def _add(added: dict[Use, int]) -> None:
    await db.execute(
        """INSERT INTO hashtag_uses AS h (author_id, hashtag, hour, posts)
           SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[])
           ON CONFLICT (author_id, hashtag, hour) DO UPDATE SET posts = h.posts + EXCLUDED.posts""",
        *_columns(added),
        list(added.values()),
    )


async def _take(taken: list[Use], changes: "Counter[Use]") -> dict[Use, int]:
    """Take away what was counted; by how much each use changed, if at all."""
    before = await _count(taken)
    left = {use: max(posts + changes[use], 0) for use, posts in before.items()}
    kept = {use: posts for use, posts in left.items() if posts}
    await db.execute(
        """UPDATE hashtag_uses h SET posts = kept.posts
           FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[]) AS kept (author_id, hashtag, hour, posts)
           WHERE (h.author_id, h.hashtag, h.hour) = (kept.author_id, kept.hashtag, kept.hour)""",
        *_columns(kept),
        list(kept.values()),
    )
    await db.execute(
        """DELETE FROM hashtag_uses h USING unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS gone (author_id, hashtag, hour)
           WHERE (h.author_id, h.hashtag, h.hour) = (gone.author_id, gone.hashtag, gone.hour)""",
        *_columns([use for use in left if use not in kept]),
    )
    return {use: left[use] - posts for use, posts in before.items()}


async def _count(uses: Collection[Use]) -> dict[Use, int]:
    rows = await db.fetch(
        """SELECT u.author_id, u.hashtag, u.hour, h.posts FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
               AS u (author_id, hashtag, hour) JOIN hashtag_uses h USING (author_id, hashtag, hour)""",
        *_columns(uses),
    )
    return {Use(*row[:3]): row["posts"] for row in rows}


async def _newest(uses: Collection[Use]) -> dict[tuple[UUID, str], datetime]:
    """The hour in which each author of the uses used the hashtag last; none where that is no more."""
    keys = sorted({use.key for use in uses})
    rows = await db.fetch(
        """SELECT u.author_id, u.hashtag, h.hour FROM unnest($1::uuid[], $2::text[]) AS u (author_id, hashtag)
           CROSS JOIN LATERAL (SELECT hour FROM hashtag_uses WHERE author_id = u.author_id AND hashtag = u.hashtag
                               ORDER BY hour DESC LIMIT 1) h""",
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    return {(row["author_id"], row["hashtag"]): row["hour"] for row in rows}


async def _move_hours(posts: "Counter[Hour]", authors: "Counter[Hour]") -> None:
    """Add to the hours. What would fall below nothing was forgotten meanwhile, with its hour."""
    hours = sorted(hour for hour in posts.keys() | authors.keys() if posts[hour] or authors[hour])
    grown = [hour for hour in hours if posts[hour] >= 0 and authors[hour] >= 0]
    await db.execute(
        """INSERT INTO hashtag_hours AS h (hour, hashtag, posts, authors)
           SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::int[], $4::int[])
           ON CONFLICT (hour, hashtag) DO UPDATE SET posts = h.posts + EXCLUDED.posts, authors = h.authors + EXCLUDED.authors""",
        *_hour_columns(grown, posts, authors),
    )
    await db.execute(
        """UPDATE hashtag_hours h SET posts = GREATEST(h.posts + moved.posts, 0), authors = GREATEST(h.authors + moved.authors, 0)
           FROM unnest($1::timestamptz[], $2::text[], $3::int[], $4::int[]) AS moved (hour, hashtag, posts, authors)
           WHERE h.hour = moved.hour AND h.hashtag = moved.hashtag""",
        *_hour_columns([hour for hour in hours if posts[hour] < 0 or authors[hour] < 0], posts, authors),
    )


def _columns(uses: Iterable[Use]) -> tuple[list[UUID], list[str], list[datetime]]:
    listed = list(uses)
    return [use.author_id for use in listed], [use.hashtag for use in listed], [use.hour for use in listed]


def _hour_columns(
    hours: list[Hour], posts: "Counter[Hour]", authors: "Counter[Hour]"
) -> tuple[list[datetime], list[str], list[int], list[int]]:
    return (
        [hour.hour for hour in hours],
        [hour.hashtag for hour in hours],
        [posts[hour] for hour in hours],
        [authors[hour] for hour in hours],
    )
