"""Limits of connections on this process: open at once and opened over time, per user and network, and messages per connection."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from x18.core.errors import TooManyRequests
from x18.core.shares import Budget, UnderWay
from x18.realtime.protocol import BURST, MAX_CONNECTIONS_PER_ADDRESS, MAX_CONNECTIONS_PER_USER, MESSAGES_PER_MINUTE

OPENINGS: Final = 500
OPENINGS_PER_SECOND: Final = 10
"""Connections that a network may open, at once and in the long run: WebSockets and event streams, 0.6 ms each."""

FAILED_LOG_IN: Final = 4
"""A token or ticket that is not good counts as so many openings more."""

CALLS_OF_A_USER: Final = 4
CALLS_OF_A_NETWORK: Final = 8
CALL_WAITS_S: Final = 10.0
"""Calls over all sockets that run at once, as many as requests may be under way. Before one runs not even its token is looked at: what a
thousand of them ask of the database others would wait for."""

SAID_BYTES: Final = 512 * 1024
SAID_BYTES_PER_SECOND: Final = 64 * 1024
"""Bytes that a user may send over all sockets, at once and in the long run, and a network five times as much: to read 16 KiB of topics and
filters takes 6 ms, and a hundred sockets could have all of the loop with the messages that each may send."""


class Admission:
    """Counts connections. Not ``enforced``, it lets everybody in: for load tests."""

    def __init__(self, *, enforced: bool) -> None:
        self._enforced = enforced
        self._openings = Budget(
            "new connections", burst=OPENINGS, per_second=OPENINGS_PER_SECOND, network_factor=1, enforced=enforced
        )
        self._calls = UnderWay("calls", per_user=CALLS_OF_A_USER, per_network=CALLS_OF_A_NETWORK, enforced=enforced)
        self._said = Budget("message bytes", burst=SAID_BYTES, per_second=SAID_BYTES_PER_SECOND, enforced=enforced)
        self.total = 0
        """Open connections."""
        self._of_address: Counter[str] = Counter()
        self._of_user: Counter[UUID] = Counter()

    def knock(self, network: str) -> None:
        """Count one that is about to be opened.

        Raises:
            TooManyRequests: the network opened too many.
        """
        self._openings.check(network)
        self._openings.charge(1, network)

    def fail(self, network: str) -> None:
        """Count a log-in that failed."""
        self._openings.charge(FAILED_LOG_IN, network)

    def hear(self, size: int, network: str, user_id: UUID | None) -> float:
        """Count the bytes of a message. In how many seconds it may be handled, 0 for now: then it is counted, else not."""
        wait = self._said.wait_s(network, user_id)
        if not wait:
            self._said.charge(size, network, user_id)
        return wait

    @asynccontextmanager
    async def call(self, network: str, user_id: UUID | None) -> AsyncIterator[None]:
        """One call, for the block, as soon as there is a place for it.

        Raises:
            TooManyRequests: ``too_many_calls``: none came free in time, or a hundred wait already.
        """
        try:
            places = await self._calls.wait(network, user_id, patience_s=CALL_WAITS_S)
        except TooManyRequests as refusal:
            raise TooManyRequests(refusal.detail, code="too_many_calls", retry_after_s=refusal.retry_after_s) from None
        try:
            yield
        finally:
            self._calls.leave(places)

    def enter(self, address: str) -> bool:
        """Count a connection from an address, also one that is refused: ``leave`` is called for both."""
        self.total += 1
        self._of_address[address] += 1
        return not self._enforced or self._of_address[address] <= MAX_CONNECTIONS_PER_ADDRESS

    def log_in(self, user_id: UUID) -> bool:
        """Count a connection of a user, likewise."""
        self._of_user[user_id] += 1
        return not self._enforced or self._of_user[user_id] <= MAX_CONNECTIONS_PER_USER

    def leave(self, address: str, user_id: UUID | None) -> None:
        """A connection is over."""
        self.total -= 1
        _take(self._of_address, address)
        if user_id is not None:
            _take(self._of_user, user_id)

    def new_bucket(self) -> "Bucket":
        """The allowance of a new connection."""
        return Bucket(enforced=self._enforced)


class Bucket:
    """A token bucket: ``BURST`` messages at once, ``MESSAGES_PER_MINUTE`` in the long run."""

    __slots__ = ("_enforced", "_filled", "_tokens")

    def __init__(self, *, enforced: bool) -> None:
        self._enforced = enforced
        self._tokens = float(BURST)
        self._filled = time.monotonic()

    def take(self) -> float:
        """Take one. How many seconds until there is one, 0 when there was."""
        now = time.monotonic()
        self._tokens = min(float(BURST), self._tokens + (now - self._filled) * MESSAGES_PER_MINUTE / 60)
        self._filled = now
        if self._tokens < 1 and self._enforced:
            return (1 - self._tokens) * 60 / MESSAGES_PER_MINUTE
        self._tokens -= 1
        return 0.0


def _take(counter: Counter, key: str | UUID) -> None:  # type: ignore[type-arg]
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
