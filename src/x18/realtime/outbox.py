"""The outbox, in which every event begins: a row in the transaction of its cause."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from x18.core import db
from x18.realtime.events import EventKind


class Wake:
    """Tells relays that something was committed. Losing a call is allowed: relays also poll."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self._publish: Callable[[], Awaitable[None]] | None = None
        self._publishing: asyncio.Task[None] | None = None

    def connect(self, publish: Callable[[], Awaitable[None]] | None) -> None:
        """Set the function that tells other processes; None while there is none."""
        self._publish = publish

    def __call__(self) -> None:
        """Wake the relay of this process now, and the others by one message for all calls that come meanwhile."""
        self.event.set()
        if self._publish is not None and (self._publishing is None or self._publishing.done()):
            self._publishing = asyncio.get_running_loop().create_task(self._tell(self._publish))

    @staticmethod
    async def _tell(publish: Callable[[], Awaitable[None]]) -> None:
        with suppress(Exception):  # losable: the relay polls
            await publish()


wake = Wake()


async def append(kind: EventKind, actor_id: UUID, object_id: UUID, *, recipient_id: UUID | None = None) -> None:
    """Write an event in the open transaction; it is delivered if and only if that commits. What the ids mean: ``EventKind``."""
    await db.execute(
        "INSERT INTO event_outbox (kind, actor_id, recipient_id, object_id) VALUES ($1, $2, $3, $4)",
        kind,
        actor_id,
        recipient_id,
        object_id,
    )
    db.after_commit(wake)
