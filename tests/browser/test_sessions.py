"""Nobody is logged out by accident, and whoever is hears why and goes on where it happened."""

import asyncio
import json

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import OpenTab, Tab
from tests.conftest import PASSWORD, Account, MakeUser

KEPT = "JSON.parse(localStorage.getItem('x18.session'))"
KEEP = "session => localStorage.setItem('x18.session', JSON.stringify(session))"
MODULE = "import(document.querySelector('link[href$=\"/session.js\"]').href)"
RENEW = f"old => {MODULE}.then(session => session.accessToken(old))"
PROBLEM = {"content_type": "application/problem+json", "status": 401}
REUSED = json.dumps(
    {"code": "refresh_token_reused", "detail": "This refresh token has already been used; log in again."}
)
ENDED = "Your session has ended: log in to go on."


async def second_tab(tab: Tab) -> Page:
    """Another tab of the same browser at the same place."""
    page = await tab.page.context.new_page()
    await page.goto(tab.page.url)
    await expect(page.locator("html[data-live=live]")).to_be_attached()
    return page


async def log_in(page: Page, user: Account) -> None:
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Username").fill(user.username)
    await dialog.get_by_label("Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Log in").click()
    await expect(page.locator("#account")).to_contain_text(f"@{user.username}")


async def test_tabs_that_renew_tokens_together_stay_logged_in(open_tab: OpenTab, make_user: MakeUser) -> None:
    user = await make_user("user")
    tab = await open_tab("#/", user=user)
    pages = [tab.page, await second_tab(tab)]
    for without in (False, True):  # of a page that is not secure there are no locks
        for page in pages:
            await page.evaluate(
                f"delete navigator.locks.request; if ({json.dumps(without)}) Object.defineProperty("
                "navigator.locks, 'request', {value: (_, work) => work(), configurable: true})"
            )
        for _ in range(5):
            old = (await pages[0].evaluate(KEPT))["access"]
            tokens = await asyncio.gather(*(page.evaluate(RENEW, old) for page in pages for _ in range(2)))
            assert old not in tokens
            assert None not in tokens
    kept = await pages[0].evaluate(KEPT)
    assert kept["access"] in tokens
    answer = await user.client.post("/api/auth/refresh", json={"refresh_token": kept["refresh"]})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("is_late", [False, True], ids=["during the request", "after its answer"])
async def test_what_another_tab_renewed_is_not_thrown_away(
    open_tab: OpenTab, make_user: MakeUser, is_late: bool
) -> None:
    user = await make_user("user")
    tab = await open_tab("#/", user=user)
    tab.expected_errors = ("401",)
    page, other = tab.page, await second_tab(tab)
    await page.clock.install()
    await page.clock.pause_at("2100-01-01")  # however slow the other one is

    async def lose_the_race(route: Route) -> None:
        tokens = await (await route.fetch()).json()
        session = {
            "user": tokens["user"],
            "access": tokens["access_token"],
            "refresh": tokens["refresh_token"],
            "until": 5e12,
        }
        if is_late:
            await route.fulfill(body=REUSED, **PROBLEM)
            await other.evaluate(KEEP, session)
        else:
            await other.evaluate(KEEP, session)
            await route.fulfill(body=REUSED, **PROBLEM)

    await page.route("**/api/auth/refresh", lose_the_race)
    token = await page.evaluate(RENEW, user.access_token)

    kept = await page.evaluate(KEPT)
    assert token == kept["access"] != user.access_token
    assert await page.evaluate(f"{MODULE}.then(session => session.me().username)") == user.username


async def test_a_session_that_ends_says_so_in_all_tabs_and_goes_on_where_it_was(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    user = await make_user("user")
    tab = await open_tab(f"#/u/{user.username}", user=user)
    tab.expected_errors = ("401",)
    page, other = tab.page, await second_tab(tab)
    await page.keyboard.press("n")
    await page.get_by_role("dialog").get_by_label("What is moving?").fill("half a thought")
    await user.client.post("/api/auth/logout")
    for each in (page, other):
        await expect(each.get_by_role("dialog", name="Log in").get_by_role("alert").first).to_have_text(ENDED)
    await log_in(page, user)

    assert page.url.endswith(f"#/u/{user.username}")
    area = page.get_by_role("dialog", name="New post").get_by_label("What is moving?")
    await expect(area).to_have_value("half a thought")
    await expect(other.locator("#account")).to_contain_text(f"@{user.username}")
    await expect(other.get_by_role("dialog")).to_have_count(0)


async def test_a_log_out_is_told_in_other_tabs_and_one_that_the_server_missed_too(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    user = await make_user("user")
    tab = await open_tab("#/settings", user=user)
    tab.expected_errors = ("ERR_FAILED",)
    page, other = tab.page, await second_tab(tab)
    await page.route("**/api/auth/logout", lambda route: route.abort())
    await page.get_by_role("button", name="Log out").click()

    await expect(page.get_by_role("status")).to_contain_text(["the server could not be told"])
    await expect(other.get_by_role("status")).to_contain_text(["You were logged out in another tab."])
    await expect(other.get_by_role("dialog")).to_have_count(0)
