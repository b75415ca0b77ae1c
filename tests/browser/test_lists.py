"""Lists go on to an end that says so, and what cannot be done is said in words where one looks."""

import asyncio
import re

import asyncpg
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.test_live_page import publish, texts
from tests.conftest import MakeUser
from tests.files import picture, save

FOLLOWERS = """
    WITH made AS (
        INSERT INTO users (id, username, email, password_hash, display_name, folded_name)
        SELECT uuidv7(), $2 || n, $2 || n || '@example.com', '', 'Follower ' || n, 'follower ' || n
        FROM generate_series(1, 60) n RETURNING id)
    INSERT INTO follows (id, follower_id, followee_id) SELECT uuidv7(), id, $1 FROM made"""
UNREACHABLE = "The server cannot be reached."


async def read_to_the_end(page: Page, rows: str, end: str) -> int:
    """How many rows there are when the end is reached by scrolling."""
    async with asyncio.timeout(20):
        while not await page.locator("#page .end:visible", has_text=end).count():
            await page.evaluate(
                "new Promise(done => (scrollTo(0, document.body.scrollHeight), requestAnimationFrame(done)))"
            )
    return await page.locator(f"#page {rows}").count()


async def test_all_lists_go_on_to_an_end_that_says_so(
    open_tab: OpenTab, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    await database.execute(FOLLOWERS, author.id, fan.username[-16:])
    post_id = await publish(author, "question")
    for start in range(0, 60, 15):
        await asyncio.gather(*(publish(fan, f"@{author.username} {n}") for n in range(start, start + 15)))
    await asyncio.gather(*(publish(fan, f"answer {n}", reply_to_id=post_id) for n in range(25)))
    tab = await open_tab("#/notifications", user=author)
    page = tab.page
    assert await read_to_the_end(page, ".note", "No more notifications.") == 85
    row = page.locator(".note", has_text=f"@{author.username} 7").last
    link = row.get_by_role("link", name=f"{fan.username} mentioned you")
    await expect(link).to_have_attribute("href", re.compile("#/p/"))
    box = await row.bounding_box()
    assert box
    await row.click(position={"x": box["width"] - 8, "y": box["height"] - 8})
    await expect(page.locator(".thread .text")).to_contain_text("@")
    await tab.wait_until_live()
    await publish(fan, f"@{author.username} meanwhile")
    await page.go_back()
    await expect(link).to_be_focused()
    await expect(row).to_be_in_viewport()
    await expect(page.locator(".note").first).to_contain_text("meanwhile")
    await expect(page.locator(".note")).to_have_count(86)

    await tab.go(f"#/u/{author.username}/followers")
    await tab.wait_until_live()
    assert await read_to_the_end(page, ".person", "Nobody else.") == 60
    await tab.go(f"#/p/{post_id}")
    await tab.wait_until_live()
    assert await read_to_the_end(page, "article", "No more replies.") == 26
    await publish(fan, "the last word", reply_to_id=post_id)
    await expect(texts(page).last).to_have_text("the last word")
    await tab.go(f"#/search?q={fan.username[-16:]}")
    await page.get_by_role("button", name="More traders").click()
    await expect(page.locator("#page .person")).not_to_have_count(5)
    await tab.go(f"#/u/{fan.username}")
    await tab.wait_until_live()
    assert await read_to_the_end(page, "article", "No more posts.") > 60


async def test_an_action_that_fails_says_so_where_one_looks(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await publish(author, "theirs")
    await publish(reader, "mine")
    tab = await open_tab(f"#/u/{author.username}", user=reader)
    tab.expected_errors = ("ERR_FAILED",)
    page = tab.page
    told = page.locator("#toasts")

    await page.route("**/api/**", lambda route: route.abort() if route.request.method != "GET" else route.fallback())
    for name, words in (("Like", "like"), ("Retweet", "retweet"), ("Bookmark", "bookmark")):
        await page.get_by_role("button", name=name, exact=True).click()
        await expect(told).to_contain_text(f"Your {words} was not saved. {UNREACHABLE}")
        await expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "false")
    await page.locator("#page").get_by_role("button", name=f"Follow @{author.username}").click()
    await expect(told).to_contain_text(f"You do not follow @{author.username}. {UNREACHABLE}")
    await page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("What is moving?").fill("into the void")
    await dialog.locator("input[type=file]").set_input_files(
        {"name": "chart.png", "mimeType": "image/png", "buffer": save(picture(), "PNG")}
    )
    await dialog.get_by_role("button", name="Post", exact=True).click()
    await expect(dialog.get_by_role("alert").filter(has_text="not sent")).to_have_text(
        f"Your post was not sent. {UNREACHABLE}"
    )
    await page.evaluate(
        "import(document.querySelector('link[href$=\"/dom.js\"]').href).then(dom => dom.toast('in front'))"
    )
    await expect(dialog.get_by_role("status").filter(has_text="in front")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(told).to_contain_text("in front")
    await tab.go(f"#/u/{reader.username}")
    await page.get_by_role("button", name="Delete", exact=True).click()
    await page.get_by_role("button", name="Press again to delete").click()
    await expect(told).to_contain_text(f"The post was not deleted. {UNREACHABLE}")

    await page.route("**/api/timeline/**", lambda route: route.abort())
    await tab.go("#/explore")
    await expect(page.get_by_role("alert").filter(has_text=UNREACHABLE)).to_be_visible()
