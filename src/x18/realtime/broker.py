"""Redis between the nodes. Everything it carries may be lost: batches are read from the log then, and wake-ups are polled for.

Nothing is taken from it that a node of this site has not sealed, and no batch that is older than one that was taken.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from x18.core import metrics
from x18.realtime.seal import NotOurs, Seal

logger = logging.getLogger("x18.broker")

EVENTS: Final = "x18:events"
WAKE: Final = "x18:wake"
SILENCE_S: Final = 1.5
"""The leader says something every quarter of a second; after this long without, the subscription is made anew."""

RETRY_S: Final = 0.25
MAX_WAITING: Final = 256

OUTAGES: Final = (RedisError, OSError, TimeoutError)


class Broker:
    """Publishes without ever making its caller wait; calls ``on_events`` and ``on_wake`` with what others published.

    Before it takes more it waits for ``ready``: what comes faster than it is delivered waits at Redis.
    """

    def __init__(
        self,
        redis: Redis,
        seal: Seal,
        on_events: Callable[[bytes], None],
        on_wake: Callable[[], None],
        ready: Callable[[], Awaitable[object]],
    ) -> None:
        self._redis = redis
        self._seal = seal
        self._newest = 0
        """When the newest batch was sealed that came through this subscription."""
        self._on_events = on_events
        self._on_wake = on_wake
        self._ready = ready
        self._waiting: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._something = asyncio.Event()
        self._heard = time.monotonic()

    @property
    def silence_s(self) -> float:
        """Since something of the leader last came through Redis."""
        return time.monotonic() - self._heard

    @property
    def waiting(self) -> int:
        """Batches that Redis has not accepted yet."""
        return len(self._waiting)

    def publish(self, message: bytes) -> None:
        """Send a batch soon; the oldest are dropped when Redis does not take them."""
        if self.waiting == MAX_WAITING:
            metrics.BROKER_DROPS.inc()
        self._waiting.append(message)
        self._something.set()

    async def wake_relays(self) -> None:
        """Tell the leader, wherever it runs, that something was committed."""
        with suppress(*OUTAGES):
            await self._redis.publish(WAKE, self._seal.close(WAKE, b""))

    async def run_publisher(self) -> None:
        """Send what ``publish`` was given, in order."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                try:
                    await self._redis.publish(EVENTS, self._seal.close(EVENTS, self._waiting[0]))
                except Exception as error:
                    metrics.BROKER_DROPS.inc()
                    _tell(error, "a batch was not published")
                    await asyncio.sleep(RETRY_S)
                if self._waiting:
                    self._waiting.popleft()

    async def run_subscriber(self) -> None:
        """Listen for as long as the task lives, subscribing again after every fault."""
        while True:
            try:
                await self._listen()
            except Exception as error:
                _tell(error, "subscription lost")
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(EVENTS, WAKE)
            heard, self._newest = time.monotonic(), 0
            while time.monotonic() - heard < SILENCE_S:
                message = await pubsub.get_message(timeout=SILENCE_S)
                if message is not None and self._take(message["channel"].decode(), message["data"]):
                    await self._ready()
                    heard = time.monotonic()

    def _take(self, channel: str, message: bytes) -> bool:
        """Hand on what a node said. Whether it was the leader, and something new."""
        try:
            sealed, data = self._seal.open(channel, message)
        except NotOurs:
            metrics.BROKER_REFUSED.labels("not_ours").inc()
            return False
        if channel == WAKE:
            self._on_wake()
            return False
        if sealed <= self._newest:
            metrics.BROKER_REFUSED.labels("old").inc()
            return False
        self._newest, self._heard = sealed, time.monotonic()
        self._on_events(data)
        return True


def _tell(error: Exception, what: str) -> None:
    """An outage is nothing to speak of: the log is read meanwhile. Anything else is a fault of ours."""
    if isinstance(error, OUTAGES):
        logger.debug("%s: %s", what, error)
    else:
        logger.error(what, exc_info=error)
