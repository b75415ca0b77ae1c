"""Every block of docs/clients.md does what the page says."""

import asyncio
import json
import re
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.conftest import Account, MakeUser
from tests.console.program import node
from tests.server import Server

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/clients.md").read_text()
PROTOCOL = (ROOT / "docs/protocol.md").read_text()
DEADLINE_S = 30


def blocks(language: str, server: Server, page: str = PAGE) -> list[str]:
    """The blocks of a language, for this server."""
    found = re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [block.replace("http://localhost:8080", server.url) for block in found]


async def run(folder: Path, *command: str, until: str) -> str:
    """What a program prints up to a line with ``until``; it is ended then."""
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=-1, stderr=-2)
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while until not in said:
                line = await process.stdout.readline()
                assert line, said
                said += line.decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return said


@pytest.fixture
async def author(make_user: MakeUser) -> AsyncIterator[Account]:
    """Somebody who never stops."""
    author = await make_user("author")

    async def talk() -> None:
        while True:
            await author.client.post("/api/posts", json={"content": "Still long $BTC-USD"})
            await asyncio.sleep(0.1)

    talking = asyncio.create_task(talk())
    yield author
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)


async def test_curl(server: Server, author: Account, tmp_path: Path) -> None:
    tokens, public, personal, download = blocks("bash", server)
    made = await run(tmp_path, "bash", "-c", tokens + "\necho; echo done", until="done")
    events = await run(tmp_path, "bash", "-c", public, until="event: post")
    await run(tmp_path, "bash", "-c", f"{tokens}\n{personal}\necho; echo done", until="done")
    await run(tmp_path, "bash", "-c", f"{download} && echo done", until="done")

    assert '"content":"Long $BTC-USD #bitcoin"' in made
    assert "event: post" in events
    assert (tmp_path / "live.js").read_text() == (ROOT / "src/x18/console/static/live.js").read_text()


async def test_python(server: Server, author: Account, tmp_path: Path) -> None:
    (block,) = blocks("python", server)
    (tmp_path / "live.py").write_text((ROOT / "src/x18/clients/live.py").read_text())
    (tmp_path / "tail.py").write_text(block)
    said = await run(tmp_path, sys.executable, "-u", "tail.py", until="post ")

    assert "connected" in said


async def test_python_of_the_protocol(server: Server, author: Account, tmp_path: Path) -> None:
    (block,) = blocks("python", server, PROTOCOL)
    (tmp_path / "live.py").write_text((ROOT / "src/x18/clients/live.py").read_text())
    (tmp_path / "tail.py").write_text(block)
    await run(tmp_path, sys.executable, "-u", "tail.py", until="post ")


async def test_the_event_source_of_the_protocol(server: Server, make_user: MakeUser, browser: Browser) -> None:
    reader = await make_user("reader")
    (block,) = blocks("js", server, PROTOCOL)
    page = await browser.new_page()
    said: asyncio.Queue[str] = asyncio.Queue()
    page.on("console", lambda message: said.put_nowait(message.text))
    await page.goto(f"{server.url}/docs/live")
    await page.evaluate(f"() => {{ {block}\nlisten({json.dumps(reader.access_token)}); }}")
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await reader.client.post("/api/posts", json={"content": "Heard by an EventSource"})
            with suppress(TimeoutError):
                while not (line := await asyncio.wait_for(said.get(), 0.5)).startswith("post "):
                    pass
                break
    assert "post" in line
    await page.close()


async def test_javascript(server: Server, author: Account, tmp_path: Path) -> None:
    (tmp_path / "live.js").write_text((ROOT / "src/x18/console/static/live.js").read_text())
    for block, until in zip(blocks("javascript", server), ("post ", " ms", "kept up to date"), strict=True):
        (tmp_path / "program.mjs").write_text(block)
        await run(tmp_path, node(), "program.mjs", until=until)


async def test_html(server: Server, author: Account, tmp_path: Path, browser: Browser) -> None:
    (block,) = blocks("html", server)
    (tmp_path / "index.html").write_text(block)
    (tmp_path / "live.js").write_text((ROOT / "src/x18/console/static/live.js").read_text())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as other_origin:
        threading.Thread(target=other_origin.serve_forever, daemon=True).start()
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{other_origin.server_port}/")
        await expect(page.locator("#posts li").first).to_have_text(f"@{author.username}: Still long $BTC-USD")
        await page.close()
        other_origin.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a log."""

    def log_message(self, *_: object) -> None: ...
