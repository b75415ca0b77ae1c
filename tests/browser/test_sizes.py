"""The console at any width and size of text: nothing lies over anything else, nothing is cut off, and axe finds nothing."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenTab, Tab
from tests.browser.test_live_page import publish
from tests.browser.test_page_quality import faults_of
from tests.conftest import Account, MakeUser
from tests.files import picture, save

LAYOUT = Path(__file__).with_name("layout.js").read_text()


async def prepare(make_user: MakeUser) -> tuple[Account, Account, str]:
    """A reader with notifications, an author with everything that a profile and posts can show, and a post of the author's."""
    author = await make_user("author", display_name="Anna Chartist " * 3, bio="Reads #macro at example.com\n" * 3)
    reader = await make_user("reader")
    await author.client.patch(
        "/api/users/me", json={"location": "Zürich", "website": "https://anna.example/a-long-path/to/charts"}
    )
    ids = []
    for words in ("A chart", ""):
        upload = await author.client.post(
            "/api/media/upload", files={"file": ("a.png", save(picture(), "PNG"))}, data={"alt_text": words}
        )
        ids.append(upload.json()["id"])
    await author.client.patch("/api/users/me", json={"header_url": upload.json()["url"]})
    metadata = {"category": "crypto", "market": "spot", "symbol": author.username[-9:], "price": 98_400.5}
    post_id = await publish(
        author, f"Long $BTC-USD #{author.username} @{reader.username}", media_ids=ids, metadata=metadata
    )
    await publish(author, "words " * 300)
    await publish(reader, "an answer", reply_to_id=post_id)
    await author.client.post(f"/api/users/{reader.id}/follow")
    await reader.client.post(f"/api/users/{author.id}/follow")
    await reader.client.post(f"/api/posts/{post_id}/retweet")
    return author, reader, post_id


async def enlarge(page: Page, how: str) -> None:
    """Letters of twice the size: by the reader's setting of the browser, or by what lays another style over the page."""
    if how == "setting":
        tools = await page.context.new_cdp_session(page)
        await tools.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    elif how == "style":
        await page.evaluate("document.documentElement.style.fontSize = '200%'")


async def dialogs(tab: Tab, author: Account) -> list[str]:
    """Open one dialog after the other; what is wrong with each."""
    page, wrong = tab.page, []
    await tab.go(f"#/u/{author.username}")
    await tab.wait_until_live()
    for name, keys in (
        ("keys", "?"),
        ("new post", "n"),
        ("reply", "j r"),
        ("viewer", ""),
    ):
        for key in keys.split():
            await page.keyboard.press(key)
        if name == "viewer":
            await page.locator(".media a").first.press("Enter")
        await expect(page.locator("dialog[open]")).to_have_count(1)
        wrong += [f"{name}: {fault}" for fault in await page.evaluate(LAYOUT)]
        wrong += await faults_of(page, name)
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog[open]")).to_have_count(0)
    return wrong


@pytest.mark.parametrize(
    ("width", "how"), [(320, ""), (320, "style"), (390, "setting"), (1280, "style"), (1280, "setting"), (2560, "style")]
)
async def test_nothing_is_cut_or_lies_over_anything(
    open_tab: OpenTab, make_user: MakeUser, width: int, how: str
) -> None:
    author, reader, post_id = await prepare(make_user)
    tab = await open_tab("#/", user=reader, viewport={"width": width, "height": 900}, bypass_csp=True)
    await enlarge(tab.page, how)
    wrong = []
    for place in (
        "#/", f"#/p/{post_id}", f"#/u/{author.username}", f"#/u/{author.username}?show=media", "#/notifications", "#/settings",
        f"#/search?q={author.username}",
    ):  # fmt: skip
        await tab.go(place)
        await tab.wait_until_live()
        wrong += [f"{place}: {fault}" for fault in await tab.page.evaluate(LAYOUT)]
    wrong += await faults_of(tab.page, "search")
    wrong += await dialogs(tab, author)

    assert not wrong, "\n".join(sorted(set(wrong)))


@pytest.mark.parametrize(("width", "how"), [(320, "style"), (1280, "setting")])
async def test_a_stranger_finds_the_way_in_at_any_size(
    open_tab: OpenTab, make_user: MakeUser, width: int, how: str
) -> None:
    await publish(await make_user("author"), "hello")
    tab = await open_tab("#/", viewport={"width": width, "height": 900}, bypass_csp=True)
    await enlarge(tab.page, how)
    wrong = list(await tab.page.evaluate(LAYOUT)) + await faults_of(tab.page, "explore")
    for name in ("Create account", "Log in"):
        await tab.page.locator("#page").get_by_role("button", name=name).click()
        wrong += [f"{name}: {fault}" for fault in await tab.page.evaluate(LAYOUT)]
        wrong += await faults_of(tab.page, name)
        await tab.page.keyboard.press("Escape")

    assert not wrong, "\n".join(sorted(set(wrong)))
