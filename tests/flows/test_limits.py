"""What one connection, one user and one address may do, and how they are told."""

import asyncio
import time
from collections import Counter
from contextlib import suppress

import pytest
import websockets

from tests.conftest import Account, MakeUser
from tests.live import Live
from tests.server import Server
from x18.realtime.protocol import (
    BURST,
    MAX_CONNECTIONS_PER_ADDRESS,
    MAX_CONNECTIONS_PER_USER,
    MAX_ERRORS,
    MESSAGES_PER_MINUTE,
)


@pytest.fixture
async def user(make_user: MakeUser) -> Account:
    """Somebody."""
    return await make_user("eager")


async def test_more_messages_than_the_burst_are_errors_and_ten_errors_the_end(limited: Server) -> None:
    client, began = await Live.open(limited), time.monotonic()
    for number in range(BURST + MAX_ERRORS):
        await client.send("ping", number, id=number)
    with suppress(websockets.ConnectionClosed):  # where sending took so long that some were let through again
        async with asyncio.timeout(30):
            while client.close_code is None:
                await asyncio.sleep(0.02)
                await client.send("ping")
    answer = next(message for message in client.messages if message["type"] == "error")
    assert answer["id"] >= BURST
    assert answer["payload"]["code"] == "rate_limited"
    assert answer["payload"]["retry_after_s"] >= 1
    assert await client.wait_until_closed() == 4029
    since_then = (time.monotonic() - began) * MESSAGES_PER_MINUTE / 60
    kinds = Counter(message["type"] for message in client.messages)
    assert BURST <= kinds["pong"] <= BURST + 1 + since_then
    assert MAX_ERRORS <= kinds["error"] <= MAX_ERRORS + 1 + since_then / 10, (
        "what is let through is good, and ten forgive one"
    )


async def test_the_twenty_first_connection_of_a_user_is_closed_and_the_others_stay(
    limited: Server, user: Account
) -> None:
    clients = [await Live.open(limited, user.access_token) for _ in range(MAX_CONNECTIONS_PER_USER)]
    extra = await Live.open(limited, user.access_token)
    assert extra.messages[-1]["payload"]["code"] == "too_many_connections"
    assert await extra.wait_until_closed() == 4409
    late = await Live.open(limited)
    await late.send("auth", {"token": user.access_token})
    assert await late.wait_until_closed() == 4409
    for client in clients:
        assert (await client.ask("ping"))["type"] == "pong"
    await clients.pop().close()
    async with asyncio.timeout(30):
        while (again := await Live.open(limited, user.access_token)).messages[-1]["type"] == "error":
            await again.close()
    await asyncio.gather(*(client.close() for client in [*clients, again]))


async def test_the_hundred_and_first_connection_of_an_address_is_closed(limited: Server) -> None:
    clients = [await Live.open(limited) for _ in range(MAX_CONNECTIONS_PER_ADDRESS)]
    extra = await Live.open(limited)
    assert extra.messages[-1]["payload"]["code"] == "too_many_connections"
    assert await extra.wait_until_closed() == 4409
    assert (await clients[0].ask("ping"))["type"] == "pong"
    await asyncio.gather(*(client.close() for client in clients))
