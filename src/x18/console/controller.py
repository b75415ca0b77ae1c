"""``/``, and the page's files under ``/console/<version>/``."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from x18.core.static import ASK_AGAIN, Folder, read_folder, send_file, send_from

STATIC: Final = Path(__file__).parent / "static"
INDEX: Final = "index.html"
NO_MODULE: Final = "theme.js"
TO_COPY: Final = ("live.js",)
ICON: Final = "favicon.ico"

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
PAGE_HEADERS: Final = {"Content-Security-Policy": POLICY, "Cross-Origin-Opener-Policy": "same-origin"}
ONE_DAY: Final = {"Cache-Control": "public, max-age=86400"}


@cache
def read_page() -> Folder:
    """The files, read and compressed once."""
    return read_folder(STATIC, lean=True, but=TO_COPY, preloads=_preloads())


@get("/", include_in_schema=False, sync_to_thread=False)
def index(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The page."""
    return send_file(request, read_page().files[INDEX], {**ASK_AGAIN, **PAGE_HEADERS})


@get("/console/{version:str}/{name:str}", include_in_schema=False, sync_to_thread=False)
def page_file(version: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of the page."""
    return send_from(request, read_page(), version, name)


@get("/favicon.ico", include_in_schema=False, sync_to_thread=False)
def icon(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The icon, where browsers look for it that are shown no page: JSON, a picture."""
    return send_file(request, read_page().files[ICON], ONE_DAY)


def _preloads() -> str:
    """All modules at once, instead of each when the one before has been read."""
    modules = sorted(path.name for path in STATIC.glob("*.js") if path.name != NO_MODULE)
    return "\n".join(f'<link rel="modulepreload" href="/console/{{version}}/{name}">' for name in modules)


handlers: Final = [index, page_file, icon]
