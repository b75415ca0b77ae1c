"""Services that all sessions of a process share."""

import asyncio
import logging
from typing import Final
from uuid import UUID

from structlog.contextvars import bind_contextvars

from x18.core.viewer import Authenticate, Viewer
from x18.realtime.admission import Admission
from x18.realtime.connection import Connection
from x18.realtime.connection import Viewer as LiveViewer
from x18.realtime.counters import Counters
from x18.realtime.feed import Feed
from x18.realtime.hub import Hub
from x18.realtime.readers import Readers
from x18.realtime.replay import Replayer
from x18.realtime.test_topic import TestTopic
from x18.realtime.viewers import load_followees

logger: Final = logging.getLogger("x18.channel")


class Followees:
    """Loads whom viewers follow, once for all connections of a viewer."""

    def __init__(self, hub: Hub, feed: Feed, readers: Readers) -> None:
        self._hub = hub
        self._feed = feed
        self._readers = readers
        self._loading: dict[LiveViewer, asyncio.Task[None]] = {}

    async def ensure(self, viewer: LiveViewer) -> None:
        """Wait until the viewer's followees are known.

        Raises:
            Unavailable: the database cannot be reached.
        """
        if viewer.followees is None:
            task = self._loading.get(viewer)
            if task is None:
                viewer.since, viewer.pending = self._feed.last, []
                task = self._loading[viewer] = asyncio.get_running_loop().create_task(self._load(viewer))
                task.add_done_callback(lambda done: self._forget(viewer, done))
            await asyncio.shield(task)

    def _forget(self, viewer: LiveViewer, task: asyncio.Task[None]) -> None:
        self._loading.pop(viewer, None)
        viewer.pending = None
        if not task.cancelled():
            task.exception()  # those who waited have it

    async def _load(self, viewer: LiveViewer) -> None:
        async with self._readers.lend() as connection:
            followees = await load_followees(connection, viewer.user_id, viewer.since)
        self._hub.set_followees(viewer, followees)


class Services:
    """The parts that a session uses, made by ``Channel``."""

    def __init__(
        self,
        hub: Hub,
        feed: Feed,
        readers: Readers,
        replayer: Replayer,
        authenticate: Authenticate,
        admission: Admission,
        counters: Counters,
    ) -> None:
        self.hub = hub
        self.feed = feed
        self.replayer = replayer
        self.admission = admission
        self.authenticate = authenticate
        self.counters = counters
        self.test_topic = TestTopic(hub)
        self.followees = Followees(hub, feed, readers)
        self.logger = logger
        self.just_revoked: set[UUID] = set()
        """Users of whom a session ended in the last seconds: one that was checked before and joins after must be checked again."""

    def join(self, connection: Connection, viewer: Viewer) -> LiveViewer:
        """Give a connection its user."""
        bind_contextvars(user_id=str(viewer.user_id))
        return self.hub.join(connection, viewer.user_id, viewer.session_id)
