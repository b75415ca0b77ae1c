"""Answers that are dear to compute, kept for as long as they are worth it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

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
