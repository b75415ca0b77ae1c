"""Streams as public reports about others describe them: ``docs/replayed-reports.md`` names them."""

import asyncio
from pathlib import Path

import pytest

from tests.conftest import MakeUser
from tests.flows.test_delivery import post
from tests.flows.test_streams import stream
from tests.live import live
from tests.raw import Raw, handshake
from tests.server import Server, make_server


@pytest.mark.parametrize("leaves", ["unsubscribe", "close", "break off"])
async def test_who_leaves_a_topic_takes_it_from_nobody_else(server: Server, make_user: MakeUser, leaves: str) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    topic = f"user:{author.id}"
    async with (
        live(server, reader.access_token, topic, "home") as one,
        live(server, reader.access_token, topic) as other,
        stream(server, topic) as events,
    ):
        while (await events.read())["type"] != "ok":
            pass
        if leaves == "unsubscribe":
            await one.ask("unsubscribe", {"topics": [topic]})
        elif leaves == "close":
            await one.close()
        else:
            one.socket.transport.abort()
            await one._reader
        made = str((await post(author))["id"])
        await other.wait_for_post(made)
        assert await events.read_posts(1) == [made]
        assert one.post_ids == []


async def test_the_last_event_goes_before_the_cursor_in_the_address(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    topic = f"user:{author.id}"
    async with live(server, None, topic) as client:
        first = client.cursor
        seen = str((await post(author))["id"])
        last = (await client.wait_for_post(seen))["cursor"]
        missed = str((await post(author))["id"])
        await client.wait_for_post(missed)
    # As an EventSource that was opened with ``since`` comes back: the address stays, the header is of the last event.
    async with stream(server, topic, params={"since": first}, headers={"Last-Event-ID": last}) as again:
        assert await again.read_posts(1) == [missed]


async def test_a_stop_during_a_handshake_is_in_good_order(server: Server, tmp_path: Path) -> None:
    other = make_server(server.database_url, server.redis_url, tmp_path)
    await other.start()
    half, none = await Raw.connect(other), await Raw.connect(other)
    half.send(handshake()[:-2])
    async with live(other, None, "explore") as client:
        stopping = asyncio.create_task(asyncio.to_thread(other.stop))
        assert await client.wait_until_closed() == 1012
        code = await stopping
    for raw in (half, none):
        await raw.close()
    other.listener.close()

    assert code == 0
    assert "Traceback" not in other.read_log()
