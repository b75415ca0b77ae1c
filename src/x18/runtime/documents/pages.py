"""The documents and the pages that show them. Nothing on them leaves the machine."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from x18.runtime.documents import asyncapi, openapi

STATIC: Final = Path(__file__).parent.parent / "static"
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".png": "image/png"}
FILES: Final = {file.name: TYPES[file.suffix] for file in STATIC.iterdir() if file.suffix in TYPES}

START: Final = (
    "document.documentElement.classList.toggle('dark-mode', matchMedia('(prefers-color-scheme: dark)').matches);"
    " SwaggerUIBundle({url: '/openapi.json', dom_id: '#ui', deepLinking: true, persistAuthorization: true,"
    " validatorUrl: null})"
)
PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>X18 API</title><meta name="viewport" content="width=device-width">
<link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script>{START}</script></body></html>"""

_SCRIPT_HASH: Final = base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()
PAGE_POLICY: Final = (
    f"default-src 'none'; script-src 'self' 'sha256-{_SCRIPT_HASH}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
LIVE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def rest_document(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """REST, made once."""
    return Response(_kept(request.app, "openapi", lambda: openapi.describe(request.app)))


@get("/asyncapi.json", include_in_schema=False, sync_to_thread=False)
def live_document(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The live channel, made once."""
    return Response(_kept(request.app, "asyncapi", asyncapi.describe))


@get("/docs", include_in_schema=False, sync_to_thread=False)
def rest_page() -> Response[str]:
    """Swagger UI."""
    return Response(PAGE, media_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})


@get("/docs/live", include_in_schema=False, sync_to_thread=True)
def live_page() -> Response[bytes]:
    """The live channel's reference, with a box to try it."""
    page = (STATIC / "live.html").read_bytes()
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": LIVE_POLICY})


@get("/docs/{name:str}", include_in_schema=False, sync_to_thread=True)
def page_file(name: FromPath[str]) -> Response[bytes]:
    """The files of the pages."""
    if name not in FILES:
        raise NotFoundException
    return Response(
        (STATIC / name).read_bytes(), media_type=FILES[name], headers={"Cache-Control": "public, max-age=3600"}
    )


def _kept(app: Litestar, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if name not in app.state:
        app.state[name] = make()
    kept: dict[str, Any] = app.state[name]
    return kept


handlers: Final = [rest_document, live_document, rest_page, live_page, page_file]
