"""Reading the numbered log. Every function takes the connection, so that the channel does not depend on the pool of requests."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from x18.realtime.events import EventKind, LogRow
from x18.realtime.topics import NOTIFICATION_KINDS

COLUMNS = "seq, kind, actor_id, recipient_id, object_id"


class LogPosition(NamedTuple):
    """Where the log stands: numbers in (``floor``, ``head``] can be read."""

    epoch: str
    head: int
    floor: int


async def read_position(connection: asyncpg.Connection) -> LogPosition:
    """The state of the log."""
    row = await connection.fetchrow("SELECT epoch, head, floor FROM event_state")
    return LogPosition(row["epoch"].hex, row["head"], row["floor"])


async def read_after(connection: asyncpg.Connection, seq: int, limit: int) -> list[LogRow]:
    """The next events, in order and without holes."""
    rows = await connection.fetch(f"SELECT {COLUMNS} FROM event_log WHERE seq > $1 ORDER BY seq LIMIT $2", seq, limit)
    return to_log_rows(rows)


async def read_kinds(
    connection: asyncpg.Connection, after: int, until: int, kinds: Sequence[EventKind], user_id: UUID | None, limit: int
) -> list[LogRow]:
    """The first ``limit`` events of some kinds in (``after``, ``until``], and of those with a recipient only the user's.

    Two reads, each by its own index: who asks only for what has a recipient does not wade through everybody's events.
    """
    rows: list[asyncpg.Record] = []
    if shared := [kind for kind in kinds if kind not in NOTIFICATION_KINDS]:
        rows += await connection.fetch(
            f"SELECT {COLUMNS} FROM event_log WHERE seq > $1 AND seq <= $2 AND kind = ANY($3) ORDER BY seq LIMIT $4",
            after,
            until,
            shared,
            limit,
        )
    if user_id is not None and (own := [kind for kind in kinds if kind in NOTIFICATION_KINDS]):
        rows += await connection.fetch(
            f"""SELECT {COLUMNS} FROM event_log WHERE recipient_id = $3 AND seq > $1 AND seq <= $2 AND kind = ANY($4)
                ORDER BY seq LIMIT $5""",
            after,
            until,
            user_id,
            own,
            limit,
        )
    return sorted(to_log_rows(rows))[:limit]


async def read_follows(connection: asyncpg.Connection, after: int, until: int, user_id: UUID) -> list[LogRow]:
    """Whom the user followed or stopped following in (``after``, ``until``]."""
    rows = await connection.fetch(
        f"""SELECT {COLUMNS} FROM event_log WHERE actor_id = $3 AND seq > $1 AND seq <= $2 AND kind = ANY($4) ORDER BY seq""",
        after,
        until,
        user_id,
        [EventKind.FOLLOW, EventKind.UNFOLLOW],
    )
    return to_log_rows(rows)


def to_log_rows(rows: Sequence[asyncpg.Record]) -> list[LogRow]:
    """Rows of ``COLUMNS`` as events."""
    return [LogRow(row[0], EventKind(row[1]), row[2], row[3], row[4]) for row in rows]
