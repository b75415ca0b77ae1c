"""Errors on the wire: problem documents of RFC 9457, one shape for all, without internals."""

import logging
import re
from http import HTTPStatus
from typing import Annotated, Any, Final

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException, MethodNotAllowedException

from x18.core import db
from x18.core.errors import BadInput, Problem, Unavailable, UpgradeRequired
from x18.core.outages import FULL, tell_outage
from x18.core.requests import request_id_of

logger = logging.getLogger("x18.http")

MEDIA_TYPE: Final = "application/problem+json"

MISSING: Final = re.compile(r"Missing required \w+ parameter '(\w+)'")
NO_BODY: Final = ("data", "'data'")
"""The names that Litestar gives to a missing body."""

BUSY: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
"""Others were faster; nothing was done."""

TOO_SLOW: Final = (
    "This takes too long: use fewer or rarer words, leave out the count, or page with a cursor instead of an offset."
)

CODES: Final = {
    400: "bad_input",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "unavailable",
}


class FieldError(msgspec.Struct, frozen=True):
    """The fault of one field of the input."""

    field: str
    message: str


class ProblemBody(msgspec.Struct, kw_only=True):
    """The body of every error (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    detail: Annotated[str, msgspec.Meta(description="An explanation for people.")]
    instance: Annotated[str, msgspec.Meta(description="The requested path.")]
    code: Annotated[str, msgspec.Meta(description="Stable; what programs should rely on.")]
    request_id: str
    error: Annotated[str, msgspec.Meta(description="The same as `detail`.")]
    errors: Annotated[
        list[FieldError], msgspec.Meta(description="For `bad_input`: which field is wrong, and why.")
    ] = []


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer to any exception. What is not known to be the client's or an outage is logged and a bare 500."""
    problem = as_problem(error)
    request_id = request_id_of(request.scope)
    headers = {"X-Request-ID": request_id}
    if problem is not None:
        status, detail, code = int(problem.status), problem.detail, problem.code
        fields = [FieldError(field, message) for field, message in problem.fields]
        headers.update(problem.headers)
        if problem.retry_after_s is not None:
            headers["Retry-After"] = str(problem.retry_after_s)
    elif isinstance(error, HTTPException) and error.status_code < 500:
        status, fields = error.status_code, _fields_of(error)
        code, detail = CODES.get(status, "bad_input"), _detail_of(error, fields)
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            detail = f"The body is too large: at most {request.route_handler.resolve_request_max_body_size():,} bytes are accepted here."
        headers.update(error.headers or {})
    else:
        logger.error("unhandled error on %s %.500s", request.method, request.scope["path"], exc_info=error)
        status, detail, code, fields = (
            500,
            "Something went wrong on our side. Please report it with the request id.",
            "internal_error",
            [],
        )
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    body = _body(status, detail, code, fields, request.scope["path"], request_id)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def body_of(problem: Problem, path: str, request_id: str) -> ProblemBody:
    """The problem document of an error, as the client gets it."""
    fields = [FieldError(field, message) for field, message in problem.fields]
    return _body(int(problem.status), problem.detail, problem.code, fields, path, request_id)


def _body(status: int, detail: str, code: str, fields: list[FieldError], path: str, request_id: str) -> ProblemBody:
    return ProblemBody(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=path,
        code=code,
        request_id=request_id,
        error=detail,
        errors=fields,
    )


def as_problem(error: BaseException) -> Problem | None:
    """The problem that an exception means to a client; None for a fault of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, MethodNotAllowedException) and (error.headers or {}).get("allow") == "websocket":
        return UpgradeRequired(
            "This is the live channel: connect with a WebSocket.",
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )
    if isinstance(error, InternalServerException) and "disconnected" in error.detail:
        return BadInput("The request was interrupted before it was complete.")
    if isinstance(error, HTTPException) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, RecursionError):
        return BadInput("The JSON is nested too deeply.")
    if _is_bad_text(error):
        return BadInput("The text is not valid Unicode.")
    if isinstance(error, asyncpg.QueryCanceledError):
        tell_outage(error)
        return Unavailable(TOO_SLOW, retry_after_s=5)
    if isinstance(error, BUSY) or db.is_outage(error):
        if not isinstance(error, BUSY):
            tell_outage(error)
        return Unavailable("The database cannot answer now; try again in a moment.", retry_after_s=1)
    if isinstance(error, OSError) and error.errno in FULL:
        tell_outage(error)
        return Unavailable("The server has no space left for this; try again later.", retry_after_s=60)
    return None


def _is_bad_text(error: BaseException) -> bool:
    """Whether the client's bytes are no UTF-8 or its text holds half a surrogate pair; any other such error is ours."""
    return isinstance(error, UnicodeDecodeError) or (
        isinstance(error, UnicodeEncodeError) and error.encoding == "utf-8" and "surrogates" in error.reason
    )


def _detail_of(error: HTTPException, fields: list[FieldError]) -> str:
    if fields:
        return "; ".join(f"{item.field}: {item.message}" for item in fields)
    return error.detail or HTTPStatus(error.status_code).phrase


def _fields_of(error: HTTPException) -> list[FieldError]:
    if missing := MISSING.match(error.detail or ""):
        return [FieldError(missing[1], "is required")]
    extra = error.extra if isinstance(error.extra, list) else []
    fields = [(str(item.get("key", "")), str(item.get("message", ""))) for item in extra if isinstance(item, dict)]
    return [_field_error(*field) for field in fields]


def _field_error(field: str, message: str) -> FieldError:
    if (field, message) == NO_BODY:
        return FieldError("body", "send a JSON body")
    return FieldError(field, message)
