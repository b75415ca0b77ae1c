"""The events of one process, in order and once, whatever the broker loses, doubles or reorders."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, NamedTuple

from x18.core import db, metrics
from x18.core.errors import Unavailable
from x18.realtime.batches import MOST_AT_ONCE, Batch, unpack
from x18.realtime.cursors import Cursor
from x18.realtime.events import Event, Renderers, render
from x18.realtime.log import LogPosition, read_after, read_position
from x18.realtime.pace import Pace
from x18.realtime.protocol import GapReason
from x18.realtime.readers import Readers

logger = logging.getLogger("x18.feed")

PAGE: Final = 100
MOST_WAITING: Final = 50
"""So many runs of events may wait while one is delivered; what comes then is read from the log later."""

FEW_WAITING: Final = 5
"""With more than that, no further message is taken before all is delivered."""

SILENCE_S: Final = 0.6
"""After this long without a message of the leader the log is read; so long is delivery late while Redis is away."""

CHECK_EVERY_S: Final = 0.2
RETRY_S: Final = 0.3
VERIFY_EVERY_S: Final = 2.0
"""So often our position is compared with the log, whatever messages say."""

BLIND_S: Final = 15.0
"""After so long without knowing where the log stands, clients do better at another node."""


Steps = Generator[int, None, Any]
"""Work that says, wherever others may run, which event it is at."""


class _Run(NamedTuple):
    """Work, and the event at which we stand after it."""

    steps: Steps
    until: int


class Feed:
    """Hands every event of the log after the start to ``deliver``, in runs, one after the other.

    A message that continues where we stand is delivered as it is, an older one is dropped, and any other makes us read the log.
    ``on_gap`` is told when that is not possible: the log is another one, or was cut before we read on. Both may take their time: they
    yield, whenever ``pace`` is over, the event that they are at.
    """

    def __init__(
        self,
        readers: Readers,
        renderers: Renderers,
        deliver: Callable[[Sequence[Event]], Steps],
        on_gap: Callable[[GapReason], Steps],
    ) -> None:
        self._readers = readers
        self._renderers = renderers
        self._deliver = deliver
        self._on_gap = on_gap
        self._behind = asyncio.Event()
        self._runs: deque[_Run] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._taken = 0
        """The newest event that was delivered or is about to be."""
        self._heard = 0.0
        self._known = 0.0
        self._heads: deque[tuple[float, int]] = deque(maxlen=3)
        """Heads of the log with the times at which they were read: now, and 2 and 4 seconds ago."""
        self.pace = Pace()
        self.epoch = ""
        self.last = 0
        """The event that is being delivered, or was delivered last."""
        self.head = 0
        """The newest event heard of; ahead of ``last`` while something is missing."""

    @property
    def cursor(self) -> Cursor:
        """The position of this process: everything up to here was delivered to the hub."""
        return Cursor(self.epoch, self.last)

    @property
    def is_blind(self) -> bool:
        """Whether events may have been missing for so long: neither a message without a hole before it came nor was the log read."""
        return asyncio.get_running_loop().time() - self._known > BLIND_S

    @property
    def is_astray(self) -> bool:
        """Whether for seconds we have not been where the log is, or not known where that is."""
        if asyncio.get_running_loop().time() - self._heads[-1][0] > BLIND_S:
            return True
        return len(self._heads) == self._heads.maxlen and self.last < self._heads[0][1]

    async def start(self) -> None:
        """Begin at the head of the log."""
        async with self._readers.lend() as connection:
            position = await read_position(connection)
        self.epoch, self.last, self._taken = position.epoch, position.head, position.head
        self._saw(position)
        self._known = asyncio.get_running_loop().time()

    async def ready(self) -> None:
        """Wait while there is much to deliver, and let others run: messages that have come are taken without a break."""
        await asyncio.sleep(0)
        if len(self._runs) > FEW_WAITING:
            await self._idle.wait()

    def receive(self, message: bytes) -> None:
        """A message of the broker."""
        try:
            batch = unpack(message)
        except ValueError:  # from a node of another version
            logger.warning("a message that is no batch was ignored")
            return
        self.offer(batch)

    def offer(self, batch: Batch) -> None:
        """A batch of the leader, from anywhere, in any order, any number of times."""
        now = asyncio.get_running_loop().time()
        if batch.epoch != self.epoch:
            self._behind.set()
            return
        self._heard = now
        self.head = max(self.head, batch.last)
        if batch.first > self._taken + 1 or len(self._runs) >= MOST_WAITING:
            self._behind.set()
            return
        self._known = now
        self._take(batch.events, "broker")

    async def run(self) -> None:
        """Read the log whenever something is missing, nothing is heard, or it is time to compare."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._behind.wait()
            except TimeoutError:
                now = loop.time()
                if now - self._heard < SILENCE_S and now - self._heads[-1][0] < VERIFY_EVERY_S:
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
        taken = self._taken
        async with self._readers.lend() as connection:
            position = await read_position(connection)
        if position.epoch != self.epoch:
            self._restart(position.epoch, position.head, "unknown_epoch")
        elif position.head < taken:  # the log lost its end, or we were told of events that there never were
            self._restart(position.epoch, position.head, "cursor_in_future")
        elif position.floor > taken:
            self._restart(position.epoch, position.floor, "cursor_too_old")
        self._saw(position)
        while self._taken < position.head and (rows := await self._read_page()):
            for start in range(0, len(rows), MOST_AT_ONCE):
                self._take(rows[start : start + MOST_AT_ONCE], "log")
        self._known = asyncio.get_running_loop().time()

    async def _read_page(self) -> list[Event]:
        """The next events, once those before them are delivered: no more is kept in memory than that."""
        await self._idle.wait()
        async with self._readers.lend() as connection:
            rows = await read_after(connection, self._taken, PAGE)
            async with db.using(connection):
                return await render(rows, self._renderers)

    def _saw(self, position: LogPosition) -> None:
        now = asyncio.get_running_loop().time()
        self.head = position.head
        if not self._heads or now - self._heads[-1][0] >= VERIFY_EVERY_S:
            self._heads.append((now, position.head))

    def _take(self, events: Sequence[Event], source: str) -> None:
        """Deliver those of the events that are new: messages may have brought us further while we read."""
        new = [event for event in events if event.seq > self._taken]
        if new:
            metrics.FEED_EVENTS.labels(source).inc(len(new))
            self._taken = new[-1].seq
            self._begin(_Run(self._deliver(new), self._taken))

    def _restart(self, epoch: str, seq: int, reason: GapReason) -> None:
        """Go on from another place, once everybody is told so."""
        for run in self._runs:
            run.steps.close()
        self._runs.clear()
        self.epoch, self.last, self._taken = epoch, seq, seq
        self._heads.clear()
        self._begin(_Run(self._on_gap(reason), seq))

    def _begin(self, run: _Run) -> None:
        self._runs.append(run)
        if self._idle.is_set():
            self._idle.clear()
            self._go_on()

    def _go_on(self) -> None:
        """Work for as long as one may; then let others run, and go on after them."""
        self.pace.begin()
        while self._runs:
            run = self._runs[0]
            try:
                self.last = next(run.steps)
            except StopIteration:
                self._finish(run)
            except Exception:
                logger.exception("events up to %s were not delivered to all", run.until)
                self._finish(run)
            if self._runs and self.pace.is_over():
                asyncio.get_running_loop().call_soon(self._go_on)
                return
        self._idle.set()

    def _finish(self, run: _Run) -> None:
        self._runs.popleft()
        self.last = run.until
