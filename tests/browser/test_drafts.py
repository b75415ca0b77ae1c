"""What is typed is there until it is posted or thrown away, and nobody else sees it."""

import json

from playwright.async_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenTab
from tests.browser.test_live_page import publish, texts
from tests.browser.test_sessions import log_in, second_tab
from tests.conftest import MakeUser
from tests.files import picture, save

CHART = {"name": "chart.png", "mimeType": "image/png", "buffer": save(picture(), "PNG")}


def area(page: Page, within: str = "#page") -> Locator:
    return page.locator(within).locator(".composer textarea")


async def test_what_is_typed_outlives_all_but_being_posted(open_tab: OpenTab, make_user: MakeUser) -> None:
    user, other = await make_user("user"), await make_user("other")
    post_id = await publish(other, "question")
    tab = await open_tab("#/", user=user)
    page = tab.page
    await area(page).fill("a thought")
    await page.locator("#page").get_by_label("Who may see it").select_option("followers")
    await page.locator("#page").get_by_role("button", name="Add trade data").click()
    await page.locator("#page .composer").get_by_label("Symbol").fill("BTC-USD")
    await page.locator("#page .composer").get_by_text("Short", exact=True).click()
    await page.locator("#page input[type=file]").set_input_files(CHART)
    await page.locator("#page").get_by_label("Description of chart.png").fill("It rises")
    await tab.go(f"#/p/{post_id}")
    await tab.wait_until_live()
    await area(page).fill("half an answer")
    await page.locator("article").get_by_role("button", name="Reply").first.click()
    await expect(area(page, "dialog")).to_have_value("half an answer")
    await area(page, "dialog").fill("an answer")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("status")).to_contain_text(["Your draft is kept."])
    await expect(area(page)).to_have_value("an answer")
    await page.go_back()
    await expect(area(page)).to_have_value("a thought")
    await expect(page.locator("#page").get_by_label("Description of chart.png")).to_have_value("It rises")
    await page.keyboard.press("n")
    await expect(area(page, "dialog")).to_have_value("a thought")
    await page.mouse.click(5, 5)  # beside the dialog
    await expect(page.get_by_role("dialog")).to_have_count(0)

    await page.reload()
    await expect(area(page)).to_have_value("a thought")
    await expect(page.locator("#page").get_by_label("Who may see it")).to_have_value("followers")
    await expect(page.locator("#page .composer").get_by_label("Symbol")).to_have_value("BTC-USD")
    await expect(page.locator("#page .composer").get_by_label("Short")).to_be_checked()
    await expect(page.locator("#page .unkept")).to_contain_text("No longer attached: chart.png.")

    await page.locator("#account a").click()
    await page.get_by_role("button", name="Log out").click()
    await page.locator("#account").get_by_role("button", name="Log in").click()
    await log_in(page, other)
    await tab.go("#/")
    await expect(area(page)).to_have_value("")
    await tab.go(f"#/p/{post_id}")
    await expect(area(page)).to_have_value("")
    await tab.go(f"#/u/{other.username}")
    await page.get_by_role("button", name="Log out").click()
    await page.locator("#account").get_by_role("button", name="Log in").click()
    await log_in(page, user)
    await tab.go(f"#/p/{post_id}")
    await expect(area(page)).to_have_value("an answer")
    await page.locator("#page .composer").get_by_role("button", name="Reply", exact=True).click()
    await expect(texts(page)).to_have_text(["question", "an answer"])
    await expect(area(page)).to_have_value("")
    await tab.go("#/")
    await expect(area(page)).to_have_value("a thought")
    await page.locator("#page").get_by_role("button", name="Throw the draft away").click()
    await page.locator("#page").get_by_role("button", name="Press again to throw the draft away").click()
    await expect(area(page)).to_have_value("")
    await expect(page.locator("#page .unkept")).to_be_hidden()
    await page.reload()

    await expect(area(page)).to_have_value("")
    await expect(page.locator("#page .discard")).to_be_hidden()
    assert await page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('x18.draft')).length") == 0


