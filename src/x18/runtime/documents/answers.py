"""Answers in the OpenAPI document: headers, problems, examples."""

from http import HTTPStatus
from typing import Any, Final

from x18.runtime.documents.bodies import BODIES
from x18.runtime.documents.facts import REFUSED, REFUSED_TOKEN, Facts

TEXT: Final = {"type": "string"}
WHOLE: Final = {"type": "integer", "minimum": 0}

HEADERS: Final = {
    "X-Request-ID": {"description": "The id of this request; if you send one, it is returned.", "schema": TEXT},
    "RateLimit-Limit": {"description": "Number of requests allowed in a window.", "schema": WHOLE},
    "RateLimit-Remaining": {"description": "Number of requests left in this window.", "schema": WHOLE},
    "RateLimit-Reset": {"description": "Seconds until the window ends.", "schema": WHOLE},
    "Retry-After": {"description": "Number of seconds to wait.", "schema": WHOLE},
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string", "const": "Bearer"}},
    "ETag": {"description": "The tag of this version, for `If-None-Match`.", "schema": TEXT},
    "Link": {"description": '`<…>; rel="next"` where there is a next page (RFC 8288).', "schema": TEXT},
}
RATE: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

DONE: Final = {"200": "Done.", "201": "Made."}
EVERYWHERE: Final = {
    "NotAuthenticated": (401, REFUSED),
    "BadToken": (401, REFUSED_TOKEN),
    "TooLarge": (413, ("too_large",)),
    "UriTooLong": (414, ("uri_too_long",)),
    "HeadTooLarge": (431, ("head_too_large",)),
    "RateLimited": (429, ("rate_limited",)),
    "Unavailable": (503, ("unavailable",)),
}
DETAILS: Final = {
    400: ("bad_input", "limit: Expected `int` <= 100"),
    401: ("token_expired", "The token has expired; refresh it."),
    403: ("not_your_post", "Only the author of a post can delete it."),
    404: ("post_not_found", "No such post."),
    409: ("username_taken", "This username is taken; choose another."),
    413: ("too_large", "The body is too large: at most 131,072 bytes are accepted here."),
    415: ("unsupported_media_type", "Send a JPG, PNG, GIF, WebP, MP4 or WebM file."),
    414: ("uri_too_long", "The request line is too long: at most 8,192 bytes."),
    431: ("head_too_large", "The head of a request has at most 16,384 bytes and 100 headers."),
    429: ("rate_limited", "Too many requests: wait 17 s."),
    503: ("unavailable", "The database cannot answer now; try again in a moment."),
}


def complete_success(operation: dict[str, Any], facts: Facts, *, is_limited: bool) -> None:
    """Headers and examples of the answers that are no errors, and those answers that a signature does not tell of."""
    answers = operation["responses"]
    answers.pop("400", None)
    if facts.repeatable:
        answers["200"] = dict(answers["201"])
    for status, answer in answers.items():
        names = ["X-Request-ID", *(RATE if is_limited else ()), *(("ETag",) if facts.tagged else ())]
        for media in answer.get("content", {}).values():
            schema = media["schema"]
            body = BODIES[schema.get("items", schema)["$ref"].rpartition("/")[2]]
            media["example"] = [body] if "items" in schema else body
            names += ["Link"] if "next_cursor" in body else []
        answer["headers"] = _headers(*names)
        answer["description"] = DONE[status]
    if facts.repeatable:
        answers["200"]["description"] = "Nothing to do: it was so already."
    if facts.tagged:
        answers["304"] = {
            "description": "Not modified: the client has the current version.",
            "headers": _headers("X-Request-ID", "ETag"),
        }
    if operation["operationId"] == "system_health":
        down = {
            "status": "down",
            "checks": {"postgres": "ok", "redis": "down", "relay": "ok"},
            "trouble": ["disk_full"],
        }
        content = {"application/json": {**answers["200"]["content"]["application/json"], "example": down}}
        answers["503"] = {"description": "A part is down.", "content": content, "headers": _headers("X-Request-ID")}


def error(status: int, codes: tuple[str, ...], path: str) -> dict[str, Any]:
    """The answer with one of these codes; those that are the same everywhere stand in the components."""
    for name, same in EVERYWHERE.items():
        if same == (status, codes):
            return {"$ref": f"#/components/responses/{name}"}
    return _problem(status, codes, path)


def shared() -> dict[str, Any]:
    """The errors that are the same everywhere."""
    return {name: _problem(status, codes, "/api/posts") for name, (status, codes) in EVERYWHERE.items()}


def _problem(status: int, codes: tuple[str, ...], path: str) -> dict[str, Any]:
    code, detail = DETAILS[status]
    if code not in codes:
        code, detail = codes[0], HTTPStatus(status).phrase
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": path,
        "code": code,
        "request_id": "01990c1e-6a55-7c1f-9d3b-2f6f3f1f8a10",
        "error": detail,
        "errors": [{"field": "limit", "message": "Expected `int` <= 100"}] if code == "bad_input" else [],
    }
    extra = {401: ("WWW-Authenticate",), 429: (*RATE, "Retry-After"), 503: ("Retry-After",)}
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        "description": _described(codes),
        "content": {"application/problem+json": {"schema": schema, "example": body}},
        "headers": _headers("X-Request-ID", *extra.get(status, ())),
    }


def _described(codes: tuple[str, ...]) -> str:
    return " · ".join(f"`{code}`" for code in codes)


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
