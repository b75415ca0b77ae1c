"""Where a replay may begin, and that it never begins after a hole."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from tests.databases import new_database
from x18.core import db
from x18.core.errors import TooManyRequests
from x18.realtime.cursors import Cursor
from x18.realtime.events import EventKind
from x18.realtime.log import read_position
from x18.realtime.matching import Subscription
from x18.realtime.protocol import MAX_REPLAY
from x18.realtime.readers import Readers
from x18.realtime.replay import BURST, Missed, Replayer, Unreplayable
from x18.realtime.topics import parse_topic
from x18.realtime.wire import Encoding
from x18.runtime.embedded import Servers

HEAD, FLOOR = 1_000, 400


class Log:
    """A log of which the first 400 events were dropped, and who replays it."""

    def __init__(self, database: asyncpg.Connection, readers: Readers, epoch: str) -> None:
        self.database = database
        self.epoch = epoch
        self.replayer = Replayer(readers, {}, limited=True)

    async def read(self, after: int, until: int = HEAD) -> list[bytes]:
        """What somebody gets who has everything up to ``after``."""
        wanted = {"explore": Subscription(parse_topic("explore"), None, after)}
        missed = Missed(Cursor(self.epoch, after), until, wanted, {}, None, Encoding.JSON, "192.0.2.0")
        return [piece async for piece in self.replayer.read(missed)]


@pytest.fixture
async def log(servers: Servers) -> AsyncIterator[Log]:
    async with new_database(servers) as url:
        database, readers = await db.connect(url), Readers(url)
        await readers.start()
        await database.execute("UPDATE event_state SET head = $1, floor = $2", HEAD, FLOOR)
        yield Log(database, readers, (await read_position(database)).epoch)
        await readers.stop()
        await database.close()


@pytest.mark.parametrize(
    ("seq", "reason"), [(FLOOR - 1, "cursor_too_old"), (0, "cursor_too_old"), (HEAD + 1, "cursor_in_future")]
)
async def test_before_the_floor_and_after_the_head_there_is_nothing_to_begin_with(
    log: Log, seq: int, reason: str
) -> None:
    with pytest.raises(Unreplayable) as refused:
        await log.replayer.check(str(Cursor(log.epoch, seq)))

    assert refused.value.reason == reason


@pytest.mark.parametrize("seq", [FLOOR, FLOOR + 1, HEAD])
async def test_a_replay_may_begin_wherever_nothing_after_it_was_dropped(log: Log, seq: int) -> None:
    assert (await log.replayer.check(str(Cursor(log.epoch, seq)))).seq == seq


async def test_another_log_is_none_to_begin_with(log: Log) -> None:
    for cursor in (str(Cursor("f" * 32, FLOOR)), f"{log.epoch}", f"{log.epoch}.x", ""):
        with pytest.raises(Unreplayable, match="unknown_epoch"):
            await log.replayer.check(cursor)


async def test_what_is_dropped_while_it_is_asked_for_is_a_gap_and_no_hole(log: Log) -> None:
    cursor = await log.replayer.check(str(Cursor(log.epoch, FLOOR)))
    assert await log.read(cursor.seq) == []
    await log.database.execute("UPDATE event_state SET floor = $1", FLOOR + 1)

    with pytest.raises(Unreplayable, match="cursor_too_old"):
        await log.read(cursor.seq)
    assert await log.read(FLOOR + 1) == []


async def test_more_than_can_be_replayed_is_a_gap(log: Log) -> None:
    await log.database.execute(
        """INSERT INTO event_log (seq, kind, actor_id, object_id, created_at)
           SELECT seq, $1, $2, $2, now() FROM generate_series($3::int, $4) seq""",
        EventKind.POST,
        uuid4(),
        HEAD + 1,
        HEAD + MAX_REPLAY + 1,
    )

    assert await log.read(HEAD + 1, HEAD + MAX_REPLAY + 1) == []
    with pytest.raises(Unreplayable, match="too_far_behind"):
        await log.read(HEAD, HEAD + MAX_REPLAY + 1)


async def test_the_latest_are_of_a_thousand_posts_at_most_and_cost_what_was_looked_through(log: Log) -> None:
    await log.database.execute(
        """INSERT INTO event_log (seq, kind, actor_id, object_id, created_at)
           SELECT seq, $1, gen_random_uuid(), gen_random_uuid(), now() FROM generate_series(1, 3000) seq""",
        EventKind.POST,
    )
    wanted = {"explore": Subscription(parse_topic("explore"), None, 0)}
    missed = Missed(Cursor(log.epoch, 0), 3_000, wanted, {}, uuid4(), Encoding.JSON, "192.0.2.0", latest=1)
    assert missed.most == 1_000
    for _ in range(BURST // missed.most):
        log.replayer.reserve(missed.most, missed.network, missed.user_id)
        assert [frames async for frames in log.replayer.read(missed)] == []

    def reserve_what_came_back() -> None:
        for _ in range(5):
            log.replayer.reserve(missed.most, missed.network, missed.user_id)

    with pytest.raises(TooManyRequests):
        reserve_what_came_back()
