"""Server-Sent Events: what the socket sends, for clients that have none."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import MakeUser
from tests.flows.test_delivery import post
from tests.flows.test_tickets import ticket_of
from tests.frames import check_received
from tests.live import live
from tests.server import TLS, Server, make_server


class Stream:
    """The events of an open answer, as an ``EventSource`` sees them."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = _lines_of(answer)
        self.last_id = ""

    async def read(self) -> dict[str, Any]:
        """The next event."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(30):
            async for line in self._lines:
                if not line:
                    break
                name, _, value = line.partition(": ")
                fields[name] = value
        self.last_id = fields.get("id", self.last_id)
        data: dict[str, Any] = json.loads(fields["data"])
        assert data.get("type", "close") == fields["event"]
        if fields["event"] != "close":
            check_received(data)
        return data

    async def read_posts(self, number: int) -> list[str]:
        """The next posts."""
        found: list[str] = []
        while len(found) < number:
            event = await self.read()
            if event["type"] == "post":
                found.append(event["payload"]["id"])
        return found


async def _lines_of(answer: httpx.Response) -> AsyncIterator[str]:
    """Lines end where the standard says; httpx would end them at U+2028 too."""
    rest = b""
    async for chunk in answer.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode()


@asynccontextmanager
async def stream(server: Server, topics: str, **options: Any) -> AsyncIterator[Stream]:
    params = {"topics": topics, **options.pop("params", {})}
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=15, verify=TLS) as client,
        client.stream("GET", "/api/stream", params=params, **options) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)


async def test_the_same_events_as_over_the_socket(server: Server, make_user: MakeUser) -> None:
    author, other = await make_user("author"), await make_user("other")
    topics = f"user:{author.id},home"
    async with (
        stream(server, topics, headers=author.headers) as events,
        live(server, author.access_token, f"user:{author.id}", "home") as socket,
    ):
        cursor = (await events.read())["payload"]["cursor"]
        assert (await events.read())["payload"] == {"cursor": events.last_id} == {"cursor": cursor}
        assert {topic["topic"] for topic in (await events.read())["payload"]["topics"]} == set(topics.split(","))
        await post(other)
        made = await post(author, "line one\nline two \u2028 ✓")
        event = await events.read()
        assert event == await socket.wait_for_post(str(made["id"]))
        assert events.last_id == event["cursor"]


async def test_the_last_event_id_resumes_without_loss_or_double(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    topic = f"user:{author.id}"
    async with stream(server, topic) as events:
        first = [(await post(author, f"{number}"))["id"] for number in range(3)]
        assert await events.read_posts(3) == first
    missed = [(await post(author, f"{number}"))["id"] for number in range(3)]
    resume: list[dict[str, Any]] = [
        {"headers": {"Last-Event-ID": events.last_id}},
        {"params": {"since": events.last_id}},
    ]
    for options in resume:
        async with stream(server, topic, **options) as again:
            assert await again.read_posts(len(missed)) == missed
            missed.append((await post(author))["id"])
            assert await again.read_posts(1) == missed[-1:]
    async with stream(server, topic, headers={"Last-Event-ID": "nonsense"}) as lost:
        kinds = [(await lost.read())["type"] for _ in range(3)]
        assert kinds == ["connected", "ok", "gap"]


async def test_a_break_before_the_first_event_costs_none(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    topic = f"user:{author.id}"
    async with stream(server, topic) as events:
        while not events.last_id:
            await events.read()
    missed = [(await post(author))["id"]]
    async with stream(server, topic, headers={"Last-Event-ID": events.last_id}) as again:
        assert await again.read_posts(1) == missed


@pytest.mark.parametrize(
    ("topics", "status"),
    [("", 400), ("nothing", 400), ("home", 401), ("explore,notifications", 401), ("test?rate=0", 400)],
)
async def test_what_cannot_be_streamed_is_an_answer_not_a_stream(server: Server, topics: str, status: int) -> None:
    async with httpx.AsyncClient(base_url=server.url, verify=TLS) as client:
        answer = await client.get("/api/stream", params={"topics": topics})
        assert answer.status_code == status
        assert answer.json()["error"]
        refused = await client.get("/api/stream?topics=explore", headers={"Authorization": "Bearer nonsense"})
        assert refused.status_code == 401


async def test_a_ticket_opens_a_stream_and_a_log_out_ends_it(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with stream(server, "home", params={"ticket": await ticket_of(user)}) as events:
        assert (await events.read())["payload"]["user_id"] == str(user.id)
        assert [(await events.read())["type"] for _ in range(2)] == ["heartbeat", "ok"]
        await user.client.post("/api/auth/logout")
        assert await events.read() == {"code": 4403}


async def test_a_stop_sends_streams_and_sockets_elsewhere(server: Server, make_user: MakeUser, tmp_path: Path) -> None:
    author = await make_user("author")
    other = make_server(server.database_url, server.redis_url, tmp_path)
    await other.start()
    async with stream(other, f"user:{author.id}") as events, live(other, None, "explore") as socket:
        assert [(await events.read())["type"] for _ in range(3)] == ["connected", "heartbeat", "ok"]
        stopping = asyncio.create_task(asyncio.to_thread(other.stop))
        assert (await events.read())["type"] == "reconnect"
        assert await events.read() == {"code": 1012}
        told = await socket.wait_for_type("reconnect")
        assert 0 <= told["payload"]["after_ms"] <= 5000
        assert await socket.wait_until_closed() == 1012
        assert await stopping == 0
    other.listener.close()
    assert "Cancel" not in other.read_log()


async def test_a_replay_of_megabytes_reaches_a_client_that_reads(server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    async with live(server) as client:
        cursor = client.cursor
    made = [(await post(author, "x" * 5_000, metadata={"more": "y" * 16_000}))["id"] for _ in range(70)]
    async with stream(server, f"user:{author.id}", params={"since": cursor}) as events:
        assert await events.read_posts(len(made)) == made


async def test_a_stream_that_begins_while_the_server_stops_is_sent_elsewhere(
    server: Server, make_user: MakeUser, database: asyncpg.Pool, tmp_path: Path
) -> None:
    user = await make_user()
    other = make_server(server.database_url, server.redis_url, tmp_path)
    await other.start()
    assert other.process is not None
    address = httpx.URL(other.url)
    idle, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n")  # refused, and the connection stands
    await idle.readuntil(b"\r\n\r\n")

    async def listen() -> list[str]:
        async with stream(other, "home", headers=user.headers) as events:
            told = []
            while not told or "type" in told[-1]:
                told.append(await events.read())
            return [one.get("type", one.get("code")) for one in told]

    async with asyncio.timeout(30):
        async with database.acquire() as holding, holding.transaction():
            await holding.execute("LOCK TABLE auth_sessions IN ACCESS EXCLUSIVE MODE")
            listening = asyncio.create_task(listen())
            while not await holding.fetchval(
                "SELECT count(*) FROM pg_locks WHERE relation = 'auth_sessions'::regclass AND NOT granted"
            ):
                await asyncio.sleep(0.01)
            other.process.terminate()
            await idle.read()  # up to its end: the connections have been told
        kinds = await listening
    writer.close()

    assert other.stop() == 0
    other.listener.close()
    assert (kinds[0], kinds[-1]) == ("connected", 1012)
    assert "reconnect" in kinds
    assert "Traceback" not in other.read_log()
