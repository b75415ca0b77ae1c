"""``/``, and the page's files under ``/console/<version>/``."""

import gzip
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get
from litestar.params import FromPath

from x18.core.errors import NotFound

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


class File(NamedTuple):
    """A file as it is sent."""

    body: bytes
    zipped: bytes
    etag: str
    media_type: str


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
    return Page({name: _file(name, body) for name, body in bodies.items()}, version)


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


def _file(name: str, body: bytes) -> File:
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    return File(body, gzip.compress(body, 9, mtime=0), etag, MEDIA_TYPES[Path(name).suffix])


def _send(request: Request[Any, Any, Any], file: File, caching: str) -> Response[bytes]:
    headers = {"ETag": file.etag, "Cache-Control": caching, "Vary": "Accept-Encoding"}
    if file.media_type == MEDIA_TYPES[".html"]:
        headers |= {"Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin"}
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if file.etag in known:
        return Response(b"", status_code=304, headers=headers)
    body = file.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = file.zipped, "gzip"
    headers["Content-Length"] = str(len(body))
    return Response(body, headers=headers, media_type=file.media_type)


handlers: Final = [index, page_file]
