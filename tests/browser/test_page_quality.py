"""What holds on every view: accessible, light, safe."""

import asyncio
from typing import Any

import httpx
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Response, expect

from tests.browser.conftest import PHONE, OpenTab
from tests.browser.test_live_page import publish, texts
from tests.conftest import MakeUser
from tests.files import picture, save
from tests.server import Server
from x18.console.controller import STATIC

MAX_FIRST_LOAD_BYTES = 80_000
MAX_READABLE = 24
"""How soon it is usable is measured by benchmarks/console.py."""
MAX_CARDS = 120


async def test_no_view_has_an_accessibility_fault(open_tab: OpenTab, make_user: MakeUser) -> None:
    author, fan = await make_user("author"), await make_user("fan")
    upload = await author.client.post(
        "/api/media/upload", files={"file": ("a.png", save(picture(), "PNG"))}, data={"alt_text": "Chart"}
    )
    metadata = {"symbol": f"{author.username[-9:]}", "category": "crypto"}
    content = f"Long $BTC-USD #{author.username} @{fan.username}"
    post_id = await publish(author, content, media_ids=[upload.json()["id"]], metadata=metadata)
    await publish(fan, "a reply", reply_to_id=post_id)
    await publish(author, "for followers", visibility="followers")
    await fan.client.post(f"/api/users/{author.id}/follow")
    for action in ("like", "retweet", "bookmark"):
        await fan.client.post(f"/api/posts/{post_id}/{action}")
        await author.client.post(f"/api/posts/{post_id}/{action}")
    options: dict[str, Any] = {
        "bypass_csp": True,
        "reduced_motion": "reduce",
        "viewport": {"width": 1280, "height": 600},
    }
    stranger = await open_tab(f"#/u/{author.username}", **options)
    tab = await open_tab("#/", user=author, **options)
    await stranger.page.locator("#account").get_by_role("button", name="Create account").click()
    faults = await faults_of(stranger.page, "register")
    for place in (
        "#/", "#/notifications", "#/bookmarks", f"#/search?q={author.username}", f"#/t/{author.username}",
        f"#/p/{post_id}", f"#/u/{author.username}", f"#/u/{author.username}/followers", "#/nowhere",
        f"#/u/{author.username}?show=posts", f"#/u/{author.username}?show=media", "#/settings",
    ):  # fmt: skip
        await tab.go(place)
        await tab.wait_until_live()
        faults += await faults_of(tab.page, place)
    for name in ("copy the link", "keys"):
        await tab.go(f"#/p/{post_id}")
        await tab.wait_until_live()
        await tab.page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error()))")
        await tab.page.keyboard.press("j")
        await tab.page.keyboard.press("s" if name == "copy the link" else "?")
        await expect(tab.page.get_by_role("dialog")).to_be_visible()
        faults += await faults_of(tab.page, name)
        await tab.page.keyboard.press("Escape")
    await tab.go("#/")
    await tab.page.keyboard.press("i")
    await tab.page.get_by_label("What is moving?").fill("Now $BTC-USD and @" + author.username[:-2])
    await tab.page.locator("#page input[type=file]").set_input_files(
        {"name": "chart.png", "mimeType": "image/png", "buffer": save(picture(), "PNG")}
    )
    await expect(tab.page.get_by_role("option").first).to_be_visible()
    faults += await faults_of(tab.page, "composing, inspecting")
    await tab.page.set_viewport_size(PHONE)
    faults += await faults_of(tab.page, "inspecting on a phone")
    await tab.page.get_by_role("button", name="Close the inspector").click()
    faults += await faults_of(tab.page, "phone")

    assert faults == [], "\n".join(faults)


MORE_RULES = {name: {"enabled": True} for name in ("label-content-name-mismatch", "target-size")}
"""Which axe leaves out unless it is asked."""


