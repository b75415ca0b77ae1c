"""The log is read by its indexes: a resume costs what it brings, not what happened meanwhile."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.databases import new_database
from x18.realtime.events import EventKind
from x18.realtime.log import read_kinds
from x18.realtime.topics import NOTIFICATION_KINDS, POST_KINDS, RETWEET_KINDS
from x18.runtime.embedded import Servers

EVENTS, EVERY = 20_000, 1_000
READER, OTHER, AUTHOR = uuid4(), uuid4(), uuid4()
DELETIONS = 500
"""Every thousandth event from this one on is a deletion by somebody."""


@pytest.fixture(scope="module")
async def connection(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """A log of posts and of notifications of somebody else, in turn; of a thousand events one is a notification of the reader, one
    a post of the author and one a deletion.
    """
    async with new_database(servers) as url:
        connection = await asyncpg.connect(url)
        for first, step, kind, recipient in (
            (1, 2, EventKind.POST, None),
            (2, 2, EventKind.NOTIFICATION, OTHER),
        ):
            await connection.execute(
                """INSERT INTO event_log (seq, kind, actor_id, recipient_id, object_id, created_at)
                   SELECT seq, $4, gen_random_uuid(), $5, gen_random_uuid(), now() FROM generate_series($1::int, $2, $3) seq""",
                first,
                EVENTS,
                step,
                kind,
                recipient,
            )
        await connection.execute("UPDATE event_log SET recipient_id = $1 WHERE seq % $2 = 0", READER, EVERY)
        await connection.execute("UPDATE event_log SET actor_id = $1 WHERE seq % $2 = 1", AUTHOR, EVERY)
        await connection.execute(
            "UPDATE event_log SET kind = $1 WHERE seq % $2 = $3", EventKind.POST_DELETED, EVERY, DELETIONS + 1
        )
        await connection.execute("VACUUM ANALYZE event_log")
        yield connection
        await connection.close()


async def rows_read(connection: asyncpg.Connection) -> int:
    """How many rows of the log this connection's transaction looked at so far."""
    return int(
        await connection.fetchval(
            """SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
               WHERE relname LIKE 'event_log%'"""
        )
    )


async def test_a_resume_of_notifications_reads_the_rows_of_their_owner_only(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        before = await rows_read(connection)
        rows = await read_kinds(connection, 0, EVENTS, sorted(NOTIFICATION_KINDS), READER, 5_001)
        looked_at = await rows_read(connection) - before

    assert [row.seq for row in rows] == list(range(EVERY, EVENTS + 1, EVERY))
    assert {row.recipient_id for row in rows} == {READER}
    assert looked_at == len(rows)


async def test_a_resume_of_some_users_reads_their_rows_and_deletions_only(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        before = await rows_read(connection)
        rows = await read_kinds(connection, 0, EVENTS, sorted(POST_KINDS | RETWEET_KINDS), None, 5_001, actors={AUTHOR})
        looked_at = await rows_read(connection) - before

    posts = [row.seq for row in rows if row.kind == EventKind.POST]
    deletions = [row.seq for row in rows if row.kind == EventKind.POST_DELETED]
    assert posts == list(range(1, EVENTS, EVERY))
    assert deletions == list(range(DELETIONS + 1, EVENTS, EVERY))
    assert [row.seq for row in rows] == sorted(posts + deletions)
    assert looked_at == len(rows)


@pytest.mark.parametrize(("user_id", "own"), [(READER, EVENTS // EVERY), (uuid4(), 0), (None, 0)])
async def test_everybody_gets_the_posts_and_only_the_owner_the_notifications(
    connection: asyncpg.Connection, user_id: UUID | None, own: int
) -> None:
    rows = await read_kinds(connection, 0, EVENTS, sorted(POST_KINDS | NOTIFICATION_KINDS), user_id, EVENTS)

    assert len(rows) == EVENTS // 2 + own
    assert [row.seq for row in rows] == sorted(row.seq for row in rows)
    assert {row.recipient_id for row in rows} == {None} | ({READER} if own else set())


async def test_the_limit_and_the_bounds_hold_for_both_together(connection: asyncpg.Connection) -> None:
    kinds = sorted(POST_KINDS | NOTIFICATION_KINDS)

    rows = await read_kinds(connection, EVERY - 2, 2 * EVERY, kinds, READER, 4)
    bounded = await read_kinds(connection, EVERY - 1, EVERY + 1, kinds, READER, 4)

    assert [row.seq for row in rows] == [EVERY - 1, EVERY, EVERY + 1, EVERY + 3]
    assert [row.seq for row in bounded] == [EVERY, EVERY + 1]
