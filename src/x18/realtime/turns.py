"""Turns at something that only few may do at a time, given to one owner after the other and not first come first served."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """``at_once`` turns in all and one for each owner. Who brings many pieces of work waits behind everybody who brings one."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._busy: set[str] = set()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def take(self, owner: str) -> AsyncIterator[None]:
        """A turn for the block. Give it back soon, and ask again for the next piece of work."""
        if self._free and owner not in self._busy:
            self._begin(owner)
        else:
            await self._wait(owner)
        try:
            yield
        finally:
            self._end(owner)

    async def _wait(self, owner: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._end(owner)  # it came at the same moment
            elif turn in (turns := self._waiting.get(owner, deque())):
                turns.remove(turn)
            raise

    def _begin(self, owner: str) -> None:
        self._free -= 1
        self._busy.add(owner)

    def _end(self, owner: str) -> None:
        self._free += 1
        self._busy.discard(owner)
        while self._free and (following := next((one for one in self._waiting if one not in self._busy), None)):
            self._pass_on(following)

    def _pass_on(self, owner: str) -> None:
        turns = self._waiting.pop(owner)
        while turns:
            turn = turns.popleft()
            if not turn.done():  # else its task is about to end
                self._begin(owner)
                turn.set_result(None)
                break
        if turns:
            self._waiting[owner] = turns  # behind all others
