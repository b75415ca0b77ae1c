"""What a trader finds on the console: filters, symbols, trades."""

import asyncio
import re

from playwright.async_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.test_live_page import publish, texts
from tests.conftest import Account, MakeUser


def own_symbol(account: Account) -> str:
    """A symbol that no other test writes about."""
    return f"T{account.id.hex[-8:].upper()}"


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.textContent"))


async def test_a_filter_narrows_what_is_read_and_what_comes_and_back_undoes_it(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await reader.client.post(f"/api/users/{author.id}/follow")
    symbol = own_symbol(author)

    async def post(content: str, category: str) -> None:
        await publish(author, content, metadata={"symbol": symbol, "category": category, "market": "Nasdaq"})

    await post("read crypto", "crypto")
    await post("read fx", "fx")
    for place in (f"#/explore?symbol={symbol}", "#/", f"#/u/{author.username}"):
        tab = await open_tab(place, user=reader)
        chips = tab.page.get_by_role("navigation", name="Filters")
        await expect(texts(tab.page).filter(has_text="read fx")).to_be_visible()
        await chips.get_by_role("link", name="FX").click()
        await expect(tab.page).to_have_url(re.compile("category=forex&category=fx"))
        await tab.wait_until_live()
        await expect(texts(tab.page).first).to_have_text(re.compile("fx"))
        assert await focused(tab.page) == "FX"
        await chips.get_by_role("link", name="Crypto").click()
        await tab.wait_until_live()
        await expect(chips.get_by_role("link", name="Crypto")).to_have_attribute("aria-current", "true")
        await expect(texts(tab.page).last).to_have_text("read crypto")
        await post(f"live fx {place}", "forex")
        await post(f"live crypto {place}", "Crypto")
        await expect(texts(tab.page).first).to_have_text(f"live crypto {place}")
        assert not [text for text in await texts(tab.page).all_inner_texts() if "fx" in text]

        await tab.page.go_back()
        await tab.page.go_back()
        await expect(texts(tab.page)).to_contain_text([f"live crypto {place}", f"live fx {place}"])


async def test_more_filters_are_set_by_words_and_taken_away_one_by_one(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    symbol = own_symbol(author)
    await publish(author, f"${symbol} on one", metadata={"market": "Zürich X", "tags": ["breakout"]})
    await publish(author, "on another", metadata={"market": "other", "symbol": symbol})
    tab = await open_tab("#/search?in=30d")
    chips = tab.page.get_by_role("navigation", name="Filters")
    await chips.get_by_role("button", name="More filters").click()
    await chips.get_by_label("Symbols").fill(f"${symbol.lower()}, OTHER-USD")
    await chips.get_by_label("Markets").fill("zurich x")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("heading", level=1)).to_contain_text("Trending: ")
    await expect(texts(tab.page)).to_have_text([f"${symbol} on one"])
    await expect(chips.get_by_role("link", name="remove the filter")).to_have_count(3)
    await chips.get_by_role("link", name="remove the filter by market").click()
    await expect(texts(tab.page)).to_have_text(["on another", f"${symbol} on one"])
    await expect(tab.page).to_have_url(re.compile("in=30d"))
    await chips.get_by_role("link", name="All").click()
    await expect(tab.page).to_have_url(re.compile(r"#/search\?in=30d$"))

    await tab.go(f"#/explore?symbol={symbol}&market=Z%C3%BCrich%20x&tag=breakout")
    await tab.wait_until_live()
    await expect(texts(tab.page)).to_have_text([f"${symbol} on one"])
    await publish(author, "not this", metadata={"market": "Zürich X", "symbol": symbol})
    await publish(author, "but this", metadata={"market": "ZURICH X", "symbol": symbol, "tags": ["#Breakout"]})
    await expect(texts(tab.page)).to_have_text(["but this", f"${symbol} on one"])


async def test_a_trade_is_written_with_its_post_and_its_chips_lead_to_its_like(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author = await make_user("author")
    symbol = own_symbol(author)
    other = await publish(author, f"${symbol} before", metadata={"category": "forex", "tags": ["swing"]})
    tab = await open_tab("#/", user=author)
    composer = tab.page.locator("#page .composer")
    await composer.get_by_label("What is moving?").fill("Adding here")
    fields = composer.get_by_role("group", name="Trade data")
    await expect(fields).to_be_hidden()
    await composer.get_by_role("button", name="Add trade data").click()
    await expect(fields.get_by_label("Symbol")).to_be_focused()
    await fields.get_by_label("Price").fill("1,0840")
    await fields.get_by_text("Short", exact=True).click()
    await composer.get_by_role("button", name="Post", exact=True).click()
    await expect(fields.get_by_role("alert")).to_contain_text("with a point and without commas")
    await expect(fields.get_by_label("Price")).to_be_focused()
    await fields.get_by_label("Price").fill("1.0840")
    await composer.get_by_role("button", name="Post", exact=True).click()
    await expect(fields.get_by_role("alert")).to_have_text("Say which symbol this is about.")
    await fields.get_by_label("Symbol").fill(symbol.lower())
    await fields.get_by_label("Category").select_option("FX")
    await fields.get_by_label("Market").fill("OTC")
    await fields.get_by_text("4h", exact=True).click()
    await composer.get_by_role("button", name="Post", exact=True).click()

    card = tab.page.locator("article", has_text="Adding here")
    await expect(card.locator(".chip")).to_have_text(
        ["Short", f"${symbol}", "@ 1.084", "4h", "category forex", "market OTC"]
    )
    await expect(fields).to_be_hidden()
    post = (await author.client.get(f"/api/timeline/user/{author.id}?limit=1")).json()["posts"][0]
    assert post["metadata"] == {
        "symbol": symbol, "direction": "short", "price": 1.084, "timeframe": "4h", "category": "forex", "market": "OTC",
    }  # fmt: skip
    await card.get_by_role("link", name="market OTC").click()
    await expect(tab.page).to_have_url(re.compile(r"#/explore\?market=OTC$"))
    await tab.go(f"#/p/{other}")
    await tab.wait_until_live()
    await tab.page.get_by_role("link", name="tag #swing").click()
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Explore: #swing")


WIDE = {"width": 1900, "height": 900}
MAX_CARDS_OF_COLUMN = 40


async def test_columns_are_pinned_beside_the_page_and_live_over_its_connection(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await reader.client.post(f"/api/users/{author.id}/follow")
    symbol = own_symbol(author)
    tab = await open_tab(f"#/explore?symbol={symbol}&category=crypto", user=reader, viewport=WIDE)
    page = tab.page
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    pin = page.get_by_role("button", name="Pin as a column")
    for place in (f"#/explore?symbol={symbol}&category=crypto", "#/notifications", "#/", f"#/s/{symbol}"):
        await tab.go(place)
        await tab.wait_until_live()
        await pin.click()
        await expect(pin).to_have_attribute("aria-pressed", "true")
    columns = page.locator(".column")
    await expect(columns).to_have_count(4)

    async def see(column: int, *wanted: str) -> None:
        await expect(columns.nth(column).locator(".text")).to_have_text([*wanted])

    # The page and a column have different filters of one topic: both get what is theirs.
    await tab.go(f"#/explore?symbol={symbol}&category=fx")
    await tab.wait_until_live()
    for content, category in (("one", "crypto"), ("two", "fx"), ("three", "stocks")):
        await publish(author, content, metadata={"symbol": symbol, "category": category})
    await see(3, "three", "two", "one")
    await see(2, "three", "two", "one")
    await see(0, "one")
    await expect(texts(page)).to_have_text(["two"])
    await page.reload()
    await tab.wait_until_live()
    await see(0, "one")
    await see(3, "three", "two", "one")
    assert len(sockets) == 1, "one connection, of the reload"

    await page.keyboard.press("j")
    await page.keyboard.press("ArrowRight")
    assert "one" in await focused(page)
    await page.keyboard.press("ArrowRight")
    assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == "Notifications: posts"
    await columns.nth(1).get_by_role("button", name="Move to the left").press("Enter")
    await expect(columns.first.get_by_role("heading")).to_have_text("Notifications")
    await columns.first.get_by_role("button", name="Take off the column").press("Enter")
    await expect(columns).to_have_count(3)

    made = 0
    while made < 60:
        await asyncio.gather(*(publish(author, f"{made + n}", metadata={"symbol": symbol}) for n in range(20)))
        made += 20
        await page.locator(".column .pill:visible").evaluate_all("pills => pills.forEach(pill => pill.click())")
    await expect(columns.last.locator("article").first).to_be_visible()
    assert await columns.last.locator("article").count() <= MAX_CARDS_OF_COLUMN
    await page.set_viewport_size({"width": 1280, "height": 860})
    await expect(columns).to_have_count(0)
