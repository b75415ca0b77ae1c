"""The console in Chromium: what the first load costs, and whether the page grows, or answers keys late, while posts pour in.

    python -m benchmarks.console --rate 50 --minutes 10

Starts PostgreSQL, Valkey and X18 by itself. Needs Chromium and the extra ``dev``.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, CDPSession, async_playwright

from tests.browser.conftest import FLAGS, find_chromium
from tests.server import Server, make_server
from x18.core.migrations import migrate
from x18.runtime.embedded import embedded_servers

LOADS = 10
LOOK_EVERY_S = 15.0
PRESS_EVERY_S = 0.5
NOTE_DELAYS = "() => { window.delays = []; addEventListener('keydown', (e) => delays.push(performance.now() - e.timeStamp), true); }"
"""Milliseconds from a key, as the browser had it, to the page."""

AUTHORS = 20


async def main(rate: float, minutes: float) -> None:
    folder = Path(tempfile.mkdtemp())
    with embedded_servers(folder / "servers", postgres=True, redis=True) as servers:
        assert servers.database_url
        assert servers.redis_url
        await migrate(servers.database_url)
        server = make_server(servers.database_url, servers.redis_url, folder)
        await server.start()
        try:
            await measure(server, rate, minutes)
        finally:
            server.stop()
            server.listener.close()


async def measure(server: Server, rate: float, minutes: float) -> None:
    path = find_chromium()
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=30) as client,
        async_playwright() as playwright,
    ):
        authors = [await register(client, number) for number in range(AUTHORS)]
        for number in range(60):
            await publish(client, authors, number)
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        await measure_first_load(browser, server.url)
        await measure_growth(browser, server.url, client, authors, rate, minutes)
        await browser.close()


async def measure_first_load(browser: Browser, url: str) -> None:
    """From an empty cache to 20 posts that can be read and clicked, with the bytes as they went over the wire."""
    seconds, page_bytes, api_bytes = [], [], []
    for _ in range(LOADS):
        context = await browser.new_context()
        page = await context.new_page()
        tools = await context.new_cdp_session(page)
        await tools.send("Network.enable")
        urls: dict[str, str] = {}
        sizes: dict[str, float] = {}
        tools.on(
            "Network.requestWillBeSent", lambda one, into=urls: into.update({one["requestId"]: one["request"]["url"]})
        )
        tools.on(
            "Network.loadingFinished", lambda one, into=sizes: into.update({one["requestId"]: one["encodedDataLength"]})
        )
        start = time.perf_counter()
        await page.goto(url)
        await page.locator("article").nth(19).wait_for()
        seconds.append(time.perf_counter() - start)
        page_bytes.append(sum(size for key, size in sizes.items() if "/api/" not in urls.get(key, "")))
        api_bytes.append(sum(size for key, size in sizes.items() if "/api/" in urls.get(key, "")))
        await context.close()
    print(f"first load: {max(page_bytes) / 1000:.1f} kB of page, {max(api_bytes) / 1000:.1f} kB of answers of the API")
    print(f"usable after {statistics.median(seconds):.2f} s (median of {LOADS}), {max(seconds):.2f} s at worst\n")


async def measure_growth(
    browser: Browser, url: str, client: httpx.AsyncClient, authors: list[str], rate: float, minutes: float
) -> None:
    """One who reads explore in the middle of the list, with the inspector open, while posts come."""
    context = await browser.new_context(viewport={"width": 1280, "height": 860})
    page = await context.new_page()
    await page.goto(url)
    await page.locator("article").nth(12).scroll_into_view_if_needed()
    await page.keyboard.press("i")
    tools = await context.new_cdp_session(page)
    await tools.send("Performance.enable")
    await page.evaluate(NOTE_DELAYS)
    print("seconds   posts   waiting   nodes   heap MB   listeners   main thread busy")
    start, made = time.monotonic(), 0
    before = await look(tools)
    show(0, 0, "-", before, before)
    look_at, press_at = LOOK_EVERY_S, 0.0
    while (now := time.monotonic() - start) < minutes * 60:
        due = int(now * rate) - made
        await asyncio.gather(*(publish(client, authors, made + number) for number in range(min(due, 50))))
        made += min(due, 50)
        if now >= press_at:
            press_at = now + PRESS_EVERY_S
            await page.keyboard.press("Shift")
        if now >= look_at:
            look_at += LOOK_EVERY_S
            after = await look(tools)
            pill = await page.locator(".pill").inner_text()
            show(now, made, pill, before, after)
            before = after
        await asyncio.sleep(0.02)
    delays = sorted(await page.evaluate("delays"))
    await page.locator(".pill").click()
    await page.locator("article").nth(19).wait_for()
    after = await look(tools)
    show(time.monotonic() - start, made, "shown", before, after)
    slow = delays[int(len(delays) * 0.99)]
    middle, worst = statistics.median(delays), delays[-1]
    print(
        f"\n{len(delays)} keys reached the page after {middle:.1f} ms (median), {slow:.1f} ms (99 %), {worst:.1f} ms (worst)"
    )
    await context.close()


async def look(tools: CDPSession) -> dict[str, float]:
    """The browser's own figures, after what is not used any more has been let go."""
    await tools.send("HeapProfiler.collectGarbage")
    metrics = (await tools.send("Performance.getMetrics"))["metrics"]
    return {one["name"]: one["value"] for one in metrics}


def show(seconds: float, made: int, waiting: str, before: dict[str, float], after: dict[str, float]) -> None:
    passed = after["Timestamp"] - before["Timestamp"]
    busy = (after["TaskDuration"] - before["TaskDuration"]) / passed if passed else 0
    heap = after["JSHeapUsedSize"] / 1e6
    print(
        f"{seconds:7.0f} {made:7} {waiting:>9} {after['Nodes']:7.0f} {heap:9.1f} {after['JSEventListeners']:11.0f} {busy:18.0%}",
        flush=True,
    )


async def register(client: httpx.AsyncClient, number: int) -> str:
    """An access token."""
    body = {
        "username": f"trader_{number}",
        "email": f"trader_{number}@example.com",
        "password": "correct horse battery",
    }
    answer = await client.post("/api/auth/register", json=body)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


async def publish(client: httpx.AsyncClient, authors: list[str], number: int) -> None:
    body: dict[str, Any] = {"content": f"Post {number}: long $BTC-USD into the close, stop below the range. #levels"}
    token = authors[number % len(authors)]
    (await client.post("/api/posts", json=body, headers={"Authorization": f"Bearer {token}"})).raise_for_status()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=50, help="posts a second")
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rate, arguments.minutes))
