"""A subscription to some types of notifications, on sockets and on event streams."""

import asyncio
import json
from typing import Any

import pytest
from litestar.datastructures import MultiDict

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import follow, post
from tests.live import Live, live
from tests.server import Server
from x18.realtime.streams import parse_topics


def chosen(*types: str) -> dict[str, Any]:
    return {"topic": "notifications", "filter": {"type": list(types)}}


def types_of(client: Live) -> list[str]:
    return [one["payload"]["type"] for one in client.events if one["type"] == "notification"]


async def do_everything(fan: Account, author: Account) -> None:
    """One notification of each type, a mention last."""
    made = await post(author)
    for path in (f"/api/posts/{made['id']}/like", f"/api/posts/{made['id']}/retweet"):
        assert (await fan.client.post(path)).status_code in (200, 201)
    await follow(fan, author)
    await post(fan, "a reply", reply_to_id=made["id"])
    await post(fan, f"@{author.username}")


async def test_only_the_wanted_types_come_live_and_by_replay(server: Server, make_user: MakeUser) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    async with (
        live(server, author.access_token, chosen("mention", "like")) as some,
        live(server, author.access_token, "notifications") as all_of_them,
    ):
        since = some.cursor
        await do_everything(fan, author)
        for client in (some, all_of_them):
            await client.wait_for(lambda message: message["payload"].get("type") == "mention")
        assert types_of(some) == ["like", "mention"]
        assert types_of(all_of_them) == ["like", "retweet", "follow", "reply", "mention"]
        assert some.events[-1]["payload"]["unread_count"] == 5, "all count"
        async with live(server, author.access_token) as again:
            await again.subscribe(chosen("mention", "like"), since=since)
            await again.wait_for(lambda message: message["payload"].get("type") == "mention")
            assert types_of(again) == ["like", "mention"]
        assert (await author.client.patch("/api/notifications/read-all")).status_code == 200
        await some.wait_for(lambda message: message["type"] == "notification.read")


@pytest.mark.parametrize(
    "topic",
    [
        chosen("mentions"),
        chosen("mention", ""),
        {"topic": "notifications", "filter": {"symbol": ["BTC"]}},
        {"topic": "home", "filter": {"type": ["mention"]}},
        {"topic": "test", "filter": {"has_media": True}},
    ],
)
async def test_a_filter_of_the_other_sort_is_refused(
    server: Server, make_user: MakeUser, topic: dict[str, Any]
) -> None:
    async with live(server, (await make_user()).access_token) as client:
        answer = await client.ask("subscribe", {"topics": [topic]})
        assert answer["payload"]["code"] == "bad_filter"


def test_each_topic_of_a_stream_gets_the_filter_that_is_for_it() -> None:
    query = MultiDict(
        [("topics", "home,notifications,test"), ("type", "like"), ("has_media", "true"), ("tag", "a"), ("tag", "b")]
    )
    asked = {one.topic: one.filter for one in parse_topics(query)}

    assert asked == {"home": {"has_media": True, "tag": ["a", "b"]}, "notifications": {"type": ["like"]}, "test": None}


async def test_an_event_stream_of_notifications_takes_types(make_user: MakeUser, server: Server) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    query = {"topics": "notifications", "type": ["mention", "like"]}
    async with author.client.stream("GET", "/api/stream", params=query) as answer, asyncio.timeout(30):
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        await do_everything(fan, author)
        told = []
        async for line in lines:
            if line.startswith("data:") and '"type":"notification"' in line:
                told.append(json.loads(line[5:])["payload"]["type"])
            if "mention" in told:
                break

    assert told == ["like", "mention"]
