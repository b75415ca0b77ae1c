"""Accounts of ``x18 demo``, ``bench`` and ``tail``: limits are waited for, and what is no X18 is told apart from what is away."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.flows.test_clients import X18
from tests.server import Server, make_server, running
from x18.clients.account import Account, CannotLogIn

NOT_FOUND = "404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nnone"
A_LIST = "200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
ELSEWHERE = "301 Moved Permanently\r\nLocation: https://x18.example.com/api/auth/register\r\nContent-Length: 0\r\n\r\n"
BROKEN = "502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nbad"


async def test_registering_waits_for_a_limit_that_passes_and_tells_of_one_that_lasts(
    server: Server, tmp_path: Path
) -> None:
    settings = {"RATE_LIMITS": "on", "REGISTRATIONS_PER_HOUR": "31"}
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.88")
    async with (
        running(make_server(server.database_url, server.redis_url, tmp_path, **settings)) as other,
        httpx.AsyncClient(base_url=other.url, transport=transport, timeout=30) as client,
    ):
        statuses = []

        async def note(answer: httpx.Response) -> None:
            statuses.append(answer.status_code)

        client.event_hooks = {"response": [note]}
        accounts = [await Account.register(client, f"dozen_{number}", "a good password", "D") for number in range(31)]
        with pytest.raises(CannotLogIn, match=r"Too many requests: wait \d+ s\. .*REGISTRATIONS_PER_HOUR"):
            await Account.register(client, "one_too_many", "a good password", "D")

    assert len({account.id for account in accounts}) == 31
    assert statuses.count(201) == 31
    assert statuses[:-1].count(429) >= 1


@asynccontextmanager
async def another_program(answer: str) -> AsyncIterator[str]:
    """A server that is no X18, and says the same to everybody. Its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {answer}".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET) as listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


def no_x18(url: str) -> str:
    return f"x18: What answers at {url}/ is no X18."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(NOT_FOUND, no_x18, id="a page"),
        pytest.param(A_LIST, no_x18, id="other JSON"),
        pytest.param(
            ELSEWHERE,
            lambda url: f"x18: {url}/ sends its visitors to https://x18.example.com/: is that the server?",
            id="a redirect",
        ),
        pytest.param(BROKEN, lambda url: f"x18: {url}: it answered 502: is the server running?", id="a proxy"),
    ],
)
async def test_another_program_at_the_address_is_one_line(answer: str, said: Callable[[str], str]) -> None:
    async with another_program(answer) as url:
        for command in (["demo", "--seconds", "1"], ["bench", "--seconds", "1"]):
            program = await asyncio.create_subprocess_exec(
                *X18, *command, "--url", url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            out, err = await asyncio.wait_for(program.communicate(), 30)

            assert (program.returncode, out, err.decode()) == (1, b"", said(url) + "\n")
