"""Replay of what a client missed: the log after its cursor, rendered by the same code and decided by the same rule as live events.

Home shows of those whom one followed when it happened and follows today: who left a user meanwhile gets nothing of that user any
more, as in a home that is read now. What an event shows must be for one's eyes today as well.
"""

from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence, Set
from contextlib import aclosing
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from x18.core import db, metrics
from x18.core.shares import Budget
from x18.realtime.cursors import Cursor, parse_cursor
from x18.realtime.events import EventKind, LogRow, Renderers, render
from x18.realtime.had import LATEST, SHOWING, Had
from x18.realtime.log import read_follows, read_kinds, read_newest, read_position
from x18.realtime.matching import Subscription, matched_topics
from x18.realtime.protocol import MAX_REPLAY, GapReason
from x18.realtime.readers import Readers
from x18.realtime.topics import HOME, NOTIFICATION_KINDS, NOTIFICATIONS, POST_KINDS, RETWEET_KINDS, USER, kind_of
from x18.realtime.turns import Turns
from x18.realtime.viewers import apply_follow, load_followees, read_followees
from x18.realtime.wire import Encoding, EventFrames

PAGE: Final = 250
READING_AT_ONCE: Final = 2
"""So many replays read at a time: delivery, counters and log-ins have the other connections of the channel for themselves."""

BURST: Final = 50_000
PER_SECOND: Final = 200
"""Events that a user may have looked through, at once and in the long run; a network five times as many. A thousand take 0.1 s."""

READ_COSTS: Final = 10
"""To read so many events from the log, and show none, costs as much as to show one."""

LOOK_BACK: Final = MAX_REPLAY
"""So far back in the log is looked for the latest events of topics."""

MOST_LOOKED: Final = 1_000
LATEST_PAGE: Final = 50

PIECE_BYTES: Final = 256 * 1024
WITH_PROFILES: Final = frozenset({HOME, USER, NOTIFICATIONS})
"""Topics of those whose changed profiles they tell of, beside those of many users."""


