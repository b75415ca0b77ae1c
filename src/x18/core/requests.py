"""Headers of every answer: the request's id, the rest of the rate limit, and the security headers for browsers."""

import re
from collections.abc import Iterable
from typing import Final

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from x18.core.ids import new_id

SANE: Final = re.compile(rb"[A-Za-z0-9._\-]{1,64}")

HEAD: Final = "x18.head"
"""Stands in the state of a request that was made with HEAD, which handlers see as GET."""

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
HSTS: Final = "max-age=31536000; includeSubDomains"


def request_id_of(scope: Scope) -> str:
    """The id of a request, the same at every call: the one that was sent in ``X-Request-ID`` if that is sane."""
    state = scope["state"]
    if "request_id" not in state:
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        state["request_id"] = sent.decode() if SANE.fullmatch(sent) else str(new_id())
    request_id: str = state["request_id"]
    return request_id


async def add_headers(message: Message, scope: Scope) -> None:
    """Hook before every message of every answer, errors and unknown paths too. What a handler set stays."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["X-Request-ID"] = request_id_of(scope)
    _set_missing(headers.headers, (*SECURITY_HEADERS.items(), *scope["state"].get("rate_limit", {}).items()))
    if "viewer" in scope["state"]:  # added here, as Litestar's CORS writes its own over what a handler set
        headers["Vary"] = ", ".join(filter(None, [headers.get("Vary"), "Authorization"]))
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(_methods_of(scope) or _with_head(headers["Allow"].split(", "))))
    if "Cache-Control" not in headers:
        is_private = any(name == b"authorization" for name, _ in scope["headers"])
        if is_private or scope.get("method") != "GET":
            headers["Cache-Control"] = "private, no-store" if is_private else "no-store"
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)


def _set_missing(headers: list[tuple[bytes, bytes]], wanted: Iterable[tuple[str, str]]) -> None:
    """Add to an answer what it lacks, looking through it once for all."""
    present = {name.lower() for name, _ in headers}
    for name, value in wanted:
        raw = name.lower().encode()
        if raw not in present:
            headers.append((raw, value.encode()))


def _methods_of(scope: Scope) -> set[str]:
    """All methods of a path. Litestar's own answer to OPTIONS names only those of the handler that was registered first."""
    template, routes = scope.get("path_template"), scope["litestar_app"].routes
    return _with_head(
        method for route in routes if route.path_format == template for method in getattr(route, "methods", ())
    )


def _with_head(methods: Iterable[str]) -> set[str]:
    """HEAD is answered wherever GET is, without a handler of its own."""
    found = set(methods)
    return found | {"HEAD"} if "GET" in found else found
