"""A real Chromium. Every page of every test must neither report an error nor ask another host for anything."""

import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright, expect

from tests.conftest import Account
from tests.server import Server

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first is the same Chromium without a window around each page, which costs three times as much as the page."""

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}

# Logged in before the page's own scripts run, once: a log-out stays one.
LOG_IN = "sessionStorage.getItem('in') || (sessionStorage.setItem('in', 1), localStorage.setItem('x18.session', %s))"

expect.set_options(timeout=20_000)


@dataclass
class Tab:
    """A page, and what must not happen on it."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    expected_errors: tuple[str, ...] = ()

    async def go(self, place: str) -> None:
        """Follow a link within the page, without a reload."""
        await self.page.evaluate(
            "place => { if (location.hash !== place) { delete document.documentElement.dataset.shown; location.hash = place } }",
            place,
        )

    async def wait_until_live(self) -> None:
        """Wait for posts to be loaded and the live channel to be subscribed."""
        await expect(self.page.locator("html[data-live=live]")).to_be_attached()
        await expect(self.page.get_by_text("Loading…").locator("visible=true")).to_have_count(0)
        place = await self.page.evaluate("location.hash")
        await expect(self.page.locator("html")).to_have_attribute("data-shown", place)

    def note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(part in message.text for part in self.expected_errors):
            self.errors.append(message.text)

    def note_request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        if host and host != urlsplit(self.url).netloc:
            self.strangers.append(request.url)


OpenTab = Callable[..., Awaitable[Tab]]


def find_chromium() -> str | None:
    """Where a Chromium of this machine is, the lightest first."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium of the machine."""
    path = find_chromium()
    if path is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium-headless-shell")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def open_tab(browser: Browser, server: Server) -> AsyncIterator[OpenTab]:
    """Opens a browser of a person's own at a place of the console, or another page; ``user`` is logged in."""
    tabs: list[Tab] = []

    async def open_(
        place: str = "", *, user: Account | None = None, url: str = server.url, is_console: bool = True, **options: Any
    ) -> Tab:
        context = await browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce", **options})
        context.set_default_timeout(20_000)
        if user is not None:
            await context.add_init_script(LOG_IN % json.dumps(json.dumps(await session_of(user))))
        tab = Tab(await context.new_page(), url)
        tab.page.on("console", tab.note_console)
        tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
        tab.page.on("request", tab.note_request)
        tabs.append(tab)
        await tab.page.goto(f"{url}/{place}")
        if is_console:
            await tab.wait_until_live()
        return tab

    yield open_
    for tab in tabs:
        await tab.page.context.close()
        assert tab.errors == []
        assert tab.strangers == []


async def session_of(user: Account) -> dict[str, Any]:
    """What the page keeps of a log-in."""
    me = (await user.client.get("/api/users/me")).json()
    return {"user": me, "access": user.access_token, "refresh": user.refresh_token, "until": 4e12}
