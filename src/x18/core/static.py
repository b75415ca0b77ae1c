"""Files that are part of the program: read and compressed once, and sent from the same memory to everybody."""

import gzip
import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from litestar import Request, Response

from x18.core.conditional import is_known

TEXTS: Final = ("text/", "application/json")


class File(NamedTuple):
    """A file as it is sent; ``zipped`` is empty where that would gain nothing."""

    body: bytes
    zipped: bytes
    etag: str
    media_type: str


def make_file(body: bytes, media_type: str) -> File:
    """The file with this content."""
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    zipped = gzip.compress(body, 9, mtime=0) if media_type.startswith(TEXTS) else b""
    return File(body, zipped, etag, media_type)


def send_file(request: Request[Any, Any, Any], file: File, headers: Mapping[str, str]) -> Response[bytes]:
    """The file, compressed where the client takes that; 304 where it has it."""
    headers = {**headers, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if is_known(request, file.etag):
        return Response(b"", status_code=304, headers=headers)
    body = file.body
    if file.zipped and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = file.zipped, "gzip"
    headers["Content-Length"] = str(len(body))
    return Response(body, headers=headers, media_type=file.media_type)
