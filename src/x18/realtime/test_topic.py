"""The topic ``test``: events that cost the log nothing, for load testers and health probes."""

import asyncio
import time
from itertools import count

from x18.realtime.connection import Connection
from x18.realtime.hub import Hub
from x18.realtime.pace import STEP, Pace
from x18.realtime.protocol import TestEvent, TestPayload
from x18.realtime.topics import Topic
from x18.realtime.wire import encode_message


class TestTopic:
    """Runs one clock per rate that somebody asked for, as long as somebody does."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._clocks: dict[str, asyncio.Task[None]] = {}

    def begin(self, topic: Topic) -> None:
        """Somebody subscribed to the topic; others than ``test`` are none of ours."""
        if topic.test_rate and topic.name not in self._clocks:
            clock = asyncio.get_running_loop().create_task(self._tick(topic))
            self._clocks[topic.name] = clock

    def stop(self) -> None:
        """End all clocks."""
        for clock in self._clocks.values():
            clock.cancel()

    async def _tick(self, topic: Topic) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            for number in count(1):
                due = max(due + 1 / topic.test_rate, loop.time() - 1)
                await asyncio.sleep(due - loop.time())
                event = TestEvent([topic.name], TestPayload(number, time.time_ns() // 1_000_000))
                if not await self._send(event, self._hub.list_subscribed(topic.name)):
                    return
        finally:
            del self._clocks[topic.name]

    @staticmethod
    async def _send(event: TestEvent, connections: list[Connection]) -> bool:
        """Write to all who are subscribed. False when nobody is."""
        made = {encoding: encode_message(event, encoding) for encoding in {one.encoding for one in connections}}
        pace = Pace()
        for number, connection in enumerate(connections, start=1):
            if event.topics[0] in connection.subscriptions:  # it may have left while others ran
                connection.write(made[connection.encoding])
            if number % STEP == 0 and pace.is_over():
                await asyncio.sleep(0)
                pace.begin()
        return bool(connections)
