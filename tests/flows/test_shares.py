"""What one network makes the channel do costs the others nothing, and nothing is done for who has left."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
import websockets

from tests.conftest import MakeUser, register
from tests.flows.test_delivery import post
from tests.live import Live, live
from tests.server import TLS, Server
from x18.core.ids import new_id
from x18.realtime.admission import FAILED_LOG_IN, OPENINGS
from x18.realtime.protocol import MAX_CONNECTIONS_PER_USER, MAX_REPLAY

ATTACKER, GUESSER, FLOODER = "127.0.0.66", "127.0.0.67", "127.0.0.68"
"""All of 127.0.0.0/8 is this machine: each stands for a network of its own."""


@asynccontextmanager
async def client_at(server: Server, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.AsyncHTTPTransport(local_address=address, verify=TLS)
    async with httpx.AsyncClient(base_url=server.url, transport=transport, timeout=60) as client:
        yield client


def cpu_seconds(server: Server) -> float:
    """What the server's process used so far."""
    assert server.process
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.fixture(scope="module")
async def cursors(limited: Server, database: asyncpg.Pool) -> tuple[str, str]:
    """One with almost as much after it as may be replayed, and one with 200 posts after it."""
    author = await register(limited.url, f"author_{secrets.token_hex(6)}")
    cursor = await cursor_of(limited)
    made = await post(author, "again and again")
    await database.execute(
        "INSERT INTO event_outbox (kind, actor_id, object_id) SELECT 1, $1, $2::text::uuid FROM generate_series(1, $3::int)",
        author.id,
        str(made["id"]),
        MAX_REPLAY - 500,
    )
    await author.client.aclose()
    epoch, _, seq = cursor.partition(".")
    last = int(seq) + MAX_REPLAY - 500
    async with asyncio.timeout(60):
        while int((await cursor_of(limited)).partition(".")[2]) < last:
            await asyncio.sleep(0.1)
    return cursor, f"{epoch}.{last - 200}"


async def cursor_of(server: Server) -> str:
    """Where the node stands in the log."""
    async with live(server) as client:
        return client.cursor


async def begin_and_leave(client: httpx.AsyncClient, since: str) -> int:
    async with client.stream("GET", "/api/stream", params={"topics": "explore", "since": since}) as answer:
        return answer.status_code


async def resume(server: Server, since: str) -> float:
    """How long it takes to get 200 posts."""
    began = time.monotonic()
    client = await Live.open(server)
    await client.subscribe("explore", since=since)
    await client.wait_for(lambda _: len(client.post_ids) >= 200, seconds=60)
    await client.close()
    return time.monotonic() - began


async def test_streams_that_were_left_are_not_replayed_and_delay_nobody(
    limited: Server, cursors: tuple[str, str]
) -> None:
    old, recent = cursors
    idle = max([await resume(limited, recent) for _ in range(3)])
    async with client_at(limited, ATTACKER) as attacker:
        before = cpu_seconds(limited)
        statuses = await asyncio.gather(*(begin_and_leave(attacker, old) for _ in range(60)))
    honest = min([await resume(limited, recent) for _ in range(3)])
    async with asyncio.timeout(30):  # what was begun is broken off: the server comes to rest
        used = cpu_seconds(limited)
        while True:
            await asyncio.sleep(0.5)
            if cpu_seconds(limited) - used < 0.1:
                break
            used = cpu_seconds(limited)

    assert 200 in statuses
    assert set(statuses) <= {200, 429}
    assert honest < max(3 * idle, 2.0)
    assert used - before < 15  # each whole replay takes half a second


async def test_who_resumes_too_much_at_once_is_told_to_wait_and_others_are_not(
    limited: Server, cursors: tuple[str, str], make_user: MakeUser
) -> None:
    old, recent = cursors
    token = (await make_user()).access_token
    clients = [await Live.open(limited, token, local_addr=(FLOODER, 0)) for _ in range(14)]
    wanted = {"topics": [{"topic": "explore"}], "since": old}
    answers = await asyncio.gather(*(client.ask("subscribe", wanted) for client in clients))
    refused = [answer["payload"] for answer in answers if answer["type"] == "error"]
    elapsed = await resume(limited, recent)
    await asyncio.gather(*(client.close() for client in clients))

    assert {one["code"] for one in refused} == {"rate_limited"}
    assert all(one["retry_after_s"] >= 1 for one in refused)
    assert len(refused) < len(answers)
    assert elapsed < 30


async def open_socket(server: Server, address: str) -> int:
    """The status of a handshake from an address."""
    try:
        async with websockets.connect(server.ws_url, local_addr=(address, 0)) as socket:
            await socket.recv()
            return 101
    except websockets.InvalidStatus as refused:
        answer = refused.response
    problem = json.loads(answer.body or b"")
    return answer.status_code if answer.headers["retry-after"] and problem["code"] == "rate_limited" else 0


async def test_a_network_that_opens_too_many_connections_is_refused_before_the_handshake(limited: Server) -> None:
    async with client_at(limited, "127.0.0.69") as client:
        for _ in range(OPENINGS + 100):
            answer = await client.get("/api/stream?topics=nothing")
            if answer.status_code == 429:
                break
            assert answer.status_code == 400
        logged = limited.read_log().count("/api/stream")
        refused = await asyncio.gather(*(client.get("/api/stream?topics=nothing") for _ in range(50)))
    statuses = await asyncio.gather(*(open_socket(limited, "127.0.0.69") for _ in range(50)))

    assert answer.headers["retry-after"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert 429 in [one.status_code for one in refused]
    assert 429 in statuses
    assert set(statuses) <= {101, 429}
    assert await open_socket(limited, "127.0.0.70") == 101
    assert limited.read_log().count("/api/stream") - logged < 20


async def test_tokens_that_are_not_good_count_as_several_connections(limited: Server) -> None:
    bad = {"Authorization": f"Bearer {new_id()}"}
    async with client_at(limited, GUESSER) as client:
        statuses = [
            (await client.get("/api/stream?topics=explore", headers=bad)).status_code
            for _ in range(OPENINGS // (1 + FAILED_LOG_IN) + 30)
        ]
    assert statuses[0] == 401
    assert 429 in statuses


async def test_an_event_source_that_is_refused_is_told_when_to_come_back_and_others_get_an_error(
    limited: Server, make_user: MakeUser
) -> None:
    headers = (await make_user()).headers
    source = {**headers, "Accept": "text/event-stream"}
    async with client_at(limited, "127.0.0.71") as client, AsyncExitStack() as stack:
        for _ in range(MAX_CONNECTIONS_PER_USER):
            await stack.enter_async_context(client.stream("GET", "/api/stream?topics=home", headers=headers))
        plain = await client.get("/api/stream?topics=home", headers=headers)
        told = await client.get("/api/stream?topics=home", headers=source)
        final = await client.get("/api/stream?topics=nothing", headers={"Accept": "text/event-stream"})

    assert (plain.status_code, plain.json()["code"]) == (429, "too_many_connections")
    assert (told.status_code, told.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert told.text.startswith("retry: ")
    assert '"code":4409' in told.text
    assert final.status_code == 400
