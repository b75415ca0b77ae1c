"""The pages that show the documents: all that these tell, from here only, light, and under a strict policy."""

import re
from collections import Counter
from html.parser import HTMLParser

import httpx
import pytest

from x18.runtime.documents.markup import VOID, inline, prose, tag
from x18.runtime.documents.pages import STATIC
from x18.runtime.documents.reading import fields

PAGES = ["/docs", "/docs/live"]
MAX_BYTES = 45_000
"""Of a page with all that it needs, compressed. Swagger UI alone took 520,000."""
MAX_REQUESTS = 12
WELL_FORMED = VOID | {"meta", "link", "!doctype"}


class Reader(HTMLParser):
    """The elements of a page, and what is wrong with their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.faults: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in WELL_FORMED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def all(self, name: str) -> list[str]:
        """The values of an attribute."""
        return [str(attributes[name]) for _, attributes in self.elements if name in attributes]


async def read(api: httpx.AsyncClient, path: str) -> Reader:
    return Reader((await api.get(path)).text)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_whole_and_every_link_leads_somewhere(api: httpx.AsyncClient, path: str) -> None:
    page = await read(api, path)
    ids = page.all("id")

    assert (page.faults, page.open) == ([], [])
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    for reference in ("aria-labelledby", "aria-describedby", "for"):
        assert set(page.all(reference)) <= set(ids)
    for address in {*page.all("href"), *page.all("src")}:
        assert re.match("#|/(?!/)", address), "nothing is asked of another host"
        if address.startswith("#"):
            assert address[1:] in ids, address
        else:
            assert (await api.get(address)).status_code == 200, address


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_says_what_it_is(api: httpx.AsyncClient, path: str) -> None:
    page = await read(api, path)
    meta = {attributes.get("name"): attributes.get("content") for name, attributes in page.elements if name == "meta"}

    assert ("html", {"lang": "en"}) in page.elements
    assert 50 < len(str(meta["description"])) < 160
    assert meta["viewport"] == "width=device-width, initial-scale=1, viewport-fit=cover"
    assert [name for name, _ in page.elements].count("h1") == 1
    assert {"/", *PAGES} <= set(page.all("href"))
    [current] = [attributes["href"] for _, attributes in page.elements if attributes.get("aria-current") == "page"]
    assert current == path


async def test_every_operation_is_shown_with_all_that_is_told_of_it_and_a_box(api: httpx.AsyncClient) -> None:
    text = (await api.get("/docs")).text
    document = (await api.get("/openapi.json")).json()
    shown = {
        name: part
        for part, name in re.findall(
            r'<details class="operation">(<summary>.*?<div class="inside" id="(\w+)">.*?</form>)', text, re.DOTALL
        )
    }
    told = {
        operation["operationId"]: (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }

    assert shown.keys() == told.keys()
    for name, (method, path, operation) in told.items():
        part = shown[name]
        assert f'data-method="{method.upper()}" data-path="{path}"' in part
        assert f"<code>{path}</code>" in part
        for status in operation["responses"]:
            assert f"<dt><code>{status}</code></dt>" in part, (name, status)
        for parameter in operation.get("parameters", []):
            assert f"<dt><code>{parameter['name']}</code>" in part, (name, parameter)
            assert re.search(rf'name="{parameter["name"]}"[^>]* data-in="{parameter["in"]}"', part), (name, parameter)
        for media_type in operation.get("requestBody", {}).get("content", {}):
            assert media_type in part
            assert 'data-in="body"' in part or 'data-in="form"' in part
        if "security" in operation:
            assert ("token optional" in part) == ({} in operation["security"])
            assert '<span class="note">token' in part
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in text


async def test_every_message_topic_code_and_limit_is_shown(api: httpx.AsyncClient) -> None:
    text = (await api.get("/docs/live")).text
    document = (await api.get("/asyncapi.json")).json()
    messages = document["components"]["messages"]

    for message in messages.values():
        assert f'<div class="inside" id="message-{message["name"]}">' in text
    for name in document["components"]["schemas"].keys() - messages.keys():
        assert f'id="schema-{name}"' in text
    for code in document["x-close-codes"]:
        assert f'id="close-{code["code"]}"' in text
    for part, key in (("x-topics", "name"), ("x-error-codes", "code"), ("x-limits", "name")):
        for entry in document[part]:
            assert f"<dt><code>{tag('i', entry[key])[3:-4]}</code></dt>" in text, entry
    assert re.findall(r"<option>(/[a-z/]+)</option>", text) == ["/ws", "/ws/notifications", "/api/ws"]


@pytest.mark.parametrize("path", ["/", *PAGES, "/nowhere"])
async def test_the_policy_allows_no_inline_script_no_markup_from_text_and_no_other_host(
    api: httpx.AsyncClient, path: str
) -> None:
    page = await api.get(path, headers={"Accept": "text/html"})
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))

    assert policy["default-src"] == "'none'"
    for what in ("script-src", "style-src", "connect-src"):
        assert policy[what] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["trusted-types"] == "'none'"
    assert all("></script>" in script for script in re.findall(r"<script[^>]*>[^<]*</script>", page.text))
    assert not re.search(r"<style|\son[a-z]+=|\sstyle=", page.text)


async def needed_by(api: httpx.AsyncClient, path: str) -> dict[str, httpx.Response]:
    """A page and all that it asks for by itself, modules of modules too."""
    found = {path: await api.get(path)}
    waiting = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', found[path].text)
    while waiting:
        address = waiting.pop()
        if address not in found:
            found[address] = await api.get(address)
            for imported in re.findall(r'from "([^"]+)"', found[address].text):
                waiting.append(imported if imported.startswith("/") else f"{address.rpartition('/')[0]}/{imported[2:]}")
    return found


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_light_and_kept_for_ever_but_for_itself(api: httpx.AsyncClient, path: str) -> None:
    needed = await needed_by(api, path)
    sizes = {address: int(answer.headers["content-length"]) for address, answer in needed.items()}

    assert len(needed) <= MAX_REQUESTS, needed
    assert sum(sizes.values()) < MAX_BYTES, sizes
    for address, answer in needed.items():
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.headers["content-type"].startswith("text/") and address != path:
            assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", answer.text.replace("http://www.w3.org", ""))
        assert "innerHTML" not in answer.text
        wanted = "no-cache" if address == path else "public, max-age=31536000, immutable"
        assert answer.headers["cache-control"] == wanted
    assert "no-cache" in (await api.get("/docs/another-version/docs.css")).headers["cache-control"]


async def test_its_files_have_their_types_and_only_they_are_served(api: httpx.AsyncClient) -> None:
    for name, media_type in (("docs.css", "text/css"), ("rest.js", "text/javascript")):
        assert (await api.get(f"/docs/x/{name}")).headers["content-type"].startswith(media_type)
    for path in (
        "/docs/x/page.html",
        "/docs/x/..%2fserve.py",
        "/docs/x/nothing.js",
        "/docs/rest.js",
        "/console/x/index.html",
    ):
        assert (await api.get(path)).status_code == 404
    assert not [path for path in STATIC.iterdir() if path.suffix not in (".css", ".js", ".html")]


@pytest.mark.parametrize(
    "path", ["/", *PAGES, "/openapi.json", "/asyncapi.json", "/docs/x/rest.js", "/console/x/icon.svg"]
)
async def test_what_is_made_at_the_start_is_sent_small_where_that_is_taken(api: httpx.AsyncClient, path: str) -> None:
    plain = await api.get(path, headers={"Accept-Encoding": "identity"})
    zipped = await api.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})

    assert (plain.content, zipped.headers["content-encoding"]) == (zipped.content, "gzip")
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"]) == len(plain.content)
    assert plain.headers["etag"] != zipped.headers["etag"], "two forms of one thing have two tags"
    for answer in (plain, zipped):
        assert answer.headers["vary"] == "Accept-Encoding"
        known = await api.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["vary"] == "Accept-Encoding"
    for refused in ("", "gzip;q=0", "gzip; q=0.000, br", "identity", "br"):
        answer = await api.get(path, headers={"Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers, refused


async def test_the_document_of_the_channel_says_where_it_was_read(api: httpx.AsyncClient) -> None:
    for host in ("x18.example", "127.0.0.1:80"):
        zipped = await api.get("/asyncapi.json", headers={"Host": host})
        plain = await api.get("/asyncapi.json", headers={"Host": host, "Accept-Encoding": "identity"})
        assert zipped.json()["servers"]["here"]["host"] == host
        assert zipped.json() == plain.json()
    other = await api.get("/asyncapi.json", headers={"Host": "other.example"})
    assert other.headers["etag"] != zipped.headers["etag"]


async def test_answers_of_the_api_are_not_compressed_for_each_reader(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/timeline/explore?limit=100")

    assert "content-encoding" not in answer.headers


def test_what_is_told_is_never_markup() -> None:
    evil = "<img src=x onerror=alert(1)>\"'&"
    safe = "&lt;img src=x onerror=alert(1)&gt;"

    for made in (
        tag("p", evil),
        inline(evil),
        inline(f"`{evil}`"),
        prose(evil),
        fields({"properties": {evil: {"type": evil}}}),
    ):
        assert safe in made
        assert "<img" not in made
    assert tag("p", title=evil) == '<p title="&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;"></p>'
    assert inline("[x](javascript:alert)") == "[x](javascript:alert)"
    assert inline("[`a`](/docs) `b`") == '<a href="/docs"><code>a</code></a> <code>b</code>'


async def test_a_browser_that_asks_for_an_icon_gets_one(api: httpx.AsyncClient) -> None:
    icon = await api.get("/favicon.ico")

    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/x-icon")
    assert icon.content.startswith(b"\0\0\1\0")
