"""Reading the numbered log. Every function takes the connection, so that the channel does not depend on the pool of requests."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from x18.realtime.events import EventKind, LogRow
from x18.realtime.topics import NOTIFICATION_KINDS

COLUMNS: Final = "seq, kind, actor_id, recipient_id, object_id"

_SPAN: Final = f"SELECT {COLUMNS} FROM event_log WHERE seq > $1 AND seq <= $2"
_FIRST: Final = "ORDER BY seq LIMIT $3"

OF_EVERYBODY: Final = f"{_SPAN} AND kind = ANY($4) {_FIRST}"
OF_ACTORS: Final = f"{_SPAN} AND kind = ANY($4) AND actor_id = ANY($5) {_FIRST}"
OF_RECIPIENT: Final = f"{_SPAN} AND kind = ANY($4) AND recipient_id = $5 {_FIRST}"
DELETIONS: Final = f"{_SPAN} AND kind = {EventKind.POST_DELETED.value} {_FIRST}"


class LogPosition(NamedTuple):
    """The bounds of the log: numbers in (``floor``, ``head``] can be read."""

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
    connection: asyncpg.Connection,
    after: int,
    until: int,
    kinds: Sequence[EventKind],
    user_id: UUID | None,
    limit: int,
    *,
    actors: Collection[UUID] | None = None,
) -> list[LogRow]:
    """The first ``limit`` events of some kinds in (``after``, ``until``], and of those with a recipient only the user's.

    ``actors``: of the others only those of these users. Deletions are read of everybody all the same: a deleted post also stood
    where somebody had retweeted it. Each read goes by its own index: who asks for what few do does not wade through everything.
    """
    shared = [kind for kind in kinds if kind not in NOTIFICATION_KINDS]
    own = [kind for kind in kinds if kind in NOTIFICATION_KINDS]
    rows: list[asyncpg.Record] = []
    if shared and actors is None:
        rows += await connection.fetch(OF_EVERYBODY, after, until, limit, shared)
    elif shared:
        acts = [kind for kind in shared if kind != EventKind.POST_DELETED]
        rows += await connection.fetch(OF_ACTORS, after, until, limit, acts, actors)
        if EventKind.POST_DELETED in shared:
            rows += await connection.fetch(DELETIONS, after, until, limit)
    if own and user_id is not None:
        rows += await connection.fetch(OF_RECIPIENT, after, until, limit, own, user_id)
    return sorted(to_log_rows(rows))[:limit]


async def read_newest(
    connection: asyncpg.Connection,
    after: int,
    until: int,
    kinds: Collection[EventKind],
    limit: int,
    *,
    actors: Collection[UUID] | None = None,
) -> list[LogRow]:
    """The last ``limit`` events of some kinds in (``after``, ``until``], the newest first; ``actors``: of these users only."""
    rows = await connection.fetch(
        f"{_SPAN} AND kind = ANY($4) AND ($5::uuid[] IS NULL OR actor_id = ANY($5)) ORDER BY seq DESC LIMIT $3",
        after,
        until,
        limit,
        kinds,
        actors,
    )
    return to_log_rows(rows)


async def read_follows(connection: asyncpg.Connection, after: int, until: int, user_id: UUID) -> list[LogRow]:
    """Users whom the user followed or stopped following in (``after``, ``until``]."""
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
