"""The documents and the pages that show them, made once when the process starts. Nothing on them leaves the machine."""

from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.params import FromPath

from x18.console.controller import PAGE_HEADERS, read_page
from x18.core.static import ASK_AGAIN, File, Folder, make_file, read_folder, send_file, send_from
from x18.runtime.documents import asyncapi, live_page, openapi, rest_page
from x18.runtime.documents.markup import Markup, join, prose
from x18.runtime.documents.open_ended import OpenEnded

STATIC: Final = Path(__file__).parent.parent / "static"
LAYOUT: Final = "page.html"
HEADERS: Final = {**ASK_AGAIN, **PAGE_HEADERS}


class Documents(NamedTuple):
    """All that is served here."""

    rest: File
    live: OpenEnded
    rest_page: File
    live_page: File
    folder: Folder


def make_documents(app: Litestar) -> Documents:
    """Read them off the code. Takes a fifth of a second."""
    rest, live = openapi.describe(app), asyncapi.describe()
    folder = read_folder(STATIC, console=read_page().version)
    return Documents(
        rest=make_file(msgspec.json.encode(rest), "application/json"),
        live=OpenEnded({name: part for name, part in live.items() if name != "servers"}),
        rest_page=_page(folder, rest_page.PAGE, rest["info"], rest_page.contents(rest), rest_page.main(rest)),
        live_page=_page(folder, live_page.PAGE, live["info"], live_page.contents(live), live_page.main(live)),
        folder=folder,
    )


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def rest_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """REST."""
    return send_file(request, _documents(request).rest, ASK_AGAIN)


@get("/asyncapi.json", include_in_schema=False, sync_to_thread=False)
def live_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The live channel, with the address at which this is read."""
    is_secure = request.scope["scheme"] == "https"
    here = asyncapi.servers(request.headers.get("host") or asyncapi.NOWHERE, is_secure=is_secure)
    return send_file(request, _documents(request).live.ended(servers=here), ASK_AGAIN)


@get("/docs", include_in_schema=False, sync_to_thread=False)
def show_rest(request: Request[Any, Any, Any]) -> Response[bytes]:
    """REST for people, with boxes to try it."""
    return send_file(request, _documents(request).rest_page, HEADERS)


@get("/docs/live", include_in_schema=False, sync_to_thread=False)
def show_live(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The live channel for people, with a box to try it."""
    return send_file(request, _documents(request).live_page, HEADERS)


@get("/docs/{version:str}/{name:str}", include_in_schema=False, sync_to_thread=False)
def page_file(version: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of the pages."""
    return send_from(request, _documents(request).folder, version, name)


def _documents(request: Request[Any, Any, Any]) -> Documents:
    documents: Documents = request.app.state.documents
    return documents


def _page(folder: Folder, told: dict[str, str], info: dict[str, str], contents: Markup, main: Markup) -> File:
    """The layout, filled."""
    values = {
        **told,
        "release": info["version"],
        "about": prose(info["description"]),
        "contents": contents,
        "main": main,
    }
    page = folder.files[LAYOUT].body.decode()
    for name, value in values.items():
        page = page.replace(f"[[{name}]]", join(value))
    return make_file(page.encode(), "text/html")


handlers: Final = [rest_document, live_document, show_rest, show_live, page_file]
