"""Documents made from the code: ``/openapi.json``, and Swagger UI at ``/docs`` from files that come along."""

import base64
import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath

from x18.core.problems import CODES

STATIC: Final = Path(__file__).parent / "static"
FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

CONFIG: Final = OpenAPIConfig(
    title="X18",
    version=version("x18"),
    description="Real-time backend of a network for traders. The live channel at `/ws` is described in `docs/protocol.md`.",
    path="/openapi",
    render_plugins=[],
    use_handler_docstrings=True,
)

START: Final = (
    "SwaggerUIBundle({url: '/openapi.json', dom_id: '#ui', deepLinking: true, persistAuthorization: true,"
    " validatorUrl: null})"
)
PAGE: Final = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>X18 API</title><meta name="viewport" content="width=device-width">
<link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script>{START}</script></body></html>"""

_SCRIPT_HASH: Final = base64.b64encode(hashlib.sha256(START.encode()).digest()).decode()
PAGE_POLICY: Final = (
    f"default-src 'none'; script-src 'self' 'sha256-{_SCRIPT_HASH}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)

PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
HEADERS: Final = {
    "X-Request-ID": {"schema": {"type": "string"}, "description": "The name of this request; echoed if sent."},
}
ALWAYS: Final = (400, 429, 503)


def describe(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document: what Litestar reads off the handlers, and what holds for all of them."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemBody"] = _problem_schema()
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            for method in getattr(handler, "http_methods", ()):
                operation = document["paths"].get(route.path_format, {}).get(method.lower())
                if operation is not None:
                    _complete(operation, handler.parsed_fn_signature.parameters, has_path=bool(route.path_parameters))
    return document


def _complete(operation: dict[str, Any], wanted: Any, *, has_path: bool) -> None:
    """Security, errors and headers of an operation."""
    statuses = set(ALWAYS)
    if "viewer" in wanted:
        operation["security"] = [{"token": []}]
        statuses |= {401, 403, 409}
    elif "visitor" in wanted:
        operation["security"] = [{}, {"token": []}]
        statuses.add(401)
    if "passwords" in wanted or "tokens" in wanted:
        statuses |= {401, 409}
    if has_path:
        statuses.add(404)
    if "requestBody" in operation:
        statuses |= {404, 413}
        if "multipart/form-data" in operation["requestBody"]["content"]:
            statuses.add(415)
    if "If-None-Match" in str(operation.get("description", "")) or "ETag" in str(operation.get("description", "")):
        operation["responses"]["304"] = {"description": "The client has it.", "headers": HEADERS}
    if operation["responses"].keys() >= {"201"} and "201 when that is new" in str(operation.get("description", "")):
        operation["responses"]["200"] = {**operation["responses"]["201"], "description": "It was so already."}
    for answer in operation["responses"].values():
        answer["headers"] = {**answer.get("headers", {}), **HEADERS}
    for status in sorted(statuses):
        operation["responses"][str(status)] = {
            "description": CODES.get(status, "conflict"),
            "content": PROBLEM,
            "headers": HEADERS,
        }


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    fields = dict.fromkeys(("type", "title", "detail", "instance", "code", "request_id", "error"), text)
    item = {"type": "object", "required": ["field", "message"], "properties": {"field": text, "message": text}}
    return {
        "type": "object",
        "title": "Problem (RFC 9457)",
        "required": [*fields, "status", "errors"],
        "properties": {**fields, "status": {"type": "integer"}, "errors": {"type": "array", "items": item}},
    }


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The document, made once."""
    if not hasattr(request.app.state, "openapi"):
        request.app.state.openapi = describe(request.app)
    return Response(request.app.state.openapi)


@get("/docs", include_in_schema=False, sync_to_thread=False)
def docs() -> Response[str]:
    """Swagger UI; nothing on it leaves the machine."""
    return Response(PAGE, media_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})


@get("/docs/{name:str}", include_in_schema=False, sync_to_thread=True)
def docs_file(name: FromPath[str]) -> Response[bytes]:
    """The files of the page."""
    if name not in FILES:
        raise NotFoundException
    return Response(
        (STATIC / name).read_bytes(), media_type=FILES[name], headers={"Cache-Control": "public, max-age=86400"}
    )


handlers: Final = [openapi, docs, docs_file]
