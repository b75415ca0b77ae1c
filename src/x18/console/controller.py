"""``/``, and the page's files under ``/console/<version>/``."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get
from litestar.params import FromPath

from x18.core.errors import NotFound
from x18.core.static import File, make_file, send_file

STATIC: Final = Path(__file__).parent / "static"
MEDIA_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
INDEX: Final = "index.html"
NO_MODULE: Final = "theme.js"

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",  # blob: shows a picture before it is uploaded
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # with no policy allowed, no text ever becomes markup or code
        "trusted-types 'none'",
    )
)
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"


class Page(NamedTuple):
    """All files by name. ``version`` is part of their address, so that a browser may keep them for ever."""

    files: dict[str, File]
    version: str


@cache
def read_page() -> Page:
    """The files, read and compressed once."""
    bodies = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.suffix in MEDIA_TYPES}
    version = hashlib.blake2b(repr(bodies).encode(), digest_size=6).hexdigest()
    bodies[INDEX] = bodies[INDEX].replace(b"{preloads}", _preloads(bodies)).replace(b"{version}", version.encode())
    return Page({name: make_file(body, MEDIA_TYPES[Path(name).suffix]) for name, body in bodies.items()}, version)


@get("/", include_in_schema=False, sync_to_thread=False)
def index(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The page."""
    return _send(request, read_page().files[INDEX], ASK_AGAIN)


@get("/console/{version:str}/{name:str}", include_in_schema=False, sync_to_thread=False)
def page_file(version: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of the page. Another version than ours gets ours, but may not keep it: a page may be open during an update."""
    page = read_page()
    if name not in page.files:
        raise NotFound("No such file.", code="file_not_found")
    return _send(request, page.files[name], FOR_EVER if version == page.version else ASK_AGAIN)


def _preloads(names: Iterable[str]) -> bytes:
    """All modules at once, instead of each when the one before has been read."""
    modules = (name for name in names if name.endswith(".js") and name != NO_MODULE)
    return "\n".join(f'<link rel="modulepreload" href="/console/{{version}}/{name}">' for name in modules).encode()


def _send(request: Request[Any, Any, Any], file: File, caching: str) -> Response[bytes]:
    headers = {"Cache-Control": caching}
    if file.media_type == MEDIA_TYPES[".html"]:
        headers |= {"Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin"}
    return send_file(request, file, headers)


handlers: Final = [index, page_file]
