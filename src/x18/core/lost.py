"""The page for people who open an address where nothing is; programs get a problem (RFC 9457)."""

import base64
import hashlib
from typing import Any, Final

from litestar import Request, Response

STYLE: Final = (
    "body{font:1.1rem/1.6 system-ui,sans-serif;max-width:32rem;margin:20vh auto 0;padding:0 1.5rem;color-scheme:light dark}"
    "a{color:inherit}"
)
PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Not found · X18</title><meta name="viewport" content="width=device-width">
<style>{STYLE}</style></head>
<body><main><h1>There is nothing here</h1><p>The address may be mistyped, or what was there is gone.</p>
<p><a href="/">Go to X18</a> or read about <a href="/docs">the API</a>.</p></main></body></html>
"""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Vary": "Accept",
}


def is_lost_person(request: Request[Any, Any, Any]) -> bool:
    """Whether a browser asks for a page, and not for a part of the API."""
    is_api = request.scope["path"].rstrip("/") == "/api" or request.scope["path"].startswith("/api/")
    return request.method == "GET" and not is_api and "text/html" in request.headers.get("accept", "")


def show_way_home() -> Response[Any]:
    """The page."""
    return Response(PAGE, status_code=404, media_type="text/html", headers=HEADERS)
