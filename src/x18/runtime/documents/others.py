"""The event stream and the metrics in the OpenAPI document: they are no REST, but read over HTTP all the same."""

from typing import Any, Final

from x18.runtime.documents.answers import error
from x18.runtime.documents.facts import REFUSED_TOKEN
from x18.runtime.documents.samples import TOKEN

ID: Final = {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}}
EVENT: Final = 'event: heartbeat\nid: 7f3a.1041\ndata: {"type":"heartbeat","payload":{"cursor":"7f3a.1041"}}\n\n'
METRIC: Final = 'x18_http_requests_total{method="GET",route="/api",status="200"} 1.0\n'


def _parameter(place: str, name: str, description: str, example: str, *, required: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


def _text(media_type: str, example: str, description: str) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "string"}, "example": example}}
    return {"description": description, "content": content, "headers": ID}


STREAM: Final[dict[str, Any]] = {
    "tags": ["live"],
    "operationId": "live_stream",
    "summary": "The live channel as an event stream",
    "description": "Server-sent events, with the messages of `/asyncapi.json`, for clients without WebSockets. It does not end by itself.",
    "security": [{}, {"token": []}],
    "parameters": [
        _parameter("query", "topics", "Names of topics, separated by commas.", "explore,symbol:BTC-USD", required=True),
        _parameter("query", "since", "A cursor: what came after it is sent first.", "7f3a.1041"),
        _parameter("query", "ticket", "From `POST /api/ws/ticket`, where no header can be sent.", TOKEN),
        _parameter("header", "Last-Event-ID", "As `since`; sent by browsers when they come back.", "7f3a.1041"),
    ],
    "responses": {
        "200": _text("text/event-stream", EVENT, "Events."),
        "400": error(400, ("bad_input",), "/api/stream"),
        "401": error(401, (*REFUSED_TOKEN, "not_authenticated", "ticket_used"), "/api/stream"),
        "429": error(429, ("rate_limited",), "/api/stream"),
        "503": error(503, ("unavailable",), "/api/stream"),
    },
}
METRICS: Final[dict[str, Any]] = {
    "tags": ["system"],
    "operationId": "system_metrics",
    "summary": "Metrics",
    "description": "For Prometheus: with `METRICS_TOKEN` as the Bearer token, or from this machine outside of production.",
    "responses": {
        "200": _text("text/plain", METRIC, "All metrics of all processes."),
        "404": error(404, ("not_found",), "/metrics"),
    },
}
PATHS: Final = {"/api/stream": {"get": STREAM}, "/metrics": {"get": METRICS}}
