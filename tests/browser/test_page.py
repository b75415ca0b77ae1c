"""What one can do on the console, and with what: mouse, keyboard, phone."""

import re
from uuid import UUID

from playwright.async_api import expect

from tests.browser.conftest import PHONE, OpenTab
from tests.browser.test_live_page import publish, texts
from tests.conftest import PASSWORD, MakeUser
from tests.files import picture, save
from tests.server import Server


async def test_one_registers_logs_out_and_in_again_by_e_mail(open_tab: OpenTab, make_user: MakeUser) -> None:
    name = (await make_user("name")).username + "x"
    tab = await open_tab()
    page = tab.page
    tab.expected_errors = ("409", "401")
    await page.locator("#account").get_by_role("button", name="Create account").click()
    await page.get_by_label("Username").fill(name[:-1])
    await page.get_by_label("E-mail").fill(f"{name}@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("dialog").get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("alert")).to_have_text("This username is taken; choose another.")
    await page.get_by_label("Username").fill(name)
    await page.get_by_role("dialog").get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", name="Home")).to_be_visible()

    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("button", name="Log out").click()
    await page.locator("#account").get_by_role("button", name="Log in").click()
    await page.get_by_label("Username or e-mail").fill(f" {name}@Example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("dialog").get_by_role("button", name="Log in").click()
    await expect(page.locator("#account")).to_contain_text(f"@{name}")


async def test_a_picture_is_posted_with_its_description(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    writing, reading = await open_tab("#/", user=author), await open_tab(f"#/u/{author.username}")
    composer = writing.page.locator("#page .composer")
    await composer.locator("input[type=file]").set_input_files(
        {"name": "chart.png", "mimeType": "image/png", "buffer": save(picture(), "PNG")}
    )
    await composer.get_by_label("Description of chart.png").fill("A chart that rises")
    await composer.get_by_role("button", name="Post", exact=True).click()

    image = reading.page.get_by_role("img", name="A chart that rises")
    await expect(image).to_be_visible()
    await image.evaluate("image => image.decode()")
    shown = await image.evaluate("image => [image.naturalWidth > 0, image.width <= image.getAttribute('width')]")
    assert shown == [True, True], "sharp, and not larger than it is"
    await expect(composer.locator("figure")).to_have_count(0)


async def test_likes_retweets_and_bookmarks_stay(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await publish(author, "worth it")
    tab = await open_tab(f"#/u/{author.username}", user=reader)
    for name in ("Like", "Retweet", "Bookmark"):
        async with tab.page.expect_response(f"**/{name.lower()}"):
            await tab.page.locator("article").get_by_role("button", name=name, exact=True).click()
        await expect(tab.page.get_by_role("button", name=f"{name}, 1 {name.lower()}")).to_have_attribute(
            "aria-pressed", "true"
        )
    await tab.go("#/bookmarks")

    await expect(texts(tab.page)).to_have_text(["worth it"])
    async with tab.page.expect_response("**/like"):
        await tab.page.get_by_role("button", name="Like, 1 like").click()
    await expect(tab.page.get_by_role("button", name="Like", exact=True)).to_have_attribute("aria-pressed", "false")
    answer = (await reader.client.get("/api/bookmarks")).json()["posts"][0]
    assert (answer["likes_count"], answer["is_retweeted"]) == (0, True)


async def test_editing_the_profile_keeps_what_was_changed_elsewhere(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    tab = await open_tab("#/", user=author)
    await author.client.patch("/api/users/me", json={"bio": "written on a phone\nin two lines"})
    await tab.go(f"#/u/{author.username}")
    await tab.wait_until_live()
    await tab.page.get_by_role("link", name="Edit profile").click()
    await tab.page.get_by_label("Name", exact=True).fill("Another name")
    await tab.page.get_by_role("button", name="Save").first.click()

    await expect(tab.page.locator("#account")).to_contain_text("Another name")
    await tab.page.locator("#account").get_by_role("link").click()
    await expect(tab.page.locator(".bio")).to_have_text("written on a phone\nin two lines")
    me = (await author.client.get("/api/users/me")).json()
    assert (me["display_name"], me["bio"]) == ("Another name", "written on a phone\nin two lines")


async def test_a_press_on_a_post_opens_it_and_its_deletion_leads_away(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    post_id = await publish(author, "many\n" * 40)
    page = (await open_tab(f"#/u/{author.username}", user=author)).page
    await page.locator("article .text").click()
    await expect(page).to_have_url(re.compile(f"#/p/{post_id}$"))
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Press again to delete").click()

    await expect(page.get_by_role("heading", name="Home")).to_be_visible()


async def test_what_could_not_be_read_is_read_again(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    await publish(author, "here after all")
    tab = await open_tab("#/explore")
    tab.expected_errors = ("ERR_FAILED",)
    await tab.page.route("**/api/users/**", lambda route: route.abort())
    await tab.go(f"#/u/{author.username}")
    await expect(tab.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    await tab.page.unroute("**/api/users/**")
    await tab.page.get_by_role("button", name="Try again").click()

    await expect(texts(tab.page)).to_have_text(["here after all"])


async def test_a_reply_stands_under_its_post(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    post_id = await publish(author, "question")
    watching, replying = (
        await open_tab(f"#/p/{post_id}", user=author),
        await open_tab(f"#/u/{author.username}", user=reader),
    )
    await replying.page.get_by_role("button", name="Reply").click()
    await replying.page.get_by_role("dialog").get_by_label("Reply to").fill("answer")
    await replying.page.get_by_role("dialog").get_by_role("button", name="Reply", exact=True).click()

    await expect(texts(watching.page)).to_have_text(["question", "answer"])


async def test_search_finds_traders_and_posts(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("finder")
    await publish(author, f"zebra{author.username} stripes")
    tab = await open_tab()
    field = tab.page.locator("#aside").get_by_role("searchbox")
    await field.fill(author.username)
    await field.press("Enter")
    await expect(tab.page.locator(".people .handle").first).to_have_text(f"@{author.username}")
    await tab.go(f"#/search?q=zebra{author.username}")

    await expect(texts(tab.page)).to_have_text([f"zebra{author.username} stripes"])


async def test_names_are_offered_while_one_writes(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, friend = await make_user("author"), await make_user("friend")
    tab = await open_tab("#/", user=author)
    area = tab.page.get_by_label("What is moving?")
    await area.press_sequentially(f"thanks @{friend.username[:-2]}")
    await expect(tab.page.get_by_role("option").first).to_contain_text(f"@{friend.username}")
    await area.press("Enter")

    await expect(area).to_have_value(f"thanks @{friend.username} ")


async def test_the_keyboard_is_enough(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, reader = await make_user("author"), await make_user("reader")
    await publish(author, "first")
    await publish(author, "second")
    page = (await open_tab(f"#/u/{author.username}", user=reader)).page
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator("article", has_text="first")).to_be_focused()
    await page.keyboard.press("l")
    await expect(page.locator("article", has_text="first").get_by_role("button", name="Like, 1 like")).to_be_visible()
    await page.keyboard.press("n")
    await page.keyboard.type("by hand")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("g")
    await page.keyboard.press("h")

    await expect(texts(page)).to_have_text(["by hand"])


async def test_a_phone_shows_all_of_it(open_tab: OpenTab, make_user: MakeUser) -> None:
    long = await make_user("as_long_as_names_may_be_here_x", display_name="Very long " * 10, bio="y" * 400)
    author = await make_user("author")
    await publish(author, "A word that is long: " + "x" * 200)
    await long.client.post(f"/api/posts/{await publish(author, f'@{long.username}')}/retweet")
    await author.client.post(f"/api/users/{long.id}/follow")
    tab = await open_tab("#/", user=author, viewport=PHONE, has_touch=True, is_mobile=True)
    page = tab.page
    for place in (
        "#/", "#/explore", "#/search", f"#/search?q={long.username}", "#/notifications",
        f"#/u/{author.username}/following", f"#/u/{long.username}", f"#/u/{author.username}",
    ):  # fmt: skip
        await tab.go(place)
        await tab.wait_until_live()
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], place
    await page.get_by_role("button", name="New post").tap()
    await page.get_by_role("dialog").get_by_label("What is moving?").fill("from the train")
    await page.get_by_role("dialog").get_by_role("button", name="Post", exact=True).tap()
    await expect(texts(page).first).to_have_text("from the train")
    await page.get_by_role("link", name="Settings").tap()
    await page.get_by_role("button", name="Protocol inspector").tap()
    box = await page.locator(".inspector").bounding_box()

    assert box == {"x": 0, "y": 0, **PHONE}


async def test_an_expired_token_is_renewed_and_a_log_out_holds_in_all_tabs(
    open_tab: OpenTab, make_user: MakeUser, server: Server
) -> None:
    user = await make_user("user")
    tab = await open_tab("#/", user=user)
    await tab.page.evaluate(
        "localStorage.setItem('x18.session', JSON.stringify({...JSON.parse(localStorage.getItem('x18.session')), until: 0}))"
    )
    await tab.page.reload()
    await tab.wait_until_live()
    kept = await tab.page.evaluate("JSON.parse(localStorage.getItem('x18.session'))")
    assert kept["refresh"] != user.refresh_token
    second = await tab.page.context.new_page()
    await second.goto(f"{server.url}/#/settings")
    await second.get_by_role("button", name="Log out").click()

    await expect(tab.page.locator("#account").get_by_role("button", name="Log in")).to_be_visible()
    await expect(tab.page.locator("html[data-live=live]")).to_be_attached()


async def test_a_post_that_is_not_there_has_no_replies_either(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    post_id = (await author.client.post("/api/posts", json={"content": "here"})).json()["id"]
    tab = await open_tab(f"#/p/{post_id}")
    heading = tab.page.get_by_role("heading", name="Replies")
    await expect(heading).to_be_visible()
    tab.expected_errors = ("404",)
    await tab.go(f"#/p/{UUID(int=7)}")

    await expect(tab.page.get_by_role("alert")).to_contain_text("No such post")
    await expect(heading).to_be_hidden()
