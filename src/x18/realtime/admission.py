"""How many connections a user and an address may have on this process, and how many messages a connection may send."""

import time
from collections import Counter
from uuid import UUID

from x18.realtime.protocol import BURST, MAX_CONNECTIONS_PER_ADDRESS, MAX_CONNECTIONS_PER_USER, MESSAGES_PER_MINUTE


class Admission:
    """Counts connections. Not ``enforced``, it lets everybody in: for load tests."""

    def __init__(self, *, enforced: bool) -> None:
        self._enforced = enforced
        self.total = 0
        """How many connections there are."""
        self._of_address: Counter[str] = Counter()
        self._of_user: Counter[UUID] = Counter()

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

    def charge(self, tokens: int) -> None:
        """Take more for what a message cost, also what is not there yet."""
        self._tokens -= tokens


def _take(counter: Counter, key: str | UUID) -> None:  # type: ignore[type-arg]
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
