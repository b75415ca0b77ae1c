"""The events of one process, in order and once, whatever the broker loses, doubles or reorders."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from x18.core import db, metrics
from x18.core.errors import Unavailable
from x18.realtime.batches import MOST_AT_ONCE, Batch, unpack
from x18.realtime.cursors import Cursor
from x18.realtime.events import Event, Renderers, render
from x18.realtime.log import read_after, read_position
from x18.realtime.protocol import GapReason
from x18.realtime.readers import Readers

logger = logging.getLogger("x18.feed")

PAGE: Final = 500
SILENCE_S: Final = 0.6
"""After this long without a message of the leader the log is read; so long is delivery late while Redis is away."""

CHECK_EVERY_S: Final = 0.2
RETRY_S: Final = 0.3
BLIND_S: Final = 15.0
"""After so long without knowing where the log stands, clients do better at another node."""


class Feed:
    """Hands every event of the log after the start to ``deliver``, in runs.

    A message that continues where we stand is delivered as it is, an older one is dropped, and any other makes us read the log.
    ``on_gap`` is told when that is not possible: the log was restored (a new epoch), or was cut before we read on.
    """

    def __init__(
        self,
        readers: Readers,
        renderers: Renderers,
        deliver: Callable[[Sequence[Event]], None],
        on_gap: Callable[[GapReason], None],
    ) -> None:
        self._readers = readers
        self._renderers = renderers
        self._deliver = deliver
        self._on_gap = on_gap
        self._behind = asyncio.Event()
        self._heard = 0.0
        self._known = 0.0
        self.epoch = ""
        self.last = 0
        self.head = 0
        """The newest event heard of; ahead of ``last`` while something is missing."""

    @property
    def cursor(self) -> Cursor:
        """Where this process stands: everything up to here was delivered to the hub."""
        return Cursor(self.epoch, self.last)

    @property
    def is_blind(self) -> bool:
        """Whether events may have been missing for so long: neither a message without a hole before it came nor was the log read."""
        return asyncio.get_running_loop().time() - self._known > BLIND_S

    async def start(self) -> None:
        """Begin at the head of the log."""
        async with self._readers.lend() as connection:
            self.epoch, self.last, _ = await read_position(connection)
        self.head = self.last
        self._known = asyncio.get_running_loop().time()

    def receive(self, message: bytes) -> None:
        """A message of the broker."""
        try:
            batch = unpack(message)
        except ValueError:  # from a node of another version, or not ours at all
            logger.warning("a message that is no batch was ignored")
            return
        self.offer(batch)

    def offer(self, batch: Batch) -> None:
        """A batch of the leader, from anywhere, in any order, any number of times."""
        self._heard = asyncio.get_running_loop().time()
        self.head = max(self.head, batch.last) if batch.epoch == self.epoch else batch.last
        if batch.epoch != self.epoch or batch.first > self.last + 1:
            self._behind.set()
            return
        self._known = self._heard
        if batch.last > self.last:
            self._advance([event for event in batch.events if event.seq > self.last], "broker")

    async def run(self) -> None:
        """Read the log whenever something is missing, or nothing is heard."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._behind.wait()
            except TimeoutError:
                if loop.time() - self._heard < SILENCE_S:
                    continue
            self._behind.clear()
            try:
                await self._catch_up()
            except Exception as error:
                if not db.is_outage(error) and not isinstance(error, OSError | Unavailable):
                    logger.exception("the log cannot be read")
                self._behind.set()
                await asyncio.sleep(RETRY_S)

    async def _catch_up(self) -> None:
        async with self._readers.lend() as connection:
            epoch, head, floor = await read_position(connection)
            self.head = head
            if epoch != self.epoch:
                self.epoch, self.last = epoch, head
                self._on_gap("unknown_epoch")
                return
            if floor > self.last:
                self.last = floor
                self._on_gap("cursor_too_old")
            while rows := await read_after(connection, self.last, PAGE):
                async with db.using(connection):
                    events = await render(rows, self._renderers)
                for start in range(0, len(events), MOST_AT_ONCE):
                    # Messages may have brought us further while we read.
                    some = events[start : start + MOST_AT_ONCE]
                    self._advance([event for event in some if event.seq > self.last], "log")
                    await asyncio.sleep(0)
        self._known = asyncio.get_running_loop().time()

    def _advance(self, events: Sequence[Event], source: str) -> None:
        if not events:
            return
        metrics.FEED_EVENTS.labels(source).inc(len(events))
        self.last = events[-1].seq
        self._deliver(events)
