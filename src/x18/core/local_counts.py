"""Counts of requests in this process alone, for the time in which Redis cannot be asked: a sliding window for each owner."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

MAX_OWNERS: Final = 10_000
"""So many owners are told apart; all further ones share one count, so that inventing owners gains nothing."""


class Verdict(NamedTuple):
    """Whether one more was allowed, how many are left, and in how many seconds to ask again."""

    allowed: bool
    left: int
    reset: int


class _Count:
    __slots__ = ("before", "here", "slot", "window")

    def __init__(self, window: int, now: float) -> None:
        self.window, self.slot, self.before, self.here = window, int(now // window), 0, 0

    def move_to(self, now: float) -> None:
        slot = int(now // self.window)
        if slot != self.slot:
            self.before = self.here if slot == self.slot + 1 else 0
            self.slot, self.here = slot, 0

    def has_passed(self, now: float) -> bool:
        return int(now // self.window) > self.slot + 1

    def used(self, now: float) -> float:
        self.move_to(now)
        return self.before * (1 - now % self.window / self.window) + self.here


class LocalCounts:
    """The counts of owners by name. The same name always has the same window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def take(self, window: int, owners: Sequence[tuple[str, int]], *, shared: str) -> Verdict:
        """Count one for each of these names, unless one of them has reached its limit. ``shared`` names the count of all whom the
        table has no place for.
        """
        now = self._clock()
        counts = [self._count_of(name, shared, window, now) for name, _ in owners]
        left = min(int(limit - count.used(now)) for count, (_, limit) in zip(counts, owners, strict=True))
        reset = int(window - now % window) + 1
        if left < 1:
            return Verdict(False, 0, reset)
        for count in counts:
            count.here += 1
        return Verdict(True, left - 1, reset)

    def give_back(self, name: str) -> None:
        """Take one back that was counted."""
        if (count := self._counts.get(name)) is not None:
            count.move_to(self._clock())
            if count.here > 0:
                count.here -= 1
            elif count.before > 0:
                count.before -= 1

    def _count_of(self, name: str, shared: str, window: int, now: float) -> _Count:
        self._forget_what_has_passed(now)
        if name not in self._counts and len(self._counts) >= MAX_OWNERS:
            name = shared
        count = self._counts.setdefault(name, _Count(window, now))
        self._counts.move_to_end(name)
        return count

    def _forget_what_has_passed(self, now: float) -> None:
        """Look at the two that were used the longest ago: each use adds at most one, so the table ends by itself."""
        for _ in range(2):
            name = next(iter(self._counts), None)
            if name is None:
                return
            if self._counts[name].has_passed(now):
                del self._counts[name]
            else:
                self._counts.move_to_end(name)
