"""Redis between the nodes. Everything it carries may be lost: batches are read from the log then, and wake-ups are polled for."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from x18.core import metrics

logger = logging.getLogger("x18.broker")

EVENTS: Final = "x18:events"
WAKE: Final = "x18:wake"
SILENCE_S: Final = 1.5
"""The leader says something every quarter of a second; after this long without, the subscription is made anew."""

RETRY_S: Final = 0.25
MAX_WAITING: Final = 256

OUTAGES: Final = (RedisError, OSError, TimeoutError)


class Broker:
    """Publishes without ever making its caller wait; calls ``on_events`` and ``on_wake`` with what others published."""

    def __init__(self, redis: Redis, on_events: Callable[[bytes], None], on_wake: Callable[[], None]) -> None:
        self._redis = redis
        self._on_events = on_events
        self._on_wake = on_wake
        self._waiting: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._something = asyncio.Event()
        self._heard = time.monotonic()

    @property
    def silence_s(self) -> float:
        """Since something of the leader last came through Redis."""
        return time.monotonic() - self._heard

    @property
    def waiting(self) -> int:
        """How many batches Redis did not take yet."""
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
            await self._redis.publish(WAKE, b"")

    async def run_publisher(self) -> None:
        """Send what ``publish`` was given, in order."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                try:
                    await self._redis.publish(EVENTS, self._waiting[0])
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
            heard = time.monotonic()
            while time.monotonic() - heard < SILENCE_S:
                message = await pubsub.get_message(timeout=SILENCE_S)
                if message is None:
                    continue
                if message["channel"] == WAKE.encode():
                    self._on_wake()
                else:
                    heard = self._heard = time.monotonic()
                    self._on_events(message["data"])


def _tell(error: Exception, what: str) -> None:
    """An outage is nothing to speak of: the log is read meanwhile. Anything else is a fault of ours."""
    if isinstance(error, OUTAGES):
        logger.debug("%s: %s", what, error)
    else:
        logger.error(what, exc_info=error)
