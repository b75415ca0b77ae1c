"""The documents and the pages that show them. Nothing on them leaves the machine."""

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from x18.core.static import File, make_file, send_file
from x18.runtime.documents import asyncapi, openapi

T = TypeVar("T")

STATIC: Final = Path(__file__).parent.parent / "static"
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".png": "image/png"}

START: Final = (
    "document.documentElement.classList.toggle('dark-mode', matchMedia('(prefers-color-scheme: dark)').matches);"
    " SwaggerUIBundle({url: '/openapi.json', dom_id: '#ui', deepLinking: true, persistAuthorization: true,"
    " validatorUrl: null})"
)
PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>X18 API</title><meta name="viewport" content="width=device-width">
<link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script>{START}</script></body></html>"""

SWAGGER: Final = make_file(PAGE.encode(), "text/html")
LIVE: Final = "live.html"

_SCRIPT_HASH: Final = base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()
PAGE_POLICY: Final = (
    f"default-src 'none'; script-src 'self' 'sha256-{_SCRIPT_HASH}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
LIVE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@get("/openapi.json", include_in_schema=False, sync_to_thread=True)
def rest_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """REST, made and encoded once."""
    document = _kept(request.app, "openapi", lambda: _as_file(openapi.describe(request.app)))
    return send_file(request, document, {"Cache-Control": "no-cache"})


@get("/asyncapi.json", include_in_schema=False, sync_to_thread=True)
def live_document(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The live channel, made and encoded once, but for the address at which it is read."""
    document = _kept(request.app, "asyncapi", lambda: _as_parts(asyncapi.describe()))
    is_secure = request.scope["scheme"] == "https"
    here = asyncapi.servers(request.headers.get("host") or asyncapi.NOWHERE, is_secure=is_secure)
    return Response({**document, "servers": here})


@get("/docs", include_in_schema=False, sync_to_thread=False)
def rest_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Swagger UI."""
    return send_file(request, SWAGGER, {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"})


@get("/docs/live", include_in_schema=False, sync_to_thread=True)
def live_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The live channel's reference, with a box to try it."""
    headers = {"Content-Security-Policy": LIVE_POLICY, "Cache-Control": "no-cache"}
    return send_file(request, read_files()[LIVE], headers)


@get("/docs/{name:str}", include_in_schema=False, sync_to_thread=True)
def page_file(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """The files of the pages."""
    if name == LIVE or name not in read_files():
        raise NotFoundException
    return send_file(request, read_files()[name], {"Cache-Control": "public, max-age=3600"})


@cache
def read_files() -> dict[str, File]:
    """The files by name. The first request waits for them: compressing takes a third of a second."""
    types = {**TYPES, ".html": "text/html"}
    paths = [path for path in STATIC.iterdir() if path.suffix in types]
    return {path.name: make_file(path.read_bytes(), types[path.suffix]) for path in paths}


def _as_file(document: dict[str, Any]) -> File:
    return make_file(msgspec.json.encode(document), "application/json")


def _as_parts(document: dict[str, Any]) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(part)) for name, part in document.items()}


def _kept(app: Litestar, name: str, make: Callable[[], T]) -> T:
    if name not in app.state:
        app.state[name] = make()
    kept: T = app.state[name]
    return kept


handlers: Final = [rest_document, live_document, rest_page, live_page, page_file]
