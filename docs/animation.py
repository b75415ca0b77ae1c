"""Makes docs/console.webp, the picture of the README: ``make animation``.

Two people in two windows of a real server: a post appears at the other's, the server is killed, somebody posts as soon as it is back, and
both have it. What the picture claims is asserted here.
"""

import asyncio
import io
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Page, async_playwright

from tests.browser.conftest import FLAGS, LOG_IN, find_chromium
from x18.clients.market_talk import make_post

HERE = Path(__file__).parent
WINDOW = {"width": 520, "height": 520}
GAP, CAPTION = 12, 44
BACKGROUND, INK = "#10141a", "#e8edf2"
FIRST = "$BTC-USD broke 98,400 on the third try. Stop below the range, target 101,000. #setup"
SECOND = "Back at once: this was posted right after the restart. $ETH-USD next?"


class Film:
    """Frames of two windows side by side, each with a line below that says what happens."""

    def __init__(self, *windows: Page) -> None:
        self.windows = windows
        self.frames: list[Image.Image] = []
        self.durations: list[int] = []

    async def take(self, caption: str, ms: int) -> None:
        width, height = WINDOW["width"], WINDOW["height"]
        frame = Image.new("RGB", (2 * width + GAP, height + CAPTION), BACKGROUND)
        for number, window in enumerate(self.windows):
            shot = Image.open(io.BytesIO(await window.screenshot(animations="disabled", caret="hide")))
            frame.paste(shot, (number * (width + GAP), 0))
        font = ImageFont.load_default(20)
        ImageDraw.Draw(frame).text((frame.width / 2, height + CAPTION / 2), caption, INK, font, "mm")
        self.frames.append(frame)
        self.durations.append(ms)

    def save(self, path: Path) -> None:
        first, *others = self.frames
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=self.durations,
            loop=0,
            quality=55,
            method=6,
            minimize_size=True,
        )


class Stage:
    """The server, and who talks to it."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.server: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "x18", "serve", "--port", str(self.port)]
        self.server = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout
        assert self.server.stdout.readline().startswith("X18 is ready")

    def end(self, how: signal.Signals) -> None:
        if self.server is not None:
            self.server.send_signal(how)
            self.server.communicate()

    async def register(self, username: str, name: str) -> tuple[dict[str, Any], httpx.AsyncClient]:
        client = httpx.AsyncClient(base_url=self.url, timeout=30)
        body = {"username": username, "email": f"{username}@example.com", "password": "correct horse battery"}
        tokens = (await client.post("/api/auth/register", json=body)).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        me = (await client.patch("/api/users/me", json={"display_name": name})).json()
        return {"user": me, "access": tokens["access_token"], "refresh": tokens["refresh_token"], "until": 4e12}, client


async def main() -> None:
    async with AsyncExitStack() as stack:
        stage = Stage(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stage.start()
        stack.callback(stage.end, signal.SIGTERM)
        anna, anna_client = await stage.register("anna", "Anna")
        ben, ben_client = await stage.register("ben", "Ben")
        chance = random.Random(18)
        for _ in range(6):
            answer = await chance.choice([anna_client, ben_client]).post("/api/posts", json=make_post(chance))
            assert answer.status_code == 201, answer.text
        chromium = (await stack.enter_async_context(async_playwright())).chromium
        browser = await chromium.launch(executable_path=find_chromium(), args=FLAGS)
        stack.push_async_callback(browser.close)
        windows = []
        for session in (anna, ben):
            context = await browser.new_context(viewport=WINDOW, reduced_motion="reduce", color_scheme="dark")
            await context.add_init_script(LOG_IN % json.dumps(json.dumps(session)))
            page = await context.new_page()
            await page.goto(f"{stage.url}/#/explore")
            windows.append(page)
            await page.wait_for_selector("html[data-live=live]")
        await play(stage, Film(*windows), anna_client)


async def play(stage: Stage, film: Film, anna: httpx.AsyncClient) -> None:
    left, right = film.windows
    await film.take("Anna and Ben, two browsers, one server", 1800)
    post = (
        await anna.post("/api/posts", json={"content": FIRST, "metadata": {"category": "crypto", "market": "btc"}})
    ).json()
    await show_new(*film.windows, text=post["content"])
    await film.take("Anna posts. Ben has it some milliseconds later", 2600)
    stage.end(signal.SIGKILL)
    for window in film.windows:
        await window.wait_for_function("document.documentElement.dataset.live !== 'live'")
    await film.take("kill -9: the server is gone", 2200)
    stage.start()
    (await anna.post("/api/posts", json={"content": SECOND})).raise_for_status()
    for window in film.windows:
        await window.wait_for_selector("html[data-live=live]")
    await show_new(left, right, text=SECOND)
    await film.take("It is back. Both resume where they stood: nothing lost, nothing twice", 3400)
    for window in film.windows:
        for text in (FIRST, SECOND):
            assert await window.get_by_text(text[:30]).count() == 1
    film.save(HERE / "console.webp")


async def show_new(*windows: Page, text: str) -> None:
    """New posts wait behind a button where one has scrolled; here they are at the top."""
    for window in windows:
        await window.get_by_text(text[:30]).first.wait_for()


if __name__ == "__main__":
    asyncio.run(main())
