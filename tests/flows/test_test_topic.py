"""The topic ``test``: a steady stream for whoever asks, and nothing once nobody does."""

import time

from tests.live import live
from tests.server import Server


async def test_events_come_at_the_rate_that_was_asked_for(server: Server) -> None:
    async with live(server) as client:
        begun = time.monotonic()
        answer = await client.subscribe("test?rate=50")
        assert answer["payload"]["topics"] == [{"topic": "test?rate=50"}]
        await client.wait_for(lambda message: message["type"] == "test" and message["payload"]["number"] >= 50)
        took = time.monotonic() - begun
        numbers = [message["payload"]["number"] for message in client.messages if message["type"] == "test"]

        assert took > 0.9
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        await client.ask("unsubscribe", {"topics": ["test?rate=50"]})
        so_far = len(client.messages)
        slow = await client.subscribe("test")
        assert slow["payload"]["topics"] == [{"topic": "test"}]
        event = await client.wait_for(lambda message: message.get("topics") == ["test"])
        assert event["payload"].keys() == {"number", "sent_at"}
        assert all(message.get("topics") != ["test?rate=50"] for message in client.messages[so_far:])


async def test_one_test_topic_and_only_those_there_are(server: Server) -> None:
    async with live(server, None, "test?rate=200") as client:
        second = await client.ask("subscribe", {"topics": [{"topic": "test"}]})
        assert (second["type"], second["payload"]["code"]) == ("error", "too_many_topics")
        for name in (
            "test?rate=0",
            "test?rate=201",
            "test?rate=",
            "test?rate=1e1",
            "test?rate=٣",
            "test:1",
            "test?r=1",
        ):
            answer = await client.ask("subscribe", {"topics": [{"topic": name}]})
            assert (answer["type"], answer["payload"]["code"]) == ("error", "unknown_topic"), name
        filtered = await client.ask("subscribe", {"topics": [{"topic": "test?rate=200", "filter": {"tag": ["a"]}}]})
        assert filtered["payload"]["code"] == "bad_filter"
