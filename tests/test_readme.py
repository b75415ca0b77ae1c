"""What the README says of the routes is what the application has."""

from pathlib import Path

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
            path = route.path.replace(":uuid", "").replace(":str", "")
            for method in getattr(handler, "http_methods", set()) - {"OPTIONS", "HEAD"}:
                lines[path, method] = f"| `{method} {path}` | {handler.summary} | {token} |"
    return "\n".join(["| | | token |", "|---|---|---|", *(lines[key] for key in sorted(lines))]) + "\n"


def test_the_table_of_endpoints_is_that_of_the_application() -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://nowhere", "REDIS_URL": "redis://nowhere"})
    text = (ROOT / "README.md").read_text()
    shown = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]

    assert shown == routes_table(create_app(settings))
