"""Horizons of lists: below its horizon, a list is settled, and no item can appear there any more, on whatever node it is written.

Items are listed by ids that PostgreSQL makes while their transactions are open (``order_id`` in migration 0017), so one with a
smaller id may be committed after one with a greater. ``docs/architecture.md`` tells why the horizon holds.
"""

import asyncio
import contextvars
from enum import IntEnum
from typing import Final
from uuid import UUID

from x18.core import db
from x18.core.ids import MIN_ID

PAUSE_S: Final = 0.005
"""Between two looks: their cost is bounded, however many read."""


class Order(IntEnum):
    """Groups of lists whose ids share a horizon, since they are written together. Known to the database: never renumber."""

    POSTS = 1
    """And retweets: all timelines."""

    NOTIFICATIONS = 2
    BOOKMARKS = 3
    FOLLOWS = 4
    MEDIA = 5


class Horizon:
    """The horizons as this process read them last. They only move forward."""

    def __init__(self) -> None:
        self._known: dict[int, UUID] = {}
        self._next: asyncio.Task[None] | None = None
        self._looked_at = 0.0

    def known(self, order: Order) -> UUID:
        """The horizon at the last look; no look is taken."""
        return self._known.get(order, MIN_ID)

    async def look(self) -> None:
        """Take a look that begins after this call, together with all who call before it begins.

        Raises:
            Unavailable: the database cannot be reached.
        """
        if self._next is None:
            # In a context of its own: it must not run in a transaction of whoever was first.
            self._next = asyncio.get_running_loop().create_task(self._look(), context=contextvars.Context())
        await asyncio.shield(self._next)

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(self._looked_at + PAUSE_S - loop.time())
        finally:
            self._looked_at, self._next = loop.time(), None
        rows = await db.fetch("SELECT kind, micros FROM order_horizon()")
        micros: dict[int, int] = {row["kind"]: row["micros"] for row in rows}
        for order in Order:
            least = min(micros[0], micros.get(order, micros[0]))
            self._known[order] = max(self.known(order), _first_id(least))


def _first_id(micros: int) -> UUID:
    """The smallest id that ``order_id`` makes in this microsecond."""
    millis, rest = divmod(micros, 1000)
    return UUID(int=millis << 80 | 7 << 76 | rest * 4096 // 1000 << 64)


horizon = Horizon()
