"""Addresses where nothing is: a person is led on, a program is told."""

import re

import httpx
import pytest

from x18.console.controller import STATIC
from x18.runtime.lost import MEANT

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
UNKNOWN = [
    "/nothing", "/docs/nothing", "/docs/live/x", "/apis", "/a/b/c/d?e=f", "/%22%3E%3Cscript%3Ealert(1)", "/u", "/u/", "/s/",
    "/explorer", "/%F0%9F%9A%80", "//evil.example/explore", "/x" + "y" * 4000,
]  # fmt: skip


@pytest.mark.parametrize("path", UNKNOWN)
async def test_a_person_who_is_lost_gets_a_page_with_a_way_home(api: httpx.AsyncClient, path: str) -> None:
    page = await api.get(f"{api.base_url}{path}", headers={"Accept": BROWSER})
    program = await api.get(f"{api.base_url}{path}")

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert page.text == (await api.get("/nothing", headers={"Accept": BROWSER})).text, "nothing of the address is in it"
    assert '<a class="primary" href="/">' in page.text
    assert '<html lang="en">' in page.text
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert (program.status_code, program.headers["content-type"]) == (404, "application/problem+json")
    assert page.headers["vary"] == program.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/explore", "/#/explore"),
        ("/explore/", "/#/explore"),
        ("/u/anna", "/#/u/anna"),
        ("/u/anna/followers", "/#/u/anna/followers"),
        ("/s/BTC-USD", "/#/s/BTC-USD"),
        ("/t/%C3%BCber", "/#/t/%C3%BCber"),
        ("/search?q=a%20b&in=7d", "/#/search?q=a%20b&in=7d"),
        ("/search?q=%22%3E<script>", "/#/search?q=%22%3E%3Cscript%3E"),
        ("/t/%0d%0aSet-Cookie:%20a=b", "/#/t/%0D%0ASet-Cookie%3A%20a%3Db"),
        ("/t/a%3Fb%23c", "/#/t/a%3Fb%23c"),
        ("/index.html", "/"),
    ],
)
async def test_who_means_a_page_of_the_console_is_sent_there(api: httpx.AsyncClient, path: str, place: str) -> None:
    person = await api.get(path, headers={"Accept": BROWSER})
    program = await api.get(path)

    assert (person.status_code, person.headers["location"]) == (302, place)
    assert person.headers["vary"] == "Accept"
    assert program.status_code == 404


def test_every_page_of_the_console_is_known() -> None:
    """One that was added stands in `MEANT`, too."""
    routes = re.findall(r"\[/\^\\/([a-z]+|\(\?:[a-z|]+\))(\\/)?", (STATIC / "pages.js").read_text())
    names = [(name, more) for found, more in routes for name in found.removeprefix("(?:").rstrip(")").split("|")]

    assert len(names) >= 9
    for name, more in names:
        assert MEANT.fullmatch(f"/{name}/x" if more else f"/{name}"), name


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api", "/api/posts/00000000-0000-0000-0000-000000000001", "/storage/media/none.png"]
)
async def test_parts_of_the_api_answer_a_browser_as_everybody(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path, headers={"Accept": BROWSER})

    assert answer.headers["content-type"] == ("application/json" if path == "/api" else "application/problem+json")


async def test_only_who_reads_is_led_on(api: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = await api.request(method, "/explore", headers={"Accept": BROWSER})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert (await api.head("/explore", headers={"Accept": BROWSER})).status_code == 302
