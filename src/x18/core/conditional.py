"""Answers that a client may have already: ``ETag`` and 304 (RFC 9110 §13)."""

import hashlib
from typing import Any

import msgspec
from litestar import Request, Response

_encoder = msgspec.json.Encoder()


def unless_known(request: Request[Any, Any, Any], view: msgspec.Struct) -> Response[Any]:
    """The view with its tag, or 304 without a body. Tags are of the bytes, so a viewer's own flags count too."""
    body = _encoder.encode(view)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if is_known(request, tag):
        return Response(None, status_code=304, headers=headers)
    return Response(msgspec.Raw(body), headers=headers)


def is_known(request: Request[Any, Any, Any], tag: str) -> bool:
    """Whether the client has what this tag stands for; weakly compared (RFC 9110 §13.1.2)."""
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    return tag.removeprefix("W/") in known or "*" in known
