"""Shares of one user, and of one network, in this process: what may be under way at once and what may be spent over time.

Requests, accounts and connections are free to replace; a network is not. So everything is counted for the user, where one is
logged in, and for the user's network too, which may hold several honest users and gets more. Both classes count in memory: what
they protect is this process, and no answer of Redis is waited for.
"""

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final
from uuid import UUID

from x18.core.errors import TooManyRequests

MAX_OWNERS: Final = 20_000
"""So many owners of a budget are told apart; all further ones share one budget, so that inventing owners gains nothing."""

MAX_WAITING: Final = 100
"""So many wait for a place of one owner; further ones are refused at once."""

EVERYBODY_ELSE: Final = "everybody else"


class UnderWay:
    """Counts what each user and each network has under way. Not ``enforced``, it lets everything pass: for load tests."""

    def __init__(self, what: str, *, per_user: int, per_network: int, enforced: bool = True) -> None:
        """``what`` is a plural for people, as in "uploads"."""
        self._what = what
        self._per_user = per_user
        self._per_network = per_network
        self._enforced = enforced
        self._counts: Counter[str] = Counter()
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def owners(self) -> int:
        """Users and networks that have something under way."""
        return len(self._counts)

    def count_of(self, network: str) -> int:
        """Things that a network has under way."""
        return self._counts[f"a{network}"]

    @contextmanager
    def enter(self, network: str, user_id: UUID | None = None) -> Iterator[None]:
        """Count one thing for the block.

        Raises:
            TooManyRequests: the user or the network has as many as it may.
        """
        owners = owners_of(network, user_id)
        if self._find_full(owners) is not None:
            raise self._refusal()
        self._counts.update(owners)
        try:
            yield
        finally:
            self.leave(owners)

    async def wait(self, network: str, user_id: UUID | None = None, *, patience_s: float) -> tuple[str, ...]:
        """Count one thing as soon as there is a place, first come first served. What is returned is for ``leave``.

        Raises:
            TooManyRequests: none came free in time, or a hundred wait already.
        """
        owners = owners_of(network, user_id)
        if (full := self._find_full(owners)) is not None:
            await self._wait_for(full, owners, patience_s)
        for owner in owners:
            self._counts[owner] += 1
        return owners

    def leave(self, owners: tuple[str, ...]) -> None:
        """Give a place back to those who wait."""
        for owner in owners:
            self._counts[owner] -= 1
            if self._counts[owner] <= 0:
                del self._counts[owner]
            self._wake(owner)

    async def _wait_for(self, full: str, owners: tuple[str, ...], patience_s: float) -> None:
        blocked, was_first = full, False
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    await self._queue_up(blocked, first=was_first)
                    if (now_full := self._find_full(owners)) is None:
                        return
                    was_first = now_full == blocked  # somebody was faster
                    if not was_first:  # what came free here is for the next one
                        self._wake(blocked)
                    blocked = now_full
        except TimeoutError:
            raise self._refusal() from None

    async def _queue_up(self, owner: str, *, first: bool) -> None:
        queue = self._queues.setdefault(owner, deque())
        if len(queue) >= MAX_WAITING:
            raise self._refusal()
        turn = asyncio.get_running_loop().create_future()
        (queue.appendleft if first else queue.append)(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came too late
                self._wake(owner)
            raise
        finally:
            with suppress(ValueError):
                queue.remove(turn)
            if not queue and self._queues.get(owner) is queue:
                del self._queues[owner]

    def _wake(self, owner: str) -> None:
        for turn in self._queues.get(owner, ()):
            if not turn.done():
                turn.set_result(None)
                return

    def _find_full(self, owners: tuple[str, ...]) -> str | None:
        if not self._enforced:
            return None
        for owner, most in zip(owners, (self._per_network, self._per_user), strict=False):
            if self._counts[owner] >= most:
                return owner
        return None

    def _refusal(self) -> TooManyRequests:
        return TooManyRequests(f"Too many {self._what} at once: wait until one has finished.", retry_after_s=1)


class Budget:
    """A token bucket for each user and each network, which outlives their connections.

    A budget may be overdrawn once, as a cost is known only after it was caused; then its owner waits until the debt is paid.
    """

    def __init__(
        self,
        what: str,
        *,
        burst: float,
        per_second: float,
        network_factor: float = 5.0,
        enforced: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``burst`` may be spent at once, ``per_second`` in the long run, by a network ``network_factor`` times as much."""
        self._what = what
        self._burst = burst
        self._per_second = per_second
        self._network_factor = network_factor
        self._enforced = enforced
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """The debt of an owner, and the time at which it was that much. An owner without debt is forgotten."""

    def check(self, network: str, user_id: UUID | None = None) -> None:
        """Nothing while there is something left.

        Raises:
            TooManyRequests: the budget of the user or of the network is spent; ``retry_after_s`` says for how long.
        """
        if not self._enforced:
            return
        if (wait := self.wait_s(network, user_id)) > 0:
            seconds = int(wait) + 1
            raise TooManyRequests(f"Limit reached ({self._what}): wait {seconds} s.", retry_after_s=seconds)

    def wait_s(self, network: str, user_id: UUID | None = None) -> float:
        """In how many seconds there is something left again; 0 while there is."""
        return max(self._wait_of(owner) for owner in owners_of(network, user_id)) if self._enforced else 0.0

    def charge(self, cost: float, network: str, user_id: UUID | None = None) -> None:
        """Spend so much, also what is not there."""
        for owner in owners_of(network, user_id):
            self._charge(owner, cost)

    def _factor_of(self, owner: str) -> float:
        return 1.0 if owner.startswith("u") else self._network_factor

    def _owed(self, owner: str, now: float) -> float:
        owed, since = self._spent.get(owner, (0.0, now))
        return max(0.0, owed - (now - since) * self._per_second * self._factor_of(owner))

    def _wait_of(self, owner: str) -> float:
        if owner not in self._spent and len(self._spent) >= MAX_OWNERS:
            owner = EVERYBODY_ELSE
        factor = self._factor_of(owner)
        over = self._owed(owner, self._clock()) - self._burst * factor
        return over / (self._per_second * factor) if over >= 0 else 0.0

    def _charge(self, owner: str, cost: float) -> None:
        now = self._clock()
        self._forget_who_owes_nothing(now)
        if owner not in self._spent and len(self._spent) >= MAX_OWNERS:
            owner = EVERYBODY_ELSE
        self._spent[owner] = (self._owed(owner, now) + cost, now)
        self._spent.move_to_end(owner)

    def _forget_who_owes_nothing(self, now: float) -> None:
        """Look at the two that were charged the longest ago: each charge adds at most one, so the table ends by itself."""
        for _ in range(2):
            owner = next(iter(self._spent), None)
            if owner is None:
                return
            if self._owed(owner, now) > 0:
                self._spent.move_to_end(owner)
            else:
                del self._spent[owner]


def owners_of(network: str, user_id: UUID | None) -> tuple[str, ...]:
    """The keys under which something is counted: the network, then the user if there is one."""
    return (f"a{network}",) if user_id is None else (f"a{network}", f"u{user_id}")
