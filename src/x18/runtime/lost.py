"""What people get who open an address where nothing is: the console's page that they mean, or one that leads home. Programs get a
problem (RFC 9457).
"""

import re
from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response
from litestar.response import Redirect

from x18.console.controller import PAGE_HEADERS, read_page
from x18.core.problems import answer_error

LOST: Final = "lost.html"
HEADERS: Final = {**PAGE_HEADERS, "Cache-Control": "no-store", "Vary": "Accept"}

MEANT: Final = re.compile(
    r"/(explore|notifications|bookmarks|search|settings|watchlist|(s|symbol|t|p|u)/[^/].*)/?", re.DOTALL
)
"""Paths that are the console's without the ``#``; tests/contract/test_lost.py compares them with its routes."""

QUERY: Final = "=&%+,:;@/?!*'()~$-._"
"""What is left as it is in a query (RFC 3986 §3.4)."""


def answer_not_found(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer where no route is."""
    path = request.scope["path"]
    if path.rstrip("/") == "/api" or path.startswith("/api/"):
        return answer_error(request, error)
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        problem = answer_error(request, error)
        problem.headers["Vary"] = "Accept"
        return problem
    if path == "/index.html":
        return Redirect("/", status_code=302, headers=HEADERS)
    if MEANT.fullmatch(path):
        return Redirect(_in_the_console(path, request.scope["query_string"]), status_code=302, headers=HEADERS)
    return Response(read_page().files[LOST].body, status_code=404, media_type="text/html", headers=HEADERS)


def _in_the_console(path: str, query: bytes) -> str:
    place = "/#" + quote(path.rstrip("/"), safe="/")
    return f"{place}?{quote(query.decode('latin-1'), safe=QUERY)}" if query else place
