"""OpenAPI 3.1 of REST: what Litestar reads off the handlers, completed with what it cannot know."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final, NamedTuple, get_args

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from x18.core.problems import ProblemBody
from x18.media.schemas import UploadForm
from x18.runtime.documents import answers, inputs, others
from x18.runtime.documents.bodies import SENT
from x18.runtime.documents.facts import FACTS, Facts, errors_of
from x18.runtime.documents.schemas import ref_to, schemas_of, tell_defaults

CONFIG: Final = OpenAPIConfig(
    title="X18",
    version=version("x18"),
    description=(
        "Real-time backend of a network for traders. The live channel has a document of its own, "
        "[`/asyncapi.json`](/asyncapi.json), and a page: [`/docs/live`](/docs/live).\n\n"
        "JSON in UTF-8, ids are time-ordered UUIDs, times are RFC 3339 in UTC. Unknown fields and parameters are "
        "ignored. Every error is a problem (RFC 9457) with a stable `code`."
    ),
    path="/openapi",
    render_plugins=[JsonRenderPlugin()],  # with none, Litestar serves pages that load scripts from elsewhere
    use_handler_docstrings=True,
)

TAGS: Final = {
    "system": "Health, version and metrics of this server.",
    "auth": "Accounts, tokens, sessions.",
    "users": "Profiles and follows.",
    "posts": "Posts and reactions to them.",
    "timeline": "Lists of posts, newest first, with filters by metadata.",
    "media": "Files of posts.",
    "notifications": "What others did that concerns you.",
    "search": "Users, posts and hashtags.",
    "market": "Symbols: your watchlist, trends, and facts about each.",
    "live": "Tickets for the live channel.",
}

FORM_OF: Final = "media_upload"
"""The one operation with a form, which its handler reads itself."""


class Endpoint(NamedTuple):
    """One method of one path."""

    method: str
    path: str
    handler: HTTPRouteHandler

    @property
    def parameters(self) -> set[str]:
        """Parameters of the handler."""
        return set(self.handler.parsed_fn_signature.parameters)


def describe(app: Litestar) -> dict[str, Any]:
    """The document."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    endpoints = list(_endpoints(app, document["paths"]))
    document["info"]["license"] = {"name": "MIT", "identifier": "MIT"}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    document["components"] = {
        "schemas": _schemas(endpoints),
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        "headers": answers.HEADERS,
        "responses": answers.shared(),
    }
    for endpoint in endpoints:
        _complete(document["paths"][endpoint.path][endpoint.method], endpoint)
    document["paths"] |= others.PATHS
    return document


def _endpoints(app: Litestar, paths: dict[str, Any]) -> Iterator[Endpoint]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            for method in getattr(handler, "http_methods", ()):
                if method.lower() in paths.get(route.path_format, {}):
                    yield Endpoint(method.lower(), route.path_format, handler)


def _complete(operation: dict[str, Any], endpoint: Endpoint) -> None:
    wanted = endpoint.parameters
    operation["operationId"] = f"{operation['tags'][0]}_{endpoint.handler.fn.__name__}"
    operation.pop("deprecated", None)
    facts = FACTS.get(operation["operationId"], Facts())
    if "viewer" in wanted:
        operation["security"] = [{"token": []}]
    elif "visitor" in wanted:
        operation["security"] = [{}, {"token": []}]
    if operation["operationId"] == FORM_OF:
        operation["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": ref_to("UploadForm")}},
        }
    inputs.complete(operation, facts)
    is_limited = endpoint.path.startswith("/api/")
    answers.complete_success(operation, facts, is_limited=is_limited)
    for status, codes in sorted(errors_of(operation, facts, is_limited=is_limited).items()):
        operation["responses"][str(status)] = answers.error(status, codes, endpoint.path)


def _schemas(endpoints: list[Endpoint]) -> dict[str, Any]:
    types: set[Any] = {ProblemBody, UploadForm}
    for endpoint in endpoints:
        signature = endpoint.handler.parsed_fn_signature
        types.update(_structs_in(signature.return_type.annotation))
        if "data" in signature.parameters:
            types.update(_structs_in(signature.parameters["data"].annotation))
        for spec in (endpoint.handler.responses or {}).values():
            types.update(_structs_in(spec.data_container))
    schemas = schemas_of(sorted(types, key=lambda struct: str(struct.__name__)))
    for name, schema in schemas.items():
        tell_defaults(schema, is_sent=name in SENT)
    upload = schemas["UploadForm"]
    upload["required"] = ["file"]
    for field in upload["properties"].values():
        inputs.make_plain(field)
    return schemas


def _structs_in(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    for part in get_args(annotation):
        yield from _structs_in(part)
