"""An event and a queue for one waiting task each: a connection needs several, and asyncio's take 0.7 and 2.5 KB with their deques."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Gate:
    """As ``asyncio.Event``, open from the start."""

    __slots__ = ("_is_open", "_waiter")

    def __init__(self) -> None:
        self._is_open = True
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Whether nobody waits."""
        return self._is_open

    def set(self) -> None:
        """Let pass."""
        self._is_open = True
        _wake(self._waiter)

    def clear(self) -> None:
        """Hold up."""
        self._is_open = False

    async def wait(self) -> None:
        """Pass when that is possible."""
        while not self._is_open:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter


class Inbox(Generic[T]):
    """As ``asyncio.Queue``, without a limit."""

    __slots__ = ("_items", "_waiter")

    def __init__(self) -> None:
        self._items: list[T] = []
        self._waiter: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        """Whether ``get`` would wait."""
        return not self._items

    def put_nowait(self, item: T) -> None:
        """Add at the end."""
        self._items.append(item)
        _wake(self._waiter)

    async def get(self) -> T:
        """Take from the front."""
        while not self._items:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._items.pop(0)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
