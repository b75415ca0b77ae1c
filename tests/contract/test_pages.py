"""The pages that show the documents: whole, from here only, under a strict policy."""

import re

import httpx
import pytest

from x18.runtime.documents.pages import STATIC, TYPES

FILES = {path.name: TYPES[path.suffix] for path in STATIC.iterdir() if path.suffix in TYPES}
OWN = sorted(name for name in FILES if name.startswith("live"))


async def test_the_page_of_the_live_channel_has_what_its_scripts_need(api: httpx.AsyncClient) -> None:
    page = await api.get("/docs/live")

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in page.text
    scripts = "".join((STATIC / name).read_text() for name in OWN if name.endswith(".js"))
    wanted = set(re.findall(r'(?:at|getElementById)\("([a-z-]+)"\)', scripts))
    assert wanted
    for name in wanted:
        assert f'id="{name}"' in page.text, name
    for label in re.findall(r"<(?:input|select|textarea)[^>]*>", page.text):
        before = page.text[: page.text.index(label)]
        assert before.rindex("<label") > before.rindex("</label>") if "</label>" in before else "<label" in before


async def test_the_policy_allows_no_inline_script_and_no_other_host(api: httpx.AsyncClient) -> None:
    page = await api.get("/docs/live")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))

    assert policy["default-src"] == "'none'"
    for what in ("script-src", "style-src", "img-src", "connect-src"):
        assert policy[what] == "'self'"
    assert all(script.startswith('<script type="module" src=') for script in re.findall(r"<script[^>]*>", page.text))
    assert not re.search(r"<style|\son[a-z]+=|\sstyle=", page.text)


@pytest.mark.parametrize("name", ["live", *OWN])
async def test_nothing_of_it_is_asked_of_another_host(api: httpx.AsyncClient, name: str) -> None:
    answer = await api.get(f"/docs/{name}")

    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", answer.text.replace("// ", ""))
    assert "innerHTML" not in answer.text


@pytest.mark.parametrize("name", OWN)
async def test_its_files_have_their_types(api: httpx.AsyncClient, name: str) -> None:
    answer = await api.get(f"/docs/{name}")

    assert answer.headers["content-type"].split(";")[0] == FILES[name]
    for imported in re.findall(r'from "\./([^"]+)"', answer.text):
        assert imported in FILES


async def test_only_the_files_of_the_pages_are_served(api: httpx.AsyncClient) -> None:
    for path in (
        "/docs/live.html.bak",
        "/docs/live.html",
        "/docs/LICENSE-swagger-ui",
        "/docs/..%2fserve.py",
        "/docs/nothing.js",
    ):
        assert (await api.get(path)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/live", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/docs/live.js"]
)
async def test_its_files_are_sent_small_and_once(api: httpx.AsyncClient, path: str) -> None:
    plain = await api.get(path, headers={"Accept-Encoding": "identity"})
    zipped = await api.get(path)
    known = await api.get(path, headers={"If-None-Match": zipped.headers["etag"]})

    assert (plain.content, zipped.headers["content-encoding"]) == (zipped.content, "gzip")
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"]) == len(plain.content)
    assert (known.status_code, known.content) == (304, b"")
    assert "no-cache" in plain.headers["cache-control"] or "max-age" in plain.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/explore", "/u/anna", "/index.html", "/docs/nothing", "/apis", "/a/b/c/d?e=f", "/%22%3E%3Cscript%3E"]
)
async def test_a_person_who_is_lost_gets_a_page_with_a_way_home(api: httpx.AsyncClient, path: str) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = await api.get(path, headers={"Accept": browser})
    program = await api.get(path)

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<a href="/">' in page.text
    assert '<html lang="en">' in page.text
    assert "script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["vary"] == "Accept"
    assert (program.status_code, program.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/posts/00000000-0000-0000-0000-000000000001", "/storage/media/none.png"]
)
async def test_parts_of_the_api_answer_a_browser_as_everybody(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path, headers={"Accept": "text/html"})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
