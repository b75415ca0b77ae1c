"""What a trader finds on the console: filters, symbols, trades."""

import asyncio
import re

from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, OpenTab
from tests.browser.test_live_page import publish, texts
from tests.browser.test_page_quality import faults_of
from tests.conftest import Account, MakeUser


def own_symbol(account: Account) -> str:
    """A symbol that no other test writes about."""
    return f"T{account.id.hex[-8:].upper()}"


async def told(account: Account, path: str, word: str) -> None:
    """Wait until an answer that is counted beside the posts has a word in it."""
    async with asyncio.timeout(20):
        while word not in (await account.client.get(path)).text:
            await asyncio.sleep(0.05)


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
        await tab.page.get_by_role("button", name="2 new posts").click()
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
    await told(author, f"/api/symbols?query={symbol}", symbol)
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
    await fields.get_by_label("Symbol").fill(symbol[:-1].lower())
    await expect(fields.locator(f"datalist option[value='{symbol}']")).to_be_attached()
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


async def test_the_page_of_a_symbol_tells_who_says_how_much_and_keeps_up(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author, other = await make_user("author"), await make_user("other")
    symbol, friend = own_symbol(author), own_symbol(other)
    for number in range(3):
        await publish(author, f"${symbol} with ${friend} #{symbol.lower()}tag {number}")
    await publish(other, "one more", metadata={"symbol": symbol})
    await told(author, f"/api/symbols/{symbol}?timeframe=24h", '"posts_count":4')
    tab = await open_tab(f"#/symbol/{symbol.lower()}")
    about = tab.page.get_by_role("region", name=f"About ${symbol}")
    await expect(about).to_contain_text("4 posts by 2 traders")
    await expect(about.locator(".related").first.get_by_role("link")).to_have_text(
        [re.compile(rf"{author.username}\s+3"), re.compile(rf"{other.username}\s+1")]
    )
    await expect(about.get_by_role("link", name=f"${friend}")).to_have_attribute("href", f"#/s/{friend}")
    await expect(about.get_by_role("link", name=f"#{symbol.lower()}tag")).to_be_visible()
    chart = about.get_by_role("img")
    await expect(chart).to_have_accessible_name(re.compile(r"Posts over time\. Most at .*4 posts\. Latest, .*4 posts"))
    await expect(chart.locator("rect")).to_have_count(24)
    await publish(other, f"and ${symbol} again")
    await expect(texts(tab.page).first).to_have_text(f"and ${symbol} again")
    await expect(about).to_contain_text("5 posts")
    await expect(chart).to_have_accessible_name(re.compile("Latest, .*5 posts"))

    await about.get_by_role("link", name="Month").click()
    await tab.wait_until_live()
    await expect(chart.locator("rect")).to_have_count(30)
    await about.get_by_role("button", name="Watch").click()
    await expect(tab.page.get_by_role("dialog", name="Log in")).to_be_visible()
    await tab.page.keyboard.press("Escape")
    for written, title in (
        (f"${symbol.lower()}", symbol),
        ("btc/usd", "BTC/USD"),
        ("/ES", "/ES"),
        ("%5EGSPC", "^GSPC"),
    ):
        await tab.go(f"#/s/{written}")
        await expect(tab.page.get_by_role("region", name=f"About ${title}", exact=True)).to_contain_text("trader")


async def test_watched_symbols_are_kept_with_the_account_and_tell_what_is_new(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    first, second = own_symbol(author), own_symbol(reader)
    tab = await open_tab(f"#/s/{first}", user=reader)
    star = tab.page.locator("#page .star")
    async with tab.page.expect_response("**/watchlist"):
        await star.click()
    await expect(star).to_have_text("Watching")
    await expect(star).to_have_attribute("aria-pressed", "true")
    assert await star.evaluate("star => star === document.activeElement")
    await tab.go("#/watchlist")
    await tab.wait_until_live()
    page = tab.page
    await page.get_by_label("Symbol to watch").fill(f"${second.lower()}")
    async with page.expect_response("**/watchlist"):
        await page.keyboard.press("Enter")
    await expect(page.locator("#page .facts .chip")).to_have_text([f"${first}", f"${second}"])
    assert (await reader.client.get("/api/users/me/watchlist")).json() == {"symbols": [first, second]}

    await publish(author, "about the second", metadata={"symbol": second})
    await expect(texts(page)).to_have_text(["about the second"])
    await tab.go("#/explore")
    await tab.wait_until_live()
    rail = page.get_by_role("region", name="Watchlist")
    await expect(rail.locator("li")).to_have_text([f"${first}", f"${second}"])
    for number in range(2):
        await publish(author, f"about ${first} {number}")
    await expect(rail.locator("li").first).to_have_text(f"${first}2 new")
    await rail.get_by_role("link", name=f"${first}").click()
    await expect(rail.locator("li").first).to_have_text(f"${first}")
    await tab.wait_until_live()
    await expect(texts(page)).to_have_text([f"about ${first} 1", f"about ${first} 0"])

    phone = await open_tab("#/watchlist", user=reader, viewport=PHONE)
    await expect(texts(phone.page)).to_have_count(3)
    await publish(author, "to the phone", metadata={"symbol": second})
    await expect(texts(phone.page).first).to_have_text("to the phone")
    await expect(phone.page.locator("#page .facts .chip").last).to_have_text(re.compile("1 new"))
    await phone.page.get_by_role("button", name="Edit").click()
    async with phone.page.expect_response("**/watchlist"):
        await phone.page.get_by_role("button", name=f"Move down ${first}").click()
    assert (await reader.client.get("/api/users/me/watchlist")).json() == {"symbols": [second, first]}
    async with phone.page.expect_response("**/watchlist"):
        await phone.page.get_by_role("button", name=f"Stop watching ${second}").click()
    await expect(texts(phone.page)).to_have_text([f"about ${first} 1", f"about ${first} 0"])
    phone.expected_errors = ("ERR_FAILED",)
    await phone.page.route("**/watchlist", lambda route: route.abort())
    await phone.page.get_by_role("button", name=f"Stop watching ${first}").click()
    await expect(phone.page.locator(".toast")).to_contain_text("The server cannot be reached.")
    await expect(phone.page.locator(".watched li")).to_have_count(1)


async def test_a_long_watchlist_is_read_page_by_page_without_a_hole(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    symbols = [f"{own_symbol(author)}{number}" for number in range(45)]
    assert (await reader.client.put("/api/users/me/watchlist", json={"symbols": symbols})).status_code == 200
    # The first symbols are talked about much more, and the others before.
    for part in (range(20, 45), [number % 3 for number in range(60)]):
        await asyncio.gather(*(publish(author, f"about {n}", metadata={"symbol": symbols[n]}) for n in part))
    tab = await open_tab("#/watchlist", user=reader)
    async with asyncio.timeout(20):
        while await texts(tab.page).count() < 85:
            await tab.page.locator("article").last.scroll_into_view_if_needed()
            await tab.page.mouse.wheel(0, 3000)
    ids = await tab.page.locator("article").evaluate_all("all => all.map(one => one.dataset.post)")
    assert len(set(ids)) == 85
    assert ids == sorted(ids, reverse=True)


async def test_trending_symbols_are_those_of_the_server_on_phones_too(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    await publish(author, f"${own_symbol(author)}")
    for place, where, options in (
        ("#/explore", "#symbols", {}),
        ("#/search?in=7d", ".phone-only ol", {"viewport": PHONE}),
    ):
        tab = await open_tab(place, **options)
        window = "7d" if "7d" in place else "24h"
        path = f"/api/widgets/trending-tickers?limit=5&timeframe={window}"
        tickers = (await author.client.get(path)).json()
        shown = tab.page.locator(where).first.get_by_role("link")
        await expect(shown.first).to_be_visible()
        assert {f"${one['ticker']}" for one in tickers} & set(await shown.all_inner_texts())


async def test_an_empty_home_says_whom_to_follow(open_tab: OpenTab, make_user: MakeUser) -> None:
    friend, popular, newcomer = [await make_user(name) for name in ("friend", "popular", "newcomer")]
    await publish(popular, "I am here")
    await friend.client.post(f"/api/users/{popular.id}/follow")
    await newcomer.client.put("/api/users/me/watchlist", json={"symbols": [own_symbol(popular)]})
    await publish(popular, f"${own_symbol(popular)} rises")
    await told(newcomer, "/api/users/suggestions?limit=5", popular.username)
    tab = await open_tab("#/", user=newcomer)
    beside = tab.page.locator("#aside").get_by_role("region", name="Who to follow")
    await expect(beside.get_by_text(f"@{popular.username}")).to_be_visible()
    offered = tab.page.locator("#page").get_by_role("region", name="Who to follow")
    await offered.get_by_role("button", name=f"Follow @{popular.username}", exact=True).click()
    for place in (offered, beside):
        await expect(place.get_by_role("button", name=f"Following @{popular.username}")).to_be_visible()
    await tab.page.locator("#page").get_by_role("button", name="Newest posts").click()
    await expect(texts(tab.page)).to_have_text([f"${own_symbol(popular)} rises", "I am here"])
    await publish(popular, "hello newcomer")
    await expect(texts(tab.page).first).to_have_text("hello newcomer")


async def test_what_a_trader_sees_has_no_accessibility_fault_and_fits(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    symbol = own_symbol(author)
    trade = {
        "symbol": symbol,
        "direction": "short",
        "price": 1.084,
        "timeframe": "4h",
        "category": "forex",
        "tags": ["a"],
    }
    await publish(author, f"${symbol}AND and more", metadata=trade)
    await publish(author, f"Long ${symbol} with ${own_symbol(reader)} #levels", metadata=trade | {"direction": "long"})
    await reader.client.put("/api/users/me/watchlist", json={"symbols": [symbol, "BTC-USD", "A" * 64]})
    await told(reader, f"/api/symbols/{symbol}", '"posts_count":2')
    tab = await open_tab("#/", user=reader, bypass_csp=True, viewport=WIDE)
    page = tab.page
    faults = []
    for place in ("#/explore?category=forex&category=fx", f"#/s/{symbol}", "#/watchlist"):
        await tab.go(place)
        await tab.wait_until_live()
        await page.get_by_role("button", name="Pin as a column").click()
    faults += await faults_of(page, "watchlist, columns")
    await page.get_by_role("button", name="Edit", exact=True).click()
    faults += await faults_of(page, "watchlist, edited")
    await tab.go(f"#/s/{symbol}")
    await tab.wait_until_live()
    faults += await faults_of(page, "symbol, columns")
    await tab.go(f"#/explore?market=otc&symbol={symbol}")
    await tab.wait_until_live()
    await page.get_by_role("button", name="More filters").click()
    faults += await faults_of(page, "filters")
    await tab.go("#/")
    await tab.wait_until_live()
    await page.locator("#page .composer").get_by_role("button", name="Add trade data").click()
    await page.get_by_label("Price").fill("a lot")
    await page.get_by_label("What is moving?").fill("now")
    await page.locator("#page .composer").get_by_role("button", name="Post", exact=True).click()
    await expect(page.get_by_role("alert").filter(has_text="Write the price")).to_be_visible()
    faults += await faults_of(page, "trade data")
    for width, zoom in ((320, "100%"), (390, "200%"), (1280, "200%")):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.evaluate("size => document.documentElement.style.fontSize = size", zoom)
        for place in ("#/search", "#/", f"#/explore?market=otc&symbol={symbol}", f"#/s/{symbol}", "#/watchlist"):
            await tab.go(place)
            await tab.wait_until_live()
            closed = page.locator("#page [aria-expanded=false]:visible")
            await closed.evaluate_all("all => all.forEach(one => one.click())")
            assert await page.evaluate("document.documentElement.scrollWidth") == width, (zoom, place)
        faults += await faults_of(page, f"at {width} px, text at {zoom}")

    assert faults == []