async def faults_of(page: Page, place: str) -> list[str]:
    """What axe finds, a line each: all of its rules in the light theme, and in the dark one what depends on colours."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(Axe().axe_script)
    faults = []
    for theme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast", "link-in-text-block"]})):
        await page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found = await page.evaluate(
            "options => axe.run(options)", {"resultTypes": ["violations"], "rules": MORE_RULES, **rules}
        )
        for fault in found["violations"]:
            faults += [
                f"{place}, {theme}: {fault['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
                for node in fault["nodes"]
            ]
    return faults


async def test_the_first_load_is_small(browser: Browser, server: Server, make_user: MakeUser) -> None:
    author = await make_user("author")
    await asyncio.gather(*(publish(author, f"post {number}") for number in range(30)))
    context = await browser.new_context()
    page = await context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    await page.goto(server.url)
    await expect(page.locator("article").first).to_be_visible()
    sizes = {answer.url: int(await answer.header_value("content-length") or 0) for answer in answers}
    own = {url: size for url, size in sizes.items() if "/api/" not in url}
    await page.reload()
    await expect(page.locator("article").first).to_be_visible()
    await context.close()

    assert sum(own.values()) < MAX_FIRST_LOAD_BYTES, own
    assert len(own) > 10


async def test_files_are_kept_and_asked_for_again(api: httpx.AsyncClient) -> None:
    page = await api.get("/")
    script = page.text.split('type="module" src="')[1].split('"')[0]
    file = await api.get(script)
    plain = await api.get(script, headers={"Accept-Encoding": "identity"})

    assert page.headers["cache-control"] == "no-cache"
    assert (await api.get("/", headers={"If-None-Match": page.headers["etag"]})).status_code == 304
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["content-encoding"] == "gzip"
    assert plain.text == file.text
    assert "content-encoding" not in plain.headers
    other = await api.get("/console/another-version/app.js")
    assert (other.text, other.headers["cache-control"]) == (file.text, "no-cache")
    assert (await api.get("/console/x/controller.py")).status_code == 404
    head = await api.head("/")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", page.headers["etag"])


async def test_scripts_and_styles_come_without_comments_but_on_their_lines(api: httpx.AsyncClient) -> None:
    for name in ("app.js", "feed.js", "shell.css"):
        sent, written = (await api.get(f"/console/any/{name}")).text, (STATIC / name).read_text()
        assert sent.count("\n") == written.count("\n")
        assert not [line for line in sent.splitlines() if line.startswith((" ", "//", "/*"))]
        assert len(sent) < len(written)
    assert (await api.get("/console/any/live.js")).text == (STATIC / "live.js").read_text()


async def test_what_people_write_is_never_markup_or_code(open_tab: OpenTab, make_user: MakeUser) -> None:
    evil = "<img src=x onerror='window.broken=1'><script>window.broken=1</script>"
    author = await make_user("author", display_name=evil[:90], bio=evil, avatar_url="https://elsewhere.example/a.png")
    await publish(author, evil, metadata={"symbol": "<b>x", "category": "<i>"})
    tab = await open_tab(f"#/u/{author.username}")
    await expect(texts(tab.page)).to_have_text([evil])

    assert await tab.page.evaluate("window.broken") is None
    assert await tab.page.locator("#page img, #page script").count() == 0
    tab.expected_errors = ("TrustedHTML", "Trusted Type")
    refused = await tab.page.evaluate(
        "(() => { try { document.body.innerHTML = '<p>' } catch (e) { return e.name } })()"
    )
    assert refused == "TypeError"


async def test_many_posts_do_not_grow_the_page_and_older_ones_are_loaded_again(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author = await make_user("author")
    tab = await open_tab(f"#/u/{author.username}")
    made = []
    for _ in range(3):
        new = await asyncio.gather(*(publish(author, "one of many") for _ in range(48)))
        async with asyncio.timeout(30):
            while not set(new) <= set(await shown(tab.page)):
                await tab.page.locator(".pill:visible").evaluate_all("pills => pills.forEach(pill => pill.click())")
        made += new
    assert await tab.page.locator("article").count() <= MAX_CARDS

    for _ in range(3):
        await tab.page.locator("article").last.scroll_into_view_if_needed()
        await tab.page.mouse.wheel(0, 3000)
    await expect(tab.page.locator("article")).to_have_count(len(made))
    assert sorted(await shown(tab.page)) == sorted(made)


async def shown(page: Page) -> list[str]:
    """The ids of the posts on the page."""
    return [str(one) for one in await page.locator("article").evaluate_all("all => all.map(one => one.dataset.post)")]


async def test_at_the_top_posts_slide_in_until_they_are_more_than_one_can_read(
    open_tab: OpenTab, make_user: MakeUser
) -> None:
    author = await make_user("author")
    tab = await open_tab(f"#/u/{author.username}")
    await tab.page.clock.set_fixed_time("2026-01-01")  # all that follows comes within the same three seconds
    made = await asyncio.gather(*(publish(author, f"{number}") for number in range(MAX_READABLE)))
    await expect(texts(tab.page)).to_have_count(MAX_READABLE)
    await expect(tab.page.locator(".pill")).to_be_hidden()
    await publish(author, "too many")
    await expect(tab.page.get_by_role("button", name="1 new")).to_be_visible()

    assert sorted(await shown(tab.page)) == sorted(made)
    pill = await tab.page.locator(".pill").bounding_box()
    first = await tab.page.locator("article").first.bounding_box()
    assert pill
    assert first
    assert pill["y"] + pill["height"] <= first["y"]


async def test_a_flood_waits_behind_the_pill(open_tab: OpenTab, make_user: MakeUser) -> None:
    author = await make_user("author")
    await publish(author, "before")
    tab = await open_tab(f"#/u/{author.username}")
    await tab.page.clock.set_fixed_time("2026-01-01")  # a flood also where the machine is slow
    await asyncio.gather(*(publish(author, f"{number}") for number in range(90)))
    await expect(tab.page.locator(".pill")).to_contain_text("new")
    await tab.page.locator(".pill").click()
    newest = (await author.client.get("/api/timeline/home?limit=1")).json()["posts"][0]["content"]

    await expect(texts(tab.page).first).to_have_text(newest)
    assert await tab.page.locator("article").count() <= MAX_CARDS
