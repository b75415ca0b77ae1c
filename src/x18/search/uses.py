"""Who used which hashtag when, and what follows from it: how many posts of an hour have it, and how many people used it.

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
    """A hashtag in posts of an author and an hour."""

    hashtag: str
    author_id: UUID
    hour: datetime


class Hour(NamedTuple):
    """A row of ``hashtag_hours``; rows are changed in the order of their keys, so that two processes do not deadlock."""

    hour: datetime
    hashtag: str


def uses_of(rows: Iterable[asyncpg.Record]) -> "Counter[Use]":
    """What events of posts add and take away."""
    uses: Counter[Use] = Counter()
    for row in rows:
        hour = moment_of(row["post_id"]).replace(minute=0, second=0, microsecond=0)
        for hashtag in row["hashtags"]:
            uses[Use(hashtag, row["actor_id"], hour)] += 1 if row["kind"] == EventKind.POST else -1
    return uses


async def add_uses(changes: "Counter[Use]") -> None:
    """Apply changes to the uses, and what follows from them to the hours. Call inside a transaction.

    Nothing is taken away that was not counted.
    """
    uses = sorted(use for use, change in changes.items() if change)
    if not uses:
        return
    before, newest_before = await _count(uses), await _newest(uses)
    after = {use: max(before.get(use, 0) + changes[use], 0) for use in uses}
    await _write(after)
    newest_after = await _newest(uses)
    posts: Counter[Hour] = Counter()
    for use in uses:
        posts[Hour(use.hour, use.hashtag)] += after[use] - before.get(use, 0)
    authors: Counter[Hour] = Counter()
    for newest, step in ((newest_before, -1), (newest_after, 1)):
        for (hashtag, _), hour in newest.items():
            authors[Hour(hour, hashtag)] += step
    await _move_hours(posts, authors)


async def _count(uses: Collection[Use]) -> dict[Use, int]:
    rows = await db.fetch(
        """SELECT u.hashtag, u.author_id, u.hour, h.posts FROM unnest($1::text[], $2::uuid[], $3::timestamptz[])
               AS u (hashtag, author_id, hour) JOIN hashtag_uses h USING (hashtag, author_id, hour)""",
        *_columns(uses),
    )
    return {Use(*row[:3]): row["posts"] for row in rows}


async def _newest(uses: Collection[Use]) -> dict[tuple[str, UUID], datetime]:
    """The hour in which each author of the uses used the hashtag last; none where that is no more."""
    pairs = sorted({use[:2] for use in uses})
    rows = await db.fetch(
        """SELECT u.hashtag, u.author_id, h.hour FROM unnest($1::text[], $2::uuid[]) AS u (hashtag, author_id)
           CROSS JOIN LATERAL (SELECT hour FROM hashtag_uses WHERE hashtag = u.hashtag AND author_id = u.author_id
                               ORDER BY hour DESC LIMIT 1) h""",
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
    )
    return {(row["hashtag"], row["author_id"]): row["hour"] for row in rows}


async def _write(counts: dict[Use, int]) -> None:
    kept = {use: posts for use, posts in counts.items() if posts}
    await db.execute(
        """INSERT INTO hashtag_uses (hashtag, author_id, hour, posts)
           SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::int[])
           ON CONFLICT (hashtag, author_id, hour) DO UPDATE SET posts = EXCLUDED.posts""",
        *_columns(kept),
        list(kept.values()),
    )
    await db.execute(
        """DELETE FROM hashtag_uses h USING unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS gone (hashtag, author_id, hour)
           WHERE (h.hashtag, h.author_id, h.hour) = (gone.hashtag, gone.author_id, gone.hour)""",
        *_columns([use for use in counts if use not in kept]),
    )


async def _move_hours(posts: "Counter[Hour]", authors: "Counter[Hour]") -> None:
    """Add to the hours. What would fall below nothing was forgotten meanwhile, with its hour."""
    hours = sorted(hour for hour in posts.keys() | authors.keys() if posts[hour] or authors[hour])
    await db.execute(
        """INSERT INTO hashtag_hours (hour, hashtag, posts) SELECT hour, hashtag, 0 FROM unnest($1::timestamptz[], $2::text[])
               AS touched (hour, hashtag) ON CONFLICT (hour, hashtag) DO NOTHING""",
        *_hour_columns(hours),
    )
    await db.execute(
        """UPDATE hashtag_hours h SET posts = GREATEST(h.posts + moved.posts, 0), authors = GREATEST(h.authors + moved.authors, 0)
           FROM unnest($1::timestamptz[], $2::text[], $3::int[], $4::int[]) AS moved (hour, hashtag, posts, authors)
           WHERE h.hour = moved.hour AND h.hashtag = moved.hashtag""",
        *_hour_columns(hours),
        [posts[hour] for hour in hours],
        [authors[hour] for hour in hours],
    )


def _columns(uses: Iterable[Use]) -> tuple[list[str], list[UUID], list[datetime]]:
    listed = list(uses)
    return [use.hashtag for use in listed], [use.author_id for use in listed], [use.hour for use in listed]


def _hour_columns(hours: list[Hour]) -> tuple[list[datetime], list[str]]:
    return [hour.hour for hour in hours], [hour.hashtag for hour in hours]
