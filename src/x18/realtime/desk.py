"""Messages of a client that wait: they are handled one after the other, while reading goes on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, TypeVar

from x18.core.long_work import in_turn
from x18.core.slices import in_slices
from x18.realtime.waiting import Gate

MAX_WAITING: Final = 64
"""Of messages. More are not read from the socket until some of these are handled: the client's own buffers fill."""

MAX_WAITING_BYTES: Final = 64 * 1024

LONG: Final = 1024
"""Bytes. To handle longer messages takes milliseconds: of all clients one of them begins in a turn of the loop."""

T = TypeVar("T")


class Desk(Generic[T]):
    """``urgent`` ones do not wait for the others, and what comes after one waits for it. Idle, it has no task."""

    __slots__ = ("_bytes", "_count", "_handle", "_others", "_room", "_urgent")

    def __init__(self, handle: Callable[[T], Coroutine[Any, Any, None]]) -> None:
        """``handle`` raises nothing."""
        self._handle = handle
        self._urgent: _Lane[T] | None = None
        self._others: _Lane[T] | None = None
        self._count = self._bytes = 0
        self._room: Gate | None = None

    async def put(self, item: T, size: int, *, urgent: bool = False) -> None:
        """Have it handled. Waits only while there is too much to handle."""
        self._count += 1
        self._bytes += size
        if urgent:
            self._urgent = self._urgent or _Lane()
            self._urgent.put(item, size, self._work_urgently)
        else:
            self._others = self._others or _Lane()
            self._others.put(item, size, self._work)
        if self._is_full:
            self._room = self._room or Gate()
            self._room.clear()
            await self._room.wait()

    def stop(self) -> None:
        """Forget what waits, and break off what is being handled."""
        for lane in (self._urgent, self._others):
            if lane is not None and lane.task is not None:
                lane.items.clear()
                lane.task.cancel()
        if self._room is not None:
            self._room.set()

    @property
    def is_urgent(self) -> bool:
        """Whether something urgent is being handled."""
        return self._urgent is not None

    @property
    def _is_full(self) -> bool:
        return self._count >= MAX_WAITING or self._bytes >= MAX_WAITING_BYTES

    async def _work_urgently(self, lane: "_Lane[T]") -> None:
        while lane.items:
            await self._do(*lane.items.pop(0))
        self._urgent = None

    async def _work(self, lane: "_Lane[T]") -> None:
        while lane.items:
            item, size = lane.items.pop(0)
            while self._urgent is not None and self._urgent.task is not None:
                await asyncio.wait([self._urgent.task])
            await self._do(item, size)
        self._others = None

    async def _do(self, item: T, size: int) -> None:
        if size > LONG:
            await in_turn(_begin)
        await self._handle(item)
        self._count -= 1
        self._bytes -= size
        if self._room is not None and not self._is_full:
            self._room.set()


def _begin() -> None:
    """It is its turn."""


class _Lane(Generic[T]):
    __slots__ = ("items", "task")

    def __init__(self) -> None:
        self.items: list[tuple[T, int]] = []
        self.task: asyncio.Task[None] | None = None

    def put(self, item: T, size: int, work: "Callable[[_Lane[T]], Coroutine[Any, Any, None]]") -> None:
        self.items.append((item, size))
        if self.task is None:
            self.task = asyncio.create_task(in_slices(work, self))
