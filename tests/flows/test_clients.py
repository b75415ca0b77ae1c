"""``x18 demo`` and ``x18 tail`` against a real server."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx

from tests.conftest import MakeUser
from tests.flows.test_delivery import follow, post
from tests.flows.test_sessions import short_token
from tests.server import Server
from x18.clients.live import Live

X18 = [sys.executable, "-m", "x18"]


async def test_tail_shows_every_post_of_the_demo_once(server: Server, tmp_path: Path, api: httpx.AsyncClient) -> None:
    output = tmp_path / "tail.txt"
    with output.open("wb") as file:
        tail = subprocess.Popen([*X18, "tail", "explore", "--json", "--url", server.url], stdout=file)
    try:
        async with asyncio.timeout(30):
            while b'"connected"' not in output.read_bytes():
                await asyncio.sleep(0.05)
        made = await talk(server, 3)
        while made <= 40:  # a machine that is busy says less in the same time
            made += await talk(server, 1)
        async with asyncio.timeout(30):
            while output.read_bytes().count(b'"type": "post"') < made:
                await asyncio.sleep(0.05)
    finally:
        tail.terminate()
        tail.wait()

    events = [json.loads(line) for line in output.read_text().splitlines()]
    shown = [event["payload"]["id"] for event in events if event["type"] == "post"]
    assert 100 > len(shown) == len(set(shown)) == made > 40
    newest = (await api.get("/api/timeline/explore?limit=100")).json()["posts"]
    # The timeline is in the order of ids, the channel in that of commits: they differ where posts are made side by side.
    assert {one["id"] for one in newest[: len(shown)]} == set(shown)


async def talk(server: Server, seconds: int) -> int:
    """Run the demo. How many posts it made."""
    demo = await asyncio.create_subprocess_exec(
        *X18, "demo", "--url", server.url, "--users", "4", "--rate", "30", "--seconds", str(seconds), "--seed", "1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await demo.communicate()
    assert (demo.returncode, err) == (0, b"")
    done = dict(reversed(part.strip().split(" ", 1)) for part in out.decode().split(","))
    return int(done.get("posts", 0)) + int(done.get("replies", 0))


async def test_tail_logs_in_for_ones_own_topics(server: Server, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await follow(reader, author)
    tail = await asyncio.create_subprocess_exec(
        *X18, "tail", "home", "--user", reader.username, "--url", server.url,
        env={**os.environ, "X18_PASSWORD": reader.password}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert tail.stderr is not None
    assert tail.stdout is not None
    assert b"connected" in await asyncio.wait_for(tail.stderr.readline(), 30)
    await post(author, "for my followers\x1b[2J\x9b2J", visibility="followers")
    line = (await asyncio.wait_for(tail.stdout.readline(), 30)).decode()
    tail.terminate()
    await tail.wait()

    assert f"@{author.username}" in line
    assert "for my followers�[2J�2J" in line


async def test_a_client_whose_token_was_too_old_comes_back_with_another(
    server: Server, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await follow(reader, author)
    tokens = iter([await short_token(database, reader, -60), reader.access_token])

    async def source() -> str:
        return next(tokens)

    seen = []
    async with asyncio.timeout(30):
        async for event in Live(server.url, ["home"], token=source):
            seen.append(event.type)
            if seen.count("connected") == 2 and "post" not in seen:
                await post(author, "for my followers", visibility="followers")
            if event.type == "post":
                break

    assert seen == ["connected", "disconnected", "connected", "post"]


async def test_what_cannot_work_is_one_line_and_an_exit_code(server: Server) -> None:
    for arguments, code, said in (
        (["tail", "home", "--url", server.url], 2, "home needs an account: add --user"),
        (["tail", "nothing", "--url", server.url], 1, "There is no topic"),
        (["tail", "--user", "nobody", "--url", server.url], 1, "is wrong"),
        (["demo", "--url", "http://127.0.0.1:9", "--seconds", "1"], 1, "is the server running?"),
    ):
        done = await asyncio.create_subprocess_exec(
            *X18,
            *arguments,
            env={**os.environ, "X18_PASSWORD": "wrong-password"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await asyncio.wait_for(done.communicate(), 30)
        assert done.returncode == code
        assert said in err.decode().splitlines()[-1]
