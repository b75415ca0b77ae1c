"""A few places for many who wait: networks take turns, and within a network its users."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from x18.core.errors import Unavailable

BUSY: Final = "Too many uploads at once; try again in a moment."

_Waiting = asyncio.Future[None]


class Turns:
    """Hands out places. One network never has all of them, and where too many wait, the one with the most is turned away."""

    def __init__(self, places: int, waiting: int) -> None:
        self._free = places
        self._most_of_one = max(1, places - 1)
        self._most_waiting = waiting
        self._taken: Counter[str] = Counter()
        self._queues: OrderedDict[str, OrderedDict[UUID, deque[_Waiting]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Uploads that wait."""
        return sum(map(_length, self._queues.values()))

    @asynccontextmanager
    async def take(self, network: str, user_id: UUID) -> AsyncIterator[None]:
        """A place for the block.

        Raises:
            Unavailable: too many wait, and nobody has more waiting than this network.
        """
        turn = self._join(network, user_id)
        self._call_next()
        try:
            await turn
        except asyncio.CancelledError:
            self._forget(network, user_id, turn)
            if turn.done() and not turn.cancelled() and turn.exception() is None:  # called in the same moment
                self._leave(network)
            else:
                self._call_next()
            raise
        try:
            yield
        finally:
            self._leave(network)

    def _join(self, network: str, user_id: UUID) -> _Waiting:
        if self.waiting >= self._most_waiting:
            self._turn_somebody_away(network)
        turn: _Waiting = asyncio.get_running_loop().create_future()
        self._queues.setdefault(network, OrderedDict()).setdefault(user_id, deque()).append(turn)
        return turn

    def _turn_somebody_away(self, newcomer: str) -> None:
        network, users = max(self._queues.items(), key=lambda entry: _length(entry[1]))
        if network == newcomer or _length(users) <= _length(self._queues.get(newcomer, OrderedDict())) + 1:
            raise Unavailable(BUSY, retry_after_s=5)
        user_id, turns = max(users.items(), key=lambda entry: len(entry[1]))
        turn = turns[-1]
        self._forget(network, user_id, turn)
        turn.set_exception(Unavailable(BUSY, retry_after_s=5))

    def _call_next(self) -> None:
        for network in list(self._queues):
            if self._free and self._taken[network] < self._most_of_one:
                self._call(network)

    def _call(self, network: str) -> None:
        users = self._queues[network]
        user_id, turns = next(iter(users.items()))
        turn = turns[0]
        self._forget(network, user_id, turn)
        if network in self._queues:
            self._queues.move_to_end(network)
            if user_id in users:
                users.move_to_end(user_id)
        if not turn.cancelled():
            self._free -= 1
            self._taken[network] += 1
            turn.set_result(None)

    def _forget(self, network: str, user_id: UUID, turn: _Waiting) -> None:
        users = self._queues.get(network, OrderedDict())
        if turn in users.get(user_id, ()):
            users[user_id].remove(turn)
            if not users[user_id]:
                del users[user_id]
            if not users:
                del self._queues[network]

    def _leave(self, network: str) -> None:
        self._free += 1
        self._taken[network] -= 1
        if not self._taken[network]:
            del self._taken[network]
        self._call_next()


def _length(users: OrderedDict[UUID, deque[_Waiting]]) -> int:
    return sum(map(len, users.values()))