class Unreplayable(Exception):
    """Why the client must read the past over REST."""

    def __init__(self, reason: GapReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Missed(msgspec.Struct, frozen=True):
    """A replay to be made: events in (``cursor``, ``until``] for ``wanted``, without those that ``had`` already brought.

    ``network`` is where it is sent to. ``latest``: only so many, the last ones, that put something into a timeline; 0 for all.
    """

    cursor: Cursor
    until: int
    wanted: Mapping[str, Subscription]
    had: Mapping[str, Subscription]
    user_id: UUID | None
    encoding: Encoding
    network: str
    latest: int = 0

    @property
    def most(self) -> int:
        """The most events that the replay can have to look through."""
        return most_between(self.cursor, self.until, self.latest)

    @property
    def kinds(self) -> list[EventKind]:
        """The kinds that the wanted topics can show."""
        kinds = set(NOTIFICATION_KINDS) if NOTIFICATIONS in self.wanted else set()
        if self.wanted.keys() - {NOTIFICATIONS}:
            kinds |= POST_KINDS | RETWEET_KINDS
        if any(one.topic.is_of_users or kind_of(name) in WITH_PROFILES for name, one in self.wanted.items()):
            kinds.add(EventKind.USER_UPDATED)
        return sorted(kinds)


class _Page(NamedTuple):
    """So many events looked through, and the frames of those that are shown."""

    looked: int
    frames: list[bytes]


def most_between(cursor: Cursor, until: int, latest: int) -> int:
    """The most events that such a replay can have to look through."""
    return min(until - cursor.seq, MOST_LOOKED if latest else MAX_REPLAY)


class Replayer:
    """Reads the past for any connection: page by page, one network after the other."""

    def __init__(self, readers: Readers, renderers: Renderers, *, limited: bool) -> None:
        self._readers = readers
        self._renderers = renderers
        self._turns = Turns(READING_AT_ONCE)
        self._budget = Budget("missed events", burst=BURST, per_second=PER_SECOND, enforced=limited)

    def reserve(self, most: int, network: str, user_id: UUID | None) -> None:
        """Charge a replay of ``most`` events that is about to begin: all of it at once, so that many cannot begin on the same budget.

        Raises:
            TooManyRequests: the user, or the network, has had too much looked through.
        """
        self._budget.check(network, user_id)
        self._budget.charge(most, network, user_id)

    async def check(self, since: str) -> Cursor:
        """The cursor, if replay from there is possible.

        Raises:
            Unreplayable: it is not, or not any more.
        """
        try:
            cursor = await self._check(parse_cursor(since))
        except Unreplayable as error:
            metrics.RESUMES.labels(error.reason).inc()
            raise
        metrics.RESUMES.labels("accepted").inc()
        return cursor

    async def _check(self, cursor: Cursor | None) -> Cursor:
        async with self._readers.lend() as connection:
            epoch, head, floor = await read_position(connection)
        if cursor is None or cursor.epoch != epoch:
            raise Unreplayable("unknown_epoch")
        if cursor.seq > head:
            raise Unreplayable("cursor_in_future")
        if cursor.seq < floor:
            raise Unreplayable("cursor_too_old")
        return cursor

    async def read(self, missed: Missed) -> AsyncGenerator[bytes]:
        """The frames of what was missed, in order, joined to pieces that a client can take.

        It was reserved; what was not looked through is given back in the end.

        Raises:
            Unreplayable: there are more than 5,000 events, or the log was cut meanwhile; before the first frame.
        """
        looked = 0
        try:
            async with aclosing((self._read_latest if missed.latest else self._read_pages)(missed)) as pages:
                async for page in pages:
                    looked += page.looked
                    for piece in _joined(page.frames):
                        yield piece
        except Unreplayable:
            looked = missed.most // READ_COSTS
            raise
        finally:
            self._budget.charge(looked - missed.most, missed.network, missed.user_id)

    async def _read_pages(self, missed: Missed) -> AsyncGenerator["_Page"]:
        async with self._turns.take(missed.network), self._readers.lend() as connection:
            follows = await self._read_follows(connection, missed)
            followees, today = set[UUID](), set[UUID]()
            if missed.user_id is not None and missed.wanted.keys() - {NOTIFICATIONS}:
                followees = await load_followees(connection, missed.user_id, missed.cursor.seq)
                today = await read_followees(connection, missed.user_id)
            ever = followees.union(follow.object_id for follow in follows)
            rows = await self._read_rows(connection, missed, _actors_of(missed, ever))
        for one in missed.wanted.values():
            one.left, one.joined = frozenset(ever - today), frozenset()
        had = Had(missed.had, missed.user_id)
        for start in range(0, len(rows), PAGE):
            page = rows[start : start + PAGE]
            shown = await self._show(page, follows, followees, today, missed, had)
            yield _Page(len(page), [frame for _, frame in shown])

    async def _read_latest(self, missed: Missed) -> AsyncGenerator["_Page"]:
        """One page, found backwards. Home shows of those whom one follows now."""
        async with self._turns.take(missed.network), self._readers.lend() as connection:
            follows = await self._read_follows(connection, missed)
            followees, today = set[UUID](), set[UUID]()
            if missed.user_id is not None:
                followees = await load_followees(connection, missed.user_id, missed.cursor.seq)
                today = await read_followees(connection, missed.user_id)
            rows = await read_newest(
                connection, missed.cursor.seq, missed.until, LATEST, MOST_LOOKED, actors=_actors_of(missed, today)
            )
        had = Had(missed.had, missed.user_id)
        shown: list[tuple[int, bytes]] = []
        looked = 0
        while looked < len(rows) and len(shown) < missed.latest:
            page = rows[looked : looked + LATEST_PAGE]
            looked += len(page)
            shown = await self._show(page[::-1], [*follows], {*followees}, today, missed, had) + shown
        shown = shown[-missed.latest :]
        changed = {follow.object_id for follow in follows}
        for one in missed.wanted.values():
            one.start = shown[0][0] - 1 if shown else missed.until  # what is before these was not sent
            one.left, one.joined = (
                frozenset((followees | changed) - today),
                frozenset(today & changed | today - followees),
            )
        yield _Page(max(looked, len(rows) // READ_COSTS), [frame for _, frame in shown])

    @staticmethod
    async def _read_rows(
        connection: asyncpg.Connection, missed: Missed, actors: Collection[UUID] | None
    ) -> list[LogRow]:
        after, until, most = missed.cursor.seq, missed.until, MAX_REPLAY + 1
        rows = await read_kinds(connection, after, until, missed.kinds, missed.user_id, most, actors=actors)
        if len(rows) > MAX_REPLAY:
            metrics.RESUMES.labels("too_far_behind").inc()
            raise Unreplayable("too_far_behind")
        if (await read_position(connection)).floor > missed.cursor.seq:
            raise Unreplayable("cursor_too_old")
        return rows

    @staticmethod
    async def _read_follows(connection: asyncpg.Connection, missed: Missed) -> list[LogRow]:
        return await read_follows(connection, missed.cursor.seq, missed.until, missed.user_id) if missed.user_id else []

    async def _show(
        self,
        rows: Sequence[LogRow],
        follows: list[LogRow],
        followees: set[UUID],
        today: set[UUID],
        missed: Missed,
        had: Had,
    ) -> list[tuple[int, bytes]]:
        """The frames of a page, by event. ``follows`` and ``followees`` move forward with the events; ``today`` may be ahead of them."""
        async with self._turns.take(missed.network), self._readers.lend() as connection, db.using(connection):
            events = await render(rows, self._renderers)
        frames = []
        for event in events:
            while follows and follows[0].seq < event.seq:
                apply_follow(followees, follows.pop(0))
            if had.brought(event, followees):
                continue
            # A deletion shows an id only, and is for whoever could have received what is gone.
            followed = followees & today if event.kind in SHOWING else followees
            if missed.latest:
                followed = today
            if topics := matched_topics(event, missed.wanted, missed.user_id, followed):
                content = event.content
                mine = content is not None and content.owner_id == missed.user_id
                client_id = content.client_id if content is not None and mine else None
                frame = EventFrames(event, missed.cursor.epoch).get(missed.encoding, tuple(topics), client_id)
                frames.append((event.seq, frame))
        return frames


def _actors_of(missed: Missed, followees: Set[UUID]) -> Set[UUID] | None:
    """Users whose posts and retweets can reach the wanted topics, or None where everybody's can.

    ``followees`` holds all whom the viewer followed at any time of the replay.
    """
    actors: set[UUID] = set()
    if NOTIFICATIONS in missed.wanted and missed.user_id is not None:
        actors.add(missed.user_id)
    for name in missed.wanted.keys() - {NOTIFICATIONS}:
        kind, _, value = name.partition(":")
        if kind == HOME and missed.user_id is not None:
            actors |= followees | {missed.user_id}
        elif kind == USER:
            actors.add(UUID(value))
        elif missed.wanted[name].topic.users:
            actors |= missed.wanted[name].topic.users
        else:
            return None
    return actors


def _joined(frames: list[bytes]) -> Iterator[bytes]:
    piece, size = [], 0
    for frame in frames:
        piece.append(frame)
        size += len(frame)
        if size >= PIECE_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)
