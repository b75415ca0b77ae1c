"""Documents made from the code: ``/openapi.json``, and Swagger UI at ``/docs`` from files that come along."""

from importlib.metadata import version
from typing import Any, Final

from litestar import Litestar
from litestar.openapi import OpenAPIConfig

from x18.core.problems import CODES

CONFIG: Final = OpenAPIConfig(
    title="X18",
    version=version("x18"),
    description="Real-time backend of a network for traders. The live channel at `/ws` is described in `docs/protocol.md`.",
    path="/openapi",
    render_plugins=[],
    use_handler_docstrings=True,
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
