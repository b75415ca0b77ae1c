"""Answers that are dear to compute, kept for as long as they are worth it."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

FACTOR: Final = 20
"""An answer is kept for so many times as long as it took: recomputing costs at most a twentieth of a core."""


class Cached(Generic[T]):
    """One value, computed by one caller at a time while the others wait for it."""

    def __init__(self, compute: Callable[[], Awaitable[T]]) -> None:
        self._compute = compute
        self._lock = asyncio.Lock()
        self._good_until = 0.0
        self._value: T | None = None

    async def get(self) -> T:
        """The value, not older than 20 times what computing it took."""
        async with self._lock:
            if self._value is None or time.monotonic() >= self._good_until:
                began = time.monotonic()
                self._value = await self._compute()
                now = time.monotonic()
                self._good_until = now + FACTOR * (now - began)
            return self._value


class CachedByKey(Generic[K, T]):
    """A value for each key that strangers may name: of those worth keeping the ``most`` that were asked for last."""

    def __init__(self, compute: Callable[[K], Awaitable[T]], is_kept: Callable[[T], bool], *, most: int) -> None:
        self._compute = compute
        self._is_kept = is_kept
        self._most = most
        self._kept: OrderedDict[K, Cached[T]] = OrderedDict()
        self._new: dict[K, Cached[T]] = {}
        """Those being computed for the first time. They push nothing out before it is known what they are worth."""

    def __len__(self) -> int:
        return len(self._kept) + len(self._new)

    async def get(self, key: K) -> T:
        """The value of the key, as fresh as ``Cached`` keeps it; computed once for all who ask for it meanwhile."""
        cached = self._kept.get(key) or self._new.setdefault(key, Cached(partial(self._compute, key)))
        try:
            value = await cached.get()
        finally:
            self._new.pop(key, None)
        if self._is_kept(value):
            self._kept[key] = cached
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        else:
            self._kept.pop(key, None)
        return value
