"""Files that are part of the program: read and compressed once, and sent from the same memory to everybody."""

import gzip
import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from litestar import Request, Response
from litestar.exceptions import NotFoundException

from x18.core.conditional import is_known

MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
}
ZIPPED: Final = ("text/", "application/json", "image/svg+xml")

FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
ASK_AGAIN: Final = {"Cache-Control": "no-cache"}

BY_PEOPLE: Final = re.compile(rb"^[ \t]*(?://[^\n]*|/\*.*?\*/[ \t]*)?", re.MULTILINE | re.DOTALL)
"""What the lines of scripts and styles begin with for the sake of people: indentation, and comments that have lines of their own."""

NO_GZIP: Final = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")
"""The weight of a coding that is not wanted (RFC 9110 §12.4.2)."""


class File(NamedTuple):
    """A file as it is sent; ``zipped`` is empty where that would gain nothing. Each form has a tag of its own (RFC 9110 §8.8.3.3)."""

    body: bytes
    zipped: bytes
    etag: str
    zipped_etag: str
    media_type: str


class Folder(NamedTuple):
    """Files by name. ``version`` is part of their address, so that a browser may keep them for ever."""

    files: dict[str, File]
    version: str


def make_file(body: bytes, media_type: str) -> File:
    """The file with this content."""
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    zipped = gzip.compress(body, 9, mtime=0) if media_type.startswith(ZIPPED) else b""
    return File(body, zipped, f'"{digest}"', f'"{digest}-gzip"', media_type)


def read_folder(path: Path, *, lean: bool = False, but: Collection[str] = (), **values: str) -> Folder:
    """All files of a folder. In texts ``{name}`` stands for one of the values, and ``{version}`` for that of the folder.

    ``lean``: scripts and styles without indentation and comments, which are an eighth of their size; ``but`` those that people copy.
    """
    bodies = {one.name: one.read_bytes() for one in sorted(path.iterdir()) if one.suffix in MEDIA_TYPES}
    for name in bodies.keys() - but if lean else ():
        if name.endswith((".js", ".css")):
            bodies[name] = _without_comments(bodies[name])
    version = hashlib.blake2b(repr((bodies, values)).encode(), digest_size=6).hexdigest()
    replaced = {f"{{{name}}}".encode(): value.encode() for name, value in {**values, "version": version}.items()}
    files = {}
    for name, body in bodies.items():
        media_type = MEDIA_TYPES[Path(name).suffix]
        if media_type.startswith("text/"):
            for mark, value in replaced.items():
                body = body.replace(mark, value)
        files[name] = make_file(body, media_type)
    return Folder(files, version)


def _without_comments(body: bytes) -> bytes:
    """The same code on the same lines, so that errors tell where they are."""
    return BY_PEOPLE.sub(lambda found: b"\n" * found[0].count(b"\n"), body)


def send_file(request: Request[Any, Any, Any], file: File, headers: Mapping[str, str]) -> Response[bytes]:
    """The file, compressed where the client takes that; 304 where it has it."""
    body, etag, coding = file.body, file.etag, {}
    if file.zipped and takes_gzip(request):
        body, etag, coding = file.zipped, file.zipped_etag, {"Content-Encoding": "gzip"}
    headers = {**headers, "ETag": etag, "Vary": "Accept-Encoding"}
    if is_known(request, file.etag) or is_known(request, file.zipped_etag):
        return Response(b"", status_code=304, headers=headers)
    headers |= {**coding, "Content-Length": str(len(body))}
    return Response(body, headers=headers, media_type=file.media_type)


def send_from(request: Request[Any, Any, Any], folder: Folder, version: str, name: str) -> Response[bytes]:
    """A file of a folder. Who asks for another version gets this one, but may not keep it: a page may be open during an update.

    Raises:
        NotFoundException: there is no such file, or it is a page, which has an address of its own.
    """
    if name not in folder.files or name.endswith(".html"):
        raise NotFoundException("No such file.")
    return send_file(request, folder.files[name], FOR_EVER if version == folder.version else ASK_AGAIN)


def takes_gzip(request: Request[Any, Any, Any]) -> bool:
    """Whether the client says that it takes gzip (RFC 9110 §12.5.3)."""
    for part in request.headers.get("accept-encoding", "").split(","):
        coding, _, weight = part.partition(";")
        if coding.strip().lower() in ("gzip", "x-gzip"):
            return not NO_GZIP.fullmatch(weight)
    return False
