"""Posts and people on the console: how they read, how pictures are looked at, what is shared, and where one sets oneself up."""

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, OpenTab
from tests.browser.test_live_page import publish, texts
from tests.conftest import MakeUser
from tests.files import picture, save


def chart(name: str = "a.png") -> dict[str, object]:
    return {"name": name, "mimeType": "image/png", "buffer": save(picture(), "PNG")}


async def directions(page: Page, selector: str) -> list[str]:
    """In which direction elements read."""
    return [
        str(one)
        for one in await page.locator(selector).evaluate_all("all => all.map(one => getComputedStyle(one).direction)")
    ]


async def test_what_a_person_wrote_reads_in_its_own_direction(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author", display_name="משה", bio="שלום $TEVA", location="תל אביב")
    reader = await make_user("reader")
    await publish(author, f"$TEVA קונה ב 12.5 דולר #בורסה @{reader.username}")
    tab = await open_tab(f"#/u/{author.username}", user=reader)

    for selector in (".bio", ".profile h2 span", ".who span", "article .text", "article .name"):
        assert set(await directions(tab.page, selector)) == {"rtl"}, selector
    assert await directions(tab.page, "article .symbol, article .user, article .handle") == ["ltr"] * 3
    await tab.go("#/notifications")
    await tab.wait_until_live()
    assert await directions(tab.page, ".note .quote") == ["rtl"]
    await tab.go(f"#/search?q={author.username}")
    await tab.wait_until_live()
    assert (await directions(tab.page, "#page .person .name, #page .person .body p"))[:2] == ["rtl", "rtl"]
    await tab.go("#/")
    await tab.page.get_by_label("What is moving?").fill("שלום")
    assert await directions(tab.page, "#page textarea") == ["rtl"]


async def test_a_text_takes_the_lines_that_it_needs_and_opens_in_place(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author", bio="I read #macro, $BTC-USD and example.com with @somebody")
    await publish(author, "short")
    await publish(author, "a\n\n \n\u200b\n\n\n\n\n\n\n\n\n\n\n\nb")
    await publish(author, "line\n" * 40 + "the end")
    tab = await open_tab(f"#/u/{author.username}")
    long, blank, short = (texts(tab.page).nth(at) for at in range(3))

    await expect(blank).to_have_text("a\n\nb")
    line = (await short.bounding_box() or {})["height"]
    assert round((await blank.bounding_box() or {})["height"] / line) == 3
    more = tab.page.get_by_role("button", name="Show more")
    await expect(more).to_have_count(1)
    before = (await long.bounding_box() or {})["height"]
    await more.click()
    assert (await long.bounding_box() or {})["height"] > before + 20 * line
    less = tab.page.get_by_role("button", name="Show less")
    await expect(less).to_be_focused()
    await less.click()
    assert (await long.bounding_box() or {})["height"] == before
    await expect(tab.page).to_have_url(re.compile(f"#/u/{author.username}$"))
    links = await tab.page.locator(".bio a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert links == ["#/t/macro", "#/s/BTC-USD", "https://example.com", "#/u/somebody"]


async def test_a_change_of_name_reaches_all_places_of_all_tabs(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    await fan.client.post(f"/api/users/{author.id}/follow")
    post_id = await publish(author, "mine")
    await publish(fan, "an answer", reply_to_id=post_id)
    mine, theirs = await open_tab("#/", user=author), await open_tab("#/", user=fan)
    await expect(theirs.page.locator(".why")).to_have_text(f"Replying to @{author.username}")
    await mine.go(f"#/u/{author.username}")
    await mine.wait_until_live()
    new = {"display_name": "Somebody Else", "username": author.username + "_2", "bio": "New words"}
    assert (await author.client.patch("/api/users/me", json=new)).status_code == 200

    for tab in (mine, theirs):
        card = tab.page.locator("article", has_text="mine")
        await expect(card.locator(".names")).to_have_text(f"Somebody Else@{new['username']}")
        await expect(card.locator(".name")).to_have_attribute("href", f"#/u/{new['username']}")
    await expect(mine.page.locator("#account")).to_contain_text("Somebody Else")
    await expect(mine.page.locator(".profile")).to_contain_text("New words")
    await expect(theirs.page.locator(".why")).to_have_text(f"Replying to @{new['username']}")


async def test_what_is_retweeted_stands_in_home_once(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, friend, reader = await make_user("author"), await make_user("friend"), await make_user("reader")
    for followee in (author, friend):
        await reader.client.post(f"/api/users/{followee.id}/follow")
    post_id = await publish(author, "first")
    await publish(author, "second")
    tab = await open_tab("#/", user=reader)
    async with tab.page.expect_response("**/retweet"):
        await tab.page.locator("article", has_text="first").get_by_role("button", name="Retweet").click()
    await tab.page.evaluate("document.activeElement.blur()")  # what one is at does not move
    await publish(author, "third")
    await expect(texts(tab.page)).to_have_text(["third", "second", "first"])
    await friend.client.post(f"/api/posts/{post_id}/retweet")

    await expect(texts(tab.page)).to_have_text(["first", "third", "second"])
    await expect(tab.page.locator(".why")).to_have_text(f"{friend.username} retweeted")


async def test_pictures_are_looked_at_in_place(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    ids = []
    for words in ("First chart", "Second chart", ""):
        upload = await author.client.post(
            "/api/media/upload", files={"file": ("a.png", save(picture(), "PNG"))}, data={"alt_text": words}
        )
        ids.append(upload.json()["id"])
    post_id = await publish(author, "three", media_ids=ids)
    tab = await open_tab(f"#/u/{author.username}", viewport=PHONE, has_touch=True, is_mobile=True)
    page = tab.page
    opener = page.locator(".media a").first
    await opener.click()
    viewer = page.get_by_role("dialog", name="Pictures and videos")
    await expect(viewer.get_by_role("heading")).to_have_text("Picture, 1 of 3")
    await expect(viewer.get_by_role("img", name="First chart")).to_be_visible()
    await expect(viewer.locator("figcaption")).to_contain_text("First chart")
    await page.keyboard.press("ArrowRight")
    await expect(viewer.get_by_role("img", name="Second chart")).to_be_visible()
    await viewer.get_by_role("button", name="Next").click()
    await expect(viewer.get_by_role("img", name="Picture without a description")).to_be_visible()
    for x, number in ((-120, 1), (120, 3)):
        await page.locator(".stage").evaluate(
            """(stage, x) => {
                const touch = (at) => new Touch({ identifier: 1, target: stage, clientX: 200 + at, clientY: 300 });
                stage.dispatchEvent(new TouchEvent("touchstart", { touches: [touch(0)], changedTouches: [touch(0)] }));
                stage.dispatchEvent(new TouchEvent("touchend", { touches: [], changedTouches: [touch(x)] }));
            }""",
            x,
        )
        await expect(viewer.get_by_role("heading")).to_have_text(f"Picture, {number} of 3")
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await page.keyboard.press("Escape")
    await expect(viewer).to_have_count(0)
    await expect(opener).to_be_focused()

    await tab.go(f"#/u/{author.username}?show=media")
    await tab.wait_until_live()
    await page.locator(".album a").last.click()
    await viewer.get_by_role("link", name="Open the post").click()
    await expect(page).to_have_url(re.compile(f"#/p/{post_id}$"))
    await expect(viewer).to_have_count(0)


async def test_the_link_of_a_post_is_handed_on(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    post_id = await publish(author, "worth it")
    tab = await open_tab(f"#/u/{author.username}", permissions=["clipboard-read", "clipboard-write"])
    await tab.page.keyboard.press("j")
    await tab.page.keyboard.press("s")
    await expect(tab.page.locator("#toasts")).to_have_text("Link copied.")
    assert await tab.page.evaluate("navigator.clipboard.readText()") == f"{tab.url}/#/p/{post_id}"

    await tab.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')) }")
    await tab.page.locator(".profile").get_by_role("button", name="Copy link").click()
    field = tab.page.get_by_role("dialog").get_by_label("Link", exact=True)
    await expect(field).to_have_value(f"{tab.url}/#/u/{author.username}")

    phone = await open_tab(f"#/p/{post_id}", viewport=PHONE, has_touch=True, is_mobile=True)
    await phone.page.evaluate("() => { navigator.share = async (what) => { window.shared = what } }")
    await phone.go(f"#/u/{author.username}")
    await phone.wait_until_live()
    await phone.page.locator("article").get_by_role("button", name="Share").tap()
    assert await phone.page.evaluate("window.shared") == {"url": f"{tab.url}/#/p/{post_id}"}


async def test_one_sets_oneself_up_on_a_page(open_tab: OpenTab, make_user: MakeUser) -> None:
    user = await make_user("user")
    tab = await open_tab("#/settings", user=user)
    page = tab.page
    tab.expected_errors = ("409",)
    for label, word in (("File of the picture", "picture"), ("File of the header", "header")):
        await page.get_by_label(label).set_input_files(chart())
        await expect(page.locator("#toasts")).to_contain_text(f"Your {word} is changed.")
    await expect(page.locator("#account img.avatar")).to_be_visible()
    profile = page.get_by_role("region", name="Profile")
    await profile.get_by_label("Name").fill("A New Name")
    await profile.get_by_label("Website").fill("example.com/me")
    await profile.get_by_label("Only followers see my posts (anyone can follow me)").check()
    await profile.get_by_role("button", name="Save").click()
    await expect(page.locator("#toasts")).to_contain_text("Saved.")
    account = page.get_by_role("region", name="Account")
    await account.get_by_label("Username").fill((await make_user("taken")).username)
    await account.get_by_role("button", name="Save").click()
    await expect(account.get_by_role("alert")).to_contain_text("taken")
    await account.get_by_label("Username").fill(user.username + "_2")
    await account.get_by_role("button", name="Save").click()
    await expect(page.locator("#account")).to_contain_text(f"@{user.username}_2")
    await page.get_by_label("Dark").check()
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"

    await page.locator("#account").get_by_role("link").click()
    head = page.get_by_role("region", name="Profile")
    await expect(head.locator(".banner img")).to_be_visible()
    await expect(head).to_contain_text("A New Name")
    await expect(head.get_by_role("link", name="example.com/me")).to_have_attribute("href", "https://example.com/me")
    await expect(head).to_contain_text(re.compile(r"Joined \w+ 20\d\d"))
    me = (await user.client.get("/api/users/me")).json()
    assert (me["private_account"], me["username"], me["avatar_url"][:15]) == (
        True,
        user.username + "_2",
        "/storage/media/",
    )


async def test_search_and_tools_are_reached_at_any_width(open_tab: OpenTab) -> None:
    tab = await open_tab("#/explore", viewport={"width": 900, "height": 700})
    await tab.page.keyboard.press("/")
    await expect(tab.page.locator("#page").get_by_role("searchbox")).to_be_focused()
    await tab.go("#/settings")
    await tab.page.get_by_role("button", name="Keyboard").press("Enter")
    await expect(tab.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await tab.page.keyboard.press("Escape")
    await tab.page.get_by_role("button", name="Protocol inspector").press("Enter")
    await expect(tab.page.get_by_role("heading", name="Protocol inspector")).to_be_visible()
