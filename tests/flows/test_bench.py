"""``x18 bench``: it sees what is lost and what is doubled, and a restart of the server is neither."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.server import Server, make_server

X18 = [sys.executable, "-m", "x18"]


async def bench(url: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *X18, "bench", "--url", url, "--json", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def result_of(process: asyncio.subprocess.Process) -> tuple[int | None, dict[str, Any]]:
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert err == b"", err
    return process.returncode, json.loads(out)


async def test_everything_arrives_once_and_nothing_stays(server: Server, api: httpx.AsyncClient) -> None:
    code, result = await result_of(await bench(server.url, "--connections", "20", "--rate", "20", "--seconds", "2"))

    assert code == 0
    assert result["exact"] is True
    assert (result["posts"], result["expected"], result["delivered"]) == (40, 800, 800)
    times = result["commit_to_receipt_ms"]
    assert 0 < times["p50"] <= times["p95"] <= times["p99"]
    newest = (await api.get("/api/timeline/explore?limit=50")).json()["posts"]
    assert not any(one["content"].startswith("bench ") for one in newest)


async def test_a_killed_server_costs_time_but_no_delivery(server: Server, tmp_path: Path) -> None:
    other = make_server(server.database_url, server.redis_url, tmp_path)
    try:
        await other.start()
        running = await bench(other.url, "--connections", "10", "--rate", "10", "--seconds", "5")
        pool = await asyncpg.create_pool(server.database_url, min_size=1, max_size=1)
        async with asyncio.timeout(30):
            while not await pool.fetchval("SELECT count(*) > 5 FROM posts WHERE content LIKE 'bench %'"):
                await asyncio.sleep(0.05)
        await pool.close()
        other.kill()
        await other.start()
        code, result = await result_of(running)
    finally:
        other.stop()
        other.listener.close()

    assert (code, result["lost"], result["doubled"]) == (0, 0, 0), result
    assert result["reconnects"] >= 10
    assert result["delivered"] == 500


@asynccontextmanager
async def meddler(server: Server, copies: int) -> AsyncIterator[str]:
    """A way to the server on which every fifth chunk with a post goes through so many times."""
    seen = 0
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, meddles: bool) -> None:
        nonlocal seen
        while data := await reader.read(65_536):
            times = 1
            if meddles and data[0] == 0x81 and b'"type":"post"' in data:
                seen += 1
                times = copies if seen % 5 == 0 else 1
            writer.write(data * times)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        for task in (
            asyncio.create_task(pump(reader, ours, meddles=False)),
            asyncio.create_task(pump(theirs, writer, meddles=True)),
        ):
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    listener.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(("copies", "fault"), [(2, "doubled"), (0, "lost")])
async def test_what_goes_wrong_on_the_way_is_seen(server: Server, copies: int, fault: str) -> None:
    async with meddler(server, copies) as url:
        code, result = await result_of(await bench(url, "--connections", "5", "--rate", "20", "--seconds", "1"))

    assert code == 1
    assert result[fault] > 0
    assert result["lost" if fault == "doubled" else "doubled"] == 0


async def test_senseless_amounts_are_wrong_usage(server: Server) -> None:
    for arguments in (["--connections", "0"], ["--rate", "1e9"], ["--seconds", "100000"]):
        process = await bench(server.url, *arguments)
        _, err = await process.communicate()
        assert process.returncode == 2
        assert arguments[0].encode() in err
