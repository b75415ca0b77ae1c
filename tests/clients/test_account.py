"""Accounts of ``x18 demo``, ``bench`` and ``tail``: limits are waited for, and what is no X18 is told apart from what is away."""

import asyncio
import json
import re
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


@asynccontextmanager
async def another_program(*answers: str) -> AsyncIterator[str]:
    """A server that is no X18, and says these in turn, and the last again and again. Its address."""

    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if length := re.search(rb"(?i)content-length: (\d+)", head):
            await reader.readexactly(int(length[1]))  # a close with something unread would be a reset
        writer.write(f"HTTP/1.1 {left.pop(0) if len(left) > 1 else left[0]}".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET) as listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


def problem(status: str, retry_after_s: int) -> str:
    body = json.dumps({"detail": f"Too many requests: wait {retry_after_s} s."})
    return f"{status}\r\nRetry-After: {retry_after_s}\r\nContent-Length: {len(body)}\r\n\r\n{body}"


async def test_registering_waits_for_a_limit_that_passes() -> None:
    tokens = {"user": {"id": "1", "username": "dozen"}, "access_token": "a", "refresh_token": "r", "expires_in": 900}
    made = f"201 Created\r\nContent-Length: {len(json.dumps(tokens))}\r\n\r\n{json.dumps(tokens)}"
    refused = problem("429 Too Many Requests", 1)
    async with another_program(refused, refused, made) as url, httpx.AsyncClient(base_url=url) as client:
        account = await asyncio.wait_for(Account.register(client, "dozen", "a good password", "D"), 30)

    assert account.username == "dozen"


async def test_of_a_limit_that_lasts_the_user_is_told(server: Server, tmp_path: Path) -> None:
    settings = {"RATE_LIMITS": "on", "REGISTRATIONS_PER_HOUR": "1"}
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.88")
    async with (
        running(make_server(server.database_url, server.redis_url, tmp_path, **settings)) as other,
        httpx.AsyncClient(base_url=other.url, transport=transport, timeout=30) as client,
    ):
        with pytest.raises(CannotLogIn, match=r"Too many requests: wait \d+ s\. .*REGISTRATIONS_PER_HOUR"):  # noqa: PT012
            for number in range(5):  # more than two only where an hour ends meanwhile
                await Account.register(client, f"one_{number}", "a good password", "D")


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
