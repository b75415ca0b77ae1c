"""Back and Forward lead to where one was, a reload too, and the keyboard's focus goes along."""

import asyncio
import re

from playwright.async_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.test_live_page import publish, texts
from tests.conftest import Account, MakeUser


async def write(author: Account, how_many: int) -> None:
    for start in range(0, how_many, 15):
        await asyncio.gather(*(publish(author, f"old {n}\n" * 3) for n in range(start, min(how_many, start + 15))))


async def read_far(page: Page, how_many: int) -> None:
    """Page down until so many posts are there."""
    while await texts(page).count() < how_many:
        await texts(page).last.scroll_into_view_if_needed()
        await page.wait_for_function(
            "n => document.querySelectorAll('#page article').length > n", arg=await texts(page).count()
        )


async def test_back_and_forward_lead_to_the_place_and_offer_what_came_meanwhile(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await reader.client.post(f"/api/users/{author.id}/follow")
    await write(author, 45)
    tab = await open_tab("#/", user=reader)
    page = tab.page
    await read_far(page, 45)
    post = page.locator("#page article").nth(33)
    await post.evaluate("article => article.scrollIntoView({block: 'center'})")
    text, box = await post.locator(".text").inner_text(), await post.bounding_box()
    await post.locator(".when").click()
    await expect(page.locator(".thread .text")).to_have_text(text.strip())
    await tab.wait_until_live()
    await expect(page.locator("#title")).to_be_focused()
    await expect(page).to_have_title(re.compile("^Post"))
    assert await page.evaluate("scrollY") == 0
    await page.get_by_role("button", name="Like", exact=True).click()
    await tab.go(f"#/u/{author.username}")
    await tab.wait_until_live()
    for n in range(3):
        await publish(author, f"new {n}")
    await page.evaluate("history.go(-2)")

    await expect(page.get_by_role("button", name="3 new posts")).to_be_visible()
    assert await post.bounding_box() == box
    await expect(post.locator(".when")).to_be_focused()
    await expect(post.get_by_role("button", name="Like, 1 like")).to_be_visible()
    await expect(texts(page)).to_have_count(45)
    await page.go_forward()
    await expect(page.locator(".thread .text")).to_have_text(text.strip())
    await page.go_back()
    await page.get_by_role("button", name="3 new posts").click()
    await expect(texts(page).first).to_have_text("new 2")
    await expect(texts(page)).to_have_count(48)


async def test_at_the_top_too_nothing_jumps_in_and_a_press_on_the_place_shows_it(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author = await make_user("author")
    await publish(author, "old")
    tab = await open_tab(f"#/t/{author.username}x", user=author)
    await tab.go("#/")
    await tab.wait_until_live()
    await tab.go("#/notifications")
    await tab.wait_until_live()
    await publish(author, "new")
    await tab.page.go_back()

    await expect(tab.page.get_by_role("button", name="1 new post", exact=True)).to_be_visible()
    await expect(texts(tab.page)).to_have_text(["old"])
    await tab.page.get_by_role("link", name="Home", exact=True).click()
    await expect(texts(tab.page)).to_have_text(["new", "old"])
    await publish(author, "live again")
    await tab.page.locator("#title").focus()
    await expect(texts(tab.page)).to_have_text(["live again", "new", "old"])


async def test_a_reload_reads_as_much_again_and_shows_the_same_post(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    await write(author, 45)
    tab = await open_tab(f"#/u/{author.username}", user=author)
    page = tab.page
    await read_far(page, 45)
    far = page.locator("#page article").nth(35)
    await far.evaluate("article => scrollTo(0, scrollY + article.getBoundingClientRect().top - 100)")
    post_id = await far.get_attribute("data-post")
    post = page.locator(f"#page article[data-post='{post_id}']")
    await publish(author, "new")
    await tab.go("#/explore")
    await tab.wait_until_live()
    await page.go_back()
    await expect(post).to_be_in_viewport()
    await page.reload()
    await tab.wait_until_live()

    await expect(post).to_be_in_viewport()
    top = (await post.bounding_box() or {})["y"]
    assert abs(top - 100) < 3, top
    assert await texts(page).count() >= 45
    await read_far(page, 46)


async def test_back_after_a_follow_shows_the_new_home(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await publish(author, "theirs")
    await publish(reader, "mine")
    tab = await open_tab("#/", user=reader)
    await tab.go(f"#/u/{author.username}")
    await tab.wait_until_live()
    await tab.page.locator("#page").get_by_role("button", name=f"Follow @{author.username}", exact=True).click()
    await expect(tab.page.locator(".stats")).to_contain_text("1 follower")
    await tab.page.go_back()

    await expect(texts(tab.page)).to_have_text(["mine", "theirs"])


async def test_another_user_finds_no_page_of_the_one_before(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    await publish(author, "for my eyes", visibility="private")
    tab = await open_tab(f"#/u/{author.username}", user=author)
    page = tab.page
    await expect(texts(page)).to_have_text(["for my eyes"])
    await tab.go("#/explore")
    await tab.wait_until_live()
    await user_logs_out(page)
    await page.go_back()
    await tab.wait_until_live()

    await expect(page.locator(".profile")).to_be_visible()
    await expect(texts(page)).to_have_count(0)


async def user_logs_out(page: Page) -> None:
    module = "import(document.querySelector('link[href$=\"/session.js\"]').href)"
    await page.evaluate(f"{module}.then(session => session.logOut())")
    await expect(page.locator("#account").get_by_role("button", name="Log in")).to_be_visible()


async def test_long_posts_above_are_as_high_after_back_as_before(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    for n in range(6):
        await publish(author, f"{n} words " * 300)
    tab = await open_tab(f"#/u/{author.username}")
    page = tab.page
    post = page.locator("#page article").nth(5)
    await post.evaluate("article => article.scrollIntoView()")
    box = await post.bounding_box()
    await tab.go("#/search")
    await tab.wait_until_live()
    await page.go_back()
    await tab.wait_until_live()

    assert await post.bounding_box() == box