async def test_tabs_share_a_draft_and_no_post_is_made_twice(open_tab: OpenTab, make_user: MakeUser) -> None:
    user = await make_user("user")
    tab = await open_tab("#/", user=user)
    tab.expected_errors = ("ERR_FAILED",)
    page, other = tab.page, await second_tab(tab)
    await area(page).fill("only once")
    await expect(area(other)).to_have_value("only once")

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/api/posts", lose_the_answer)
    await page.locator("#page .composer .primary").click()
    await expect(page.locator("#page .composer").get_by_role("alert")).to_have_text(
        "Your post was not sent. The server cannot be reached."
    )
    await other.reload()
    await other.locator("#page .composer .primary").click()
    await expect(area(page)).to_have_value("")
    answer = await user.client.get(f"/api/users/{user.id}/posts")
    assert [post["content"] for post in answer.json()["posts"]] == ["only once"]

    await area(other).fill("one")
    await other.route("**/api/posts", lose_the_answer)
    await other.locator("#page .composer .primary").click()
    await expect(other.locator("#page .composer").get_by_role("alert")).to_be_visible()
    await other.unroute("**/api/posts")
    await area(other).fill("another")
    await other.locator("#page .composer .primary").click()
    await expect(texts(other).first).to_have_text("another")


async def test_settings_that_were_not_saved_and_dialogs_that_hold_text_stay(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    user = await make_user("user")
    tab = await open_tab("#/settings", user=user)
    page = tab.page
    bio, closed = page.get_by_label("About you"), page.get_by_label("Only followers see my posts")
    await bio.fill("half a life")
    await closed.check()
    await page.reload()
    await expect(bio).to_have_value("half a life")
    await expect(closed).to_be_checked()
    await page.get_by_role("button", name="Undo changes").first.click()
    await expect(bio).to_have_value("")
    await expect(closed).not_to_be_checked()
    await bio.fill("a life")
    await page.get_by_role("button", name="Save").first.click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(bio).to_have_value("a life")
    await expect(page.get_by_role("button", name="Undo changes")).to_have_count(0)
    assert (await user.client.get("/api/users/me")).json()["bio"] == "a life"

    await page.get_by_role("button", name="New post").click()
    box = await area(page, "dialog").bounding_box()
    assert box
    await page.mouse.move(box["x"] + 5, box["y"] + 5)
    await page.mouse.down()
    await page.mouse.move(5, 5)  # as when text is selected
    await page.mouse.up()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.mouse.click(5, 5)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    stranger = await open_tab("#/explore")
    await stranger.page.locator("#account").get_by_role("button", name="Create account").click()
    await stranger.page.get_by_label("E-mail").fill("half@an.address")
    await stranger.page.mouse.click(5, 5)
    await expect(stranger.page.get_by_label("E-mail")).to_have_value("half@an.address")


async def test_the_oldest_of_too_many_drafts_go(open_tab: OpenTab, make_user: MakeUser) -> None:
    user = await make_user("user")
    tab = await open_tab("#/explore", user=user)
    drafts = {f"x18.draft.{user.id}.post:{n}": {"at": n, "fields": {"content": "x"}} for n in range(60)}
    await tab.page.evaluate(
        "all => Object.entries(all).forEach(([key, one]) => localStorage.setItem(key, JSON.stringify(one)))", drafts
    )
    await tab.page.keyboard.press("n")
    await area(tab.page, "dialog").fill("the newest")

    kept = await tab.page.evaluate(
        "Object.fromEntries(Object.entries(localStorage).filter(([key]) => key.startsWith('x18.draft')))"
    )
    assert len(kept) == 50
    assert json.loads(kept[f"x18.draft.{user.id}.post"])["fields"] == {"content": "the newest"}
    assert f"x18.draft.{user.id}.post:59" in kept


async def test_nothing_typed_pasted_or_chosen_is_cut_without_a_word(open_tab: OpenTab, make_user: MakeUser) -> None:
    user = await make_user("user")
    tab = await open_tab(f"#/s/{user.username[-9:]}", user=user)
    page, form = tab.page, tab.page.locator("#page .composer")
    send = form.get_by_role("button", name="Post", exact=True)
    await expect(send).to_be_disabled()  # nothing is said beside the symbol
    await area(page).fill("🚀" * 5000)
    await expect(send).to_be_enabled()
    await area(page).fill("🚀" * 5012)
    await expect(form.get_by_text("12 too many")).to_be_visible()
    await expect(send).to_be_disabled()
    await area(page).press("Control+Enter")
    await page.reload()
    await expect(area(page)).to_have_value("🚀" * 5012)

    await form.locator("input[type=file]").set_input_files([CHART | {"name": f"{n}.png"} for n in range(6)])
    await expect(page.get_by_text("A post holds 4 files: 2 of yours are left out.")).to_be_visible()
    await expect(form.locator("figure")).to_have_count(4)

    await area(page).fill(f"I agree with @{user.username[:-2]}")
    await form.locator("[role=option]").first.click()
    await expect(form.get_by_role("link", name=f"@{user.username}")).to_be_visible()
    await page.reload()
    await expect(area(page)).to_have_value(f"I agree with @{user.username} ")
