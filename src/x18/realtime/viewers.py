"""Followees of users with live connections, as of a position of the log."""

from typing import Final
from uuid import UUID

import asyncpg

from x18.realtime.events import Event, EventKind, LogRow

FOLLOWS: Final = (EventKind.FOLLOW, EventKind.UNFOLLOW)


async def read_followees(connection: asyncpg.Connection, user_id: UUID | None) -> set[UUID]:
    """Users whom the user follows in the table, which includes changes that are not logged yet."""
    rows = await connection.fetch("SELECT followee_id FROM follows WHERE follower_id = $1", user_id)
    return {row["followee_id"] for row in rows}


async def load_followees(connection: asyncpg.Connection, user_id: UUID, as_of: int) -> set[UUID]:
    """Users whom the user followed when the event ``as_of`` happened.

    The table may be ahead of that: what was logged since, and what waits to be logged, is taken back, newest first.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = await read_followees(connection, user_id)
        logged = await connection.fetch(
            "SELECT kind, object_id FROM event_log WHERE actor_id = $1 AND seq > $2 AND kind = ANY($3) ORDER BY seq",
            user_id,
            as_of,
            FOLLOWS,
        )
        waiting = await connection.fetch(
            "SELECT kind, object_id FROM event_outbox WHERE actor_id = $1 AND kind = ANY($2) ORDER BY id",
            user_id,
            FOLLOWS,
        )
    for row in reversed([*logged, *waiting]):
        if row["kind"] == EventKind.FOLLOW:
            found.discard(row["object_id"])
        else:
            found.add(row["object_id"])
    return found


def apply_follow(followees: set[UUID], event: Event | LogRow) -> None:
    """Bring a set of followees forward by one follow or unfollow of its owner."""
    if event.kind == EventKind.FOLLOW:
        followees.add(event.object_id)
    else:
        followees.discard(event.object_id)
