"""A page that wakes up, or gets a network, does not wait for timers that stood still."""

import json

import pytest

from tests.console.program import program
from tests.peer import Peer, acting, is_subscribe, stay


@pytest.mark.parametrize("what", ["online", "pageshow", "visibilitychange"])
async def test_a_page_that_wakes_up_does_not_wait_for_its_next_try(what: str) -> None:
    async def restart(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        await peer.send("reconnect", {"after_ms": 3_600_000})
        await peer.socket.close(1012)

    async with acting(restart, stay) as (url, _), program(url, "explore") as client:
        told = await client.wait_for(lambda one: one["type"] == "disconnected")
        await client.do("happen", "visibilitychange", "hidden")
        assert client.messages[-2] is told, "who is hidden is in no hurry"
        await client.do("happen", what)
        await client.wait_for_state("live", client.messages.index(told))


@pytest.mark.parametrize("what", ["online", "visibilitychange"])
async def test_a_page_that_wakes_up_looks_whether_its_connection_stands(what: str) -> None:
    async def fall_silent(peer: Peer) -> None:
        await peer.serve(is_subscribe)
        message = json.loads(await peer.socket.recv())
        peer.received.append(message)
        await peer.socket.wait_closed()

    async with acting(fall_silent, stay, heartbeat_s=600) as (url, received), program(url, "explore") as client:
        await client.wait_for(lambda one: one["type"] == "replayed")  # a sign of life as well
        await client.do("happen", what)
        told = await client.wait_for(lambda one: one["type"] == "disconnected")
        await client.wait_for_state("live", client.messages.index(told))

    assert told["payload"]["reason"] == "silence"
    assert [one["type"] for one in received if one["type"] == "ping"] == ["ping"]
