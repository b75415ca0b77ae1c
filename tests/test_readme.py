"""What the README and the documents say is what there is."""

import re
from pathlib import Path

import pytest
from litestar import Litestar

from x18.app import create_app
from x18.settings import read_settings

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- routes -->\n", "<!-- /routes -->"


def routes_table(app: Litestar) -> str:
    """The table of REST endpoints in Markdown."""
    lines = {}
    for route in app.routes:
        if not route.path.startswith(("/api", "/health")):
            continue
        for handler in getattr(route, "route_handlers", []):
            wanted = handler.parsed_fn_signature.parameters
            token = "yes" if "viewer" in wanted else "optional" if "visitor" in wanted else ""
            path = route.path.replace(":uuid", "").replace(":str", "").replace(":path", "")
            for method in getattr(handler, "http_methods", set()) - {"OPTIONS", "HEAD"}:
                lines[path, method] = f"| `{method} {path}` | {handler.summary} | {token} |"
    return "\n".join(["| | | token |", "|---|---|---|", *(lines[key] for key in sorted(lines))]) + "\n"


def test_the_table_of_endpoints_is_that_of_the_application() -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://nowhere", "REDIS_URL": "redis://nowhere"})
    text = (ROOT / "docs/rest.md").read_text()
    shown = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]

    assert shown == routes_table(create_app(settings))


@pytest.mark.parametrize("name", ["security", "framework-defaults"])
def test_every_test_that_the_pages_of_security_name_exists(name: str) -> None:
    page = (ROOT / f"docs/{name}.md").read_text()
    named = re.findall(r"`((?:[a-z]+/)?(?:test_[a-z_]+\.py)|[a-z]+/)`", page)

    assert len(named) > 40
    assert [test for test in named if not (ROOT / "tests" / test).exists()] == []


def test_every_replayed_report_has_its_test() -> None:
    page = (ROOT / "docs/replayed-reports.md").read_text()
    rows = [line for line in page.splitlines() if re.match(r"\| [\w.-]+/[\w.-]+#\d", line)]
    named = re.findall(r"`((?:[a-z]+/)?test_[a-z]+(?:_[a-z]+)*\.py)` `(test_\w+)`", page)

    assert len(rows) >= 28
    assert [row for row in rows if "test_" not in row] == []
    assert [name for file, name in named if f"def {name}(" not in (ROOT / "tests" / file).read_text()] == []
