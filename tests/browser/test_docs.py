"""The pages of the documents, as a person uses them: read, find, try."""

import json
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenTab, Tab
from tests.browser.test_page_quality import faults_of
from tests.conftest import MakeUser

PAGES = ["/docs", "/docs/live"]
NARROW = {"width": 320, "height": 640}
SHIFTS = """() => {
  const observer = new PerformanceObserver(() => {});
  observer.observe({type: 'layout-shift', buffered: true});
  return observer.takeRecords().map(one => [one.value, one.sources.map(source => source.node?.outerHTML?.slice(0, 90))]);
}"""
"""Whatever moved while a page loaded, with what moved (CLS of web.dev)."""


def box_of(tab: Tab, operation: str) -> Locator:
    return tab.page.locator(f"#{operation} form.try")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_no_accessibility_fault_moves_nothing_and_fits(open_tab: OpenTab, path: str) -> None:
    tab = await open_tab(path[1:], is_console=False, bypass_csp=True)
    page = tab.page
    faults = await faults_of(page, path)
    await page.locator("main details").evaluate_all("all => all.slice(0, 40).forEach(one => { one.open = true })")
    faults += await faults_of(page, f"{path}, opened")
    await page.set_viewport_size(PHONE)
    faults += await faults_of(page, f"{path} on a phone")
    for size, percent in ((PHONE, 100), (NARROW, 100), (DESKTOP, 200), (NARROW, 200)):
        await page.set_viewport_size(size)
        await page.evaluate("percent => { document.documentElement.style.fontSize = `${percent * 0.15}px` }", percent)
        too_wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert too_wide <= 0, (size, percent)

    assert faults == []


