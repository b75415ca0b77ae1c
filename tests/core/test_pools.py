"""How long one waits for a connection: longer in a queue that moves, and never without end."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from x18.core.errors import Unavailable
from x18.core.pools import LONGEST_WAIT_S, STUCK_S, Lender


class Loop:
    """A clock that stands where it is put."""

    now = 1_000.0

    def time(self) -> float:
        """The moment."""
        return self.now


class Pool:
    """A pool in which one waits ``free_after_s`` for a connection. Where it ``moves``, others give theirs back meanwhile."""

    def __init__(self, loop: Loop, free_after_s: float, *, moves: bool) -> None:
        self.lender = Lender(self)  # type: ignore[arg-type]
        self._loop = loop
        self._free_at = loop.now + free_after_s
        self._moves = moves

    async def acquire(self, timeout: float) -> str:
        if self._loop.now + timeout < self._free_at:
            self._loop.now += timeout
            if self._moves:
                self.lender._returned_at = self._loop.now
            raise TimeoutError
        return "a connection"

    async def release(self, connection: str) -> None:
        assert connection == "a connection"


@pytest.mark.parametrize(
    ("free_after_s", "moves", "is_lent"),
    [
        (0.0, False, True),
        (STUCK_S - 0.1, False, True),
        (2 * STUCK_S, False, False),
        (2 * STUCK_S, True, True),
        (LONGEST_WAIT_S - STUCK_S, True, True),
        (LONGEST_WAIT_S + 2 * STUCK_S, True, False),
    ],
)
async def test_one_waits_for_a_connection_while_others_come_back(
    monkeypatch: pytest.MonkeyPatch, free_after_s: float, moves: bool, is_lent: bool
) -> None:
    loop: Any = Loop()
    pool = Pool(loop, free_after_s, moves=moves)
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    lent = []
    with suppress(Unavailable):
        async with pool.lender.lend() as connection:
            lent.append(connection)

    assert bool(lent) is is_lent
    assert loop.now - 1_000.0 <= LONGEST_WAIT_S + STUCK_S
