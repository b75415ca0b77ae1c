"""Live counters: absolute values of watched posts, at most one frame in 250 ms a connection, the last value wins."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final
from uuid import UUID

import msgspec

from x18.core import db
from x18.core.errors import BadInput, Unavailable
from x18.realtime.audience import may_see
from x18.realtime.line import Line
from x18.realtime.pace import STEP, Pace
from x18.realtime.protocol import COUNTS_EVERY_S, MAX_WATCHED, Counts, CountsPayload, PostCounts
from x18.realtime.readers import Readers
from x18.realtime.wire import Encoding, encode_message

logger = logging.getLogger("x18.counters")

PAGE: Final = 1_000


class Counted(msgspec.Struct, frozen=True):
    """The counters of a post, and who may see it: ``level`` is that of ``audience.may_see``."""

    owner_id: UUID
    level: int
    counts: PostCounts


ReadCounts = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, Counted]]]
"""Reads the counters of posts in one query; posts that are gone are left out. Given by the composition root."""


class Watcher:
    """The posts that one connection watches. ``pending`` are those of which it is to be told."""

    __slots__ = ("line", "pending", "posts")

    def __init__(self, line: Line) -> None:
        self.line = line
        self.posts: set[UUID] = set()
        self.pending: set[UUID] = set()


class Counters:
    """All watchers of the process. What moved is read once for all of them."""

    def __init__(self, readers: Readers, read: ReadCounts) -> None:
        self._readers = readers
        self._read = read
        self._watchers: dict[UUID, set[Watcher]] = {}
        self._moved: set[UUID] = set()
        self._due: set[Watcher] = set()
        self._something = asyncio.Event()

    @property
    def watched(self) -> int:
        """Posts that are watched, counted once per connection."""
        return sum(map(len, self._watchers.values()))

    def watch(self, watcher: Watcher, posts: Collection[UUID]) -> None:
        """Tell the watcher what the counters are now, and whenever they move.

        Raises:
            BadInput: ``too_many_posts``; none was added.
        """
        if len(watcher.posts.union(posts)) > MAX_WATCHED:
            raise BadInput(f"A connection can watch at most {MAX_WATCHED} posts: unwatch some.", code="too_many_posts")
        for post_id in posts:
            self._watchers.setdefault(post_id, set()).add(watcher)
        watcher.posts.update(posts)
        watcher.pending.update(posts)
        self._call_on(watcher)

    def unwatch(self, watcher: Watcher, posts: Collection[UUID]) -> None:
        """Tell of these posts no more."""
        for post_id in watcher.posts.intersection(posts):
            watchers = self._watchers[post_id]
            watchers.discard(watcher)
            if not watchers:
                del self._watchers[post_id]
        watcher.posts.difference_update(posts)
        watcher.pending.difference_update(posts)

    def leave(self, watcher: Watcher) -> None:
        """The connection is over."""
        self.unwatch(watcher, list(watcher.posts))
        self._due.discard(watcher)

    def moved(self, post_id: UUID) -> None:
        """The counters of a post are not what they were. Its watchers, who may be many, are looked for when it is their turn."""
        if post_id in self._watchers:
            self._moved.add(post_id)
            self._something.set()

    async def run(self) -> None:
        """Tell the watchers, until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            await self._spread_moves()
            # Who does not take what was sent before gets the newest values later, instead of all values.
            ready = {watcher: watcher.pending for watcher in self._due if not watcher.line.socket.is_behind}
            for watcher in ready:
                self._due.discard(watcher)
                watcher.pending = set()
            try:
                await self._tell(ready)
            except Exception as error:
                if not db.is_outage(error) and not isinstance(error, OSError | Unavailable):
                    logger.exception("counters cannot be told")
                self._put_back(ready)
            await asyncio.sleep(COUNTS_EVERY_S)
            if self._due:
                self._something.set()

    async def _spread_moves(self) -> None:
        """Note with each watcher which of its posts moved."""
        pace = Pace()
        while self._moved:
            post_id = self._moved.pop()
            for number, watcher in enumerate(list(self._watchers.get(post_id, ())), start=1):
                if post_id in watcher.posts:  # it may have left while others ran
                    watcher.pending.add(post_id)
                    self._due.add(watcher)
                if number % STEP == 0 and pace.is_over():
                    await asyncio.sleep(0)
                    pace.begin()

    def _call_on(self, watcher: Watcher) -> None:
        self._due.add(watcher)
        self._something.set()

    def _put_back(self, ready: Mapping[Watcher, set[UUID]]) -> None:
        for watcher, posts in ready.items():
            if still := posts & watcher.posts:
                watcher.pending |= still
                self._call_on(watcher)

    async def _tell(self, ready: Mapping[Watcher, set[UUID]]) -> None:
        found = await self._read_all(list(set().union(*ready.values())))
        made: dict[tuple[Encoding, frozenset[UUID]], bytes] = {}
        pace = Pace()
        for watcher, posts in ready.items():
            if pace.is_over():
                await asyncio.sleep(0)
                pace.begin()
            # The connection may have ended, or unwatched, while we read.
            shown = frozenset(post for post in posts & watcher.posts if self._may_see(watcher, found.get(post)))
            if not shown:
                continue
            key = (watcher.line.connection.encoding, shown)
            if key not in made:
                counts = Counts(CountsPayload({post: found[post].counts for post in shown}))
                made[key] = encode_message(counts, watcher.line.connection.encoding)
            watcher.line.write(made[key])

    async def _read_all(self, posts: list[UUID]) -> dict[UUID, Counted]:
        found: dict[UUID, Counted] = {}
        async with self._readers.lend() as connection, db.using(connection):
            for start in range(0, len(posts), PAGE):
                found.update(await self._read(posts[start : start + PAGE]))
        return found

    @staticmethod
    def _may_see(watcher: Watcher, counted: Counted | None) -> bool:
        if counted is None:
            return False
        viewer = watcher.line.connection.viewer
        return may_see(
            counted.level,
            is_author=viewer is not None and viewer.user_id == counted.owner_id,
            follows_author=viewer is not None and counted.owner_id in (viewer.followees or ()),
        )