@pytest.mark.parametrize("path", ["/", *PAGES, "/docs#posts_create", "/docs/live#message-subscribe"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_nothing_moves_while_a_page_loads(open_tab: OpenTab, path: str, size: Any) -> None:
    tab = await open_tab(path[1:], is_console=path == "/", viewport=size)
    await tab.page.wait_for_load_state("networkidle")
    moved = await tab.page.evaluate(SHIFTS)

    assert sum(value for value, _ in moved) < 0.05, moved


async def test_one_finds_an_operation_with_the_keyboard_and_can_pass_its_address_on(open_tab: OpenTab) -> None:
    tab = await open_tab("docs", is_console=False)
    page = tab.page
    await page.keyboard.press("/")
    await page.keyboard.type("bookmark remove")
    await expect(page.locator("#found")).to_contain_text("1 of")
    await expect(page.locator("main details:visible summary")).to_contain_text(["Remove a bookmark"])
    await expect(page.locator("#contents li:visible")).to_have_count(1)
    await (
        page.get_by_text("Remove a bookmark").locator("visible=true").locator("xpath=ancestor-or-self::summary").focus()
    )
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(tab.url + "/docs#posts_unbookmark")

    for hash_ in ("#posts_unbookmark", "#/posts/posts_unbookmark"):
        other = await open_tab("docs" + hash_, is_console=False)
        await expect(box_of(other, "posts_unbookmark")).to_be_visible()
        await expect(box_of(other, "posts_unbookmark").locator(".curl")).to_contain_text("curl -X DELETE")
        await expect(other.page.locator("#posts_unbookmark")).to_be_in_viewport()
    await page.locator("#filter").fill("no such thing at all")
    await expect(page.locator("#found")).to_contain_text("0 of")


async def test_the_box_asks_as_whom_one_is_in_the_console(open_tab: OpenTab, make_user: MakeUser) -> None:
    evil = "<img src=x onerror='window.broken=1'>"
    user, other = await make_user("user", bio=evil), await make_user("other")
    tab = await open_tab("docs#users_show_me", is_console=False, user=user)
    box = box_of(tab, "users_show_me")
    await expect(tab.page.locator("#who")).to_have_value("session")
    await box.get_by_role("button", name="Send GET").click()
    await expect(box.get_by_label("Body of the answer")).to_contain_text(f'"username": "{user.username}"')
    await expect(box.get_by_label("Body of the answer")).to_contain_text(evil.replace('"', '\\"'))
    await expect(box.locator(".answer")).to_contain_text("200 OK after")
    await expect(box.get_by_role("status")).to_have_text("200 OK.")
    assert await tab.page.evaluate("window.broken") is None
    assert await box.locator("img").count() == 0
    await box.get_by_text("Headers").click()
    await expect(box.get_by_label("Headers of the answer")).to_contain_text("x-request-id: ")

    await tab.page.get_by_label("Access token").fill(other.access_token)
    await expect(tab.page.locator("#who")).to_have_value("typed")
    await box.get_by_role("button", name="Send GET").click()
    await expect(box.get_by_label("Body of the answer")).to_contain_text(f'"username": "{other.username}"')
    curl = await box.locator(".curl").inner_text()
    assert other.access_token not in curl
    assert '"Authorization: Bearer $TOKEN"' in curl

    tab.expected_errors = ("401",)
    await tab.page.locator("#who").select_option("nobody")
    await box.get_by_role("button", name="Send GET").click()
    await expect(box.locator(".answer")).to_contain_text("401")
    assert "TOKEN" not in await box.locator(".curl").inner_text()


async def test_the_box_sends_what_is_filled_in(open_tab: OpenTab, make_user: MakeUser) -> None:
    user = await make_user("user")
    tab = await open_tab("docs#posts_create", is_console=False, user=user)
    box = box_of(tab, "posts_create")
    await box.get_by_label("Body, JSON").fill('{"content": "it\'s from the box"}')
    await box.get_by_label("Idempotency-Key").fill("once")
    curl = await box.locator(".curl").inner_text()
    await box.get_by_label("Body, JSON").press("Control+Enter")
    await expect(box.locator(".answer")).to_contain_text("201")
    posts = (await user.client.get(f"/api/users/{user.id}/posts")).json()["posts"]
    assert [post["content"] for post in posts] == ["it's from the box"]
    assert curl.splitlines() == [
        f"curl -X POST '{tab.url}/api/posts' \\",
        '  -H "Authorization: Bearer $TOKEN" \\',
        "  -H 'Idempotency-Key: once' \\",
        "  -H 'Content-Type: application/json' \\",
        """  --data-raw '{"content": "it'\\''s from the box"}'""",
    ]

    await tab.page.goto(tab.url + "/docs#timeline_search")
    search = box_of(tab, "timeline_search")
    await search.get_by_label("symbol", exact=True).fill("BTC-USD, ETH&x")
    await search.get_by_label("limit").fill("1")
    await search.get_by_label("count").select_option("true")
    await expect(search.locator(".curl")).to_contain_text("?limit=1&count=true&symbol=BTC-USD&symbol=ETH%26x")

    await tab.page.goto(tab.url + "/docs#media_upload")
    upload = box_of(tab, "media_upload")
    tab.expected_errors = ("415",)
    await upload.get_by_label("file", exact=False).first.set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    )
    await upload.get_by_role("button", name="Send POST").click()
    await expect(upload.locator(".answer")).to_contain_text("unsupported_media_type")


async def test_a_stream_is_shown_as_it_comes_until_it_is_stopped(open_tab: OpenTab) -> None:
    tab = await open_tab("docs#live_stream", is_console=False)
    box = box_of(tab, "live_stream")
    await box.get_by_label("topics").fill("test?rate=5")
    await box.get_by_role("button", name="Send GET").click()
    await expect(box.get_by_label("Body of the answer")).to_contain_text('"type":"test"')
    await box.get_by_role("button", name="Stop").click()
    await expect(box.get_by_role("status")).to_have_text("Stopped.")
    await expect(box.get_by_role("button", name="Send GET")).to_be_visible()


async def test_no_token_leaves_this_server(open_tab: OpenTab, make_user: MakeUser) -> None:
    user = await make_user("user")
    tab = await open_tab("docs#users_show", is_console=False, user=user)
    tab.expected_errors = ("404", "400", "Failed to fetch", "ERR_FAILED", "Content Security Policy", "violates")
    box = box_of(tab, "users_show")
    for value in ("//evil.example/x", "..\\\\evil.example", "../../../evil", "https://evil.example", "@evil.example"):
        await box.get_by_label("user_id").fill(value)
        async with tab.page.expect_request("**/api/**") as asked:
            await box.get_by_role("button", name="Send GET").click()
        assert (await asked.value).url.startswith(f"{tab.url}/api/")
        await expect(box.get_by_role("status")).to_contain_text("40")

    async def lead_away(route: Route) -> None:
        await route.fulfill(status=302, headers={"Location": "https://evil.example/"})

    await tab.page.route("**/api/users/*", lead_away)
    await box.get_by_label("user_id").fill(str(user.id))
    await box.get_by_role("button", name="Send GET").click()
    await expect(box.get_by_role("status")).to_contain_text("No answer")
    # A request to another host would be noted, and fails the test where it ends.


async def test_the_channel_is_tried_as_whom_one_is_in_the_console(open_tab: OpenTab, make_user: MakeUser) -> None:
    user = await make_user("user")
    tab = await open_tab("docs/live", is_console=False, user=user)
    page = tab.page
    frames = page.get_by_role("log", name="Frames")
    await page.get_by_role("button", name="Connect").click()
    await expect(frames).to_contain_text(f'"user_id":"{user.id}"')
    assert user.access_token not in await frames.inner_text()
    await page.get_by_label("JSON").fill('{"type": "subscribe", "id": 1, "payload": {"topics": [{"topic": "home"}]}}')
    await page.get_by_label("JSON").press("Control+Enter")
    await expect(frames.locator(".in").last).to_contain_text('"topics":[{"topic":"home"}]')
    await user.client.post("/api/posts", json={"content": "seen in the box"})
    await expect(frames).to_contain_text("seen in the box")
    await page.get_by_label("JSON").fill("{")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("alert")).to_contain_text("This is no JSON")
    await page.get_by_label("Message").select_option("ping")
    assert json.loads(await page.get_by_label("JSON").input_value())["type"] == "ping"
    await page.get_by_role("button", name="Disconnect").click()
    await expect(page.locator("#state")).to_contain_text("Closed with 1000.")
    await page.get_by_role("button", name="Clear").click()
    await expect(frames.get_by_role("listitem")).to_have_count(0)


async def test_the_pages_take_the_theme_of_the_console_and_lead_back(open_tab: OpenTab) -> None:
    for path in PAGES:
        tab = await open_tab()
        await tab.page.evaluate("localStorage.setItem('x18.theme', 'dark')")
        page_colour = await tab.page.evaluate(
            "document.documentElement.dataset.theme = 'dark', getComputedStyle(document.body).backgroundColor"
        )
        await tab.page.goto(tab.url + path)
        assert await tab.page.evaluate("getComputedStyle(document.body).backgroundColor") == page_colour
        await tab.page.get_by_role("link", name="Console", exact=True).click()
        await expect(tab.page).to_have_url(tab.url + "/")


async def test_without_a_script_all_that_can_be_read_is_there_and_no_box(open_tab: OpenTab) -> None:
    tab = await open_tab("docs", is_console=False, java_script_enabled=False)

    await expect(tab.page.locator("#posts_create .listed").first).to_be_hidden()
    await tab.page.locator("#contents a[href='#posts_create']").click()
    await expect(tab.page.locator("#posts_create .listed").first).to_be_visible()
    await expect(tab.page.locator("form").locator("visible=true")).to_have_count(0)
