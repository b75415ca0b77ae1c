"""AsyncAPI 3 of the live channel: every message in both directions, and what holds for all of them."""

from importlib.metadata import version
from typing import Any, Final, get_args

import msgspec

from x18.realtime import protocol as p
from x18.runtime.documents.channels import channels, operations
from x18.runtime.documents.events import EVENTS
from x18.runtime.documents.live_examples import EXAMPLES
from x18.runtime.documents.live_reference import (
    TOPICS,
    NotificationFilter,
    PostFilter,
    close_codes,
    error_codes,
    limits,
)
from x18.runtime.documents.schemas import ref_to, schemas_of, tidied

CLIENT: Final = get_args(p.ClientMessage)
CONTROL: Final = (
    p.Connected,
    p.Ok,
    p.Error,
    p.Result,
    p.Pong,
    p.Heartbeat,
    p.Replayed,
    p.Gap,
    p.Counts,
    p.TestEvent,
    p.AuthExpiring,
    p.Reconnect,
)

DESCRIPTION: Final = """An event reaches every client that may see it, in order, once. A client that was away gets exactly what it
missed, or is told that it cannot and what to read instead.

Every message is `{"type": …, "payload": {…}}`. One of a client may carry an `id`; its one answer carries the same. Events also
carry `cursor` and `topics`. Clients ignore types and fields that they do not know. More: `docs/protocol.md`."""

NOWHERE: Final = "localhost:8080"
"""Stands for the server where nobody asks."""

SECURITY: Final = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "In the handshake."},
    "ticket": {
        "type": "httpApiKey",
        "in": "query",
        "name": "ticket",
        "description": "From `POST /api/ws/ticket`: good once and for 30 s. For browsers, which cannot send headers.",
    },
    "tokenInAddress": {
        "type": "httpApiKey",
        "in": "query",
        "name": "token",
        "description": "An access token; only at the two addresses for clients of the original system.",
    },
}


def type_of(message: type[msgspec.Struct]) -> str:
    """The ``type`` of a message on the wire."""
    return str(message.__struct_config__.tag)


def describe() -> dict[str, Any]:
    """The document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "X18 live",
            "version": version("x18"),
            "description": DESCRIPTION,
            "tags": [{"name": "client"}, {"name": "control"}, {"name": "event"}],
        },
        "defaultContentType": "application/json",
        "servers": servers(NOWHERE, is_secure=False),
        "channels": channels(names(CLIENT), names(CONTROL), names(EVENTS)),
        "operations": operations(names(CLIENT), names(CONTROL), names(EVENTS)),
        "components": {
            "messages": _messages(),
            "schemas": _schemas(),
            "securitySchemes": SECURITY,
        },
        "x-topics": tidied(msgspec.to_builtins(TOPICS)),
        "x-close-codes": close_codes(),
        "x-error-codes": error_codes(),
        "x-limits": limits(),
    }


def servers(host: str, *, is_secure: bool) -> dict[str, Any]:
    """The address of the channel, seen from the host at which the document is read."""
    end = "s" if is_secure else ""
    return {
        "here": {"host": host, "protocol": f"ws{end}", "description": "The server that you read this on."},
        "http": {"host": host, "protocol": f"http{end}", "description": "The same, for server-sent events."},
    }


def names(messages: tuple[type[msgspec.Struct], ...]) -> dict[str, str]:
    """Type on the wire → name in the document."""
    return {type_of(message): message.__name__ for message in messages}


def _messages() -> dict[str, Any]:
    documented = {}
    for tag, messages in (("client", CLIENT), ("control", CONTROL), ("event", EVENTS)):
        for message in messages:
            kind = type_of(message)
            documented[message.__name__] = {
                "name": kind,
                "title": kind,
                "summary": tidied(message.__doc__ or "").partition("\n")[0],
                "contentType": "application/json",
                "tags": [{"name": tag}],
                "payload": ref_to(message.__name__),
                "examples": [{"name": kind, "payload": EXAMPLES[kind]}],
            }
    return documented


def _schemas() -> dict[str, Any]:
    schemas = schemas_of([*CLIENT, *CONTROL, *EVENTS, PostFilter, NotificationFilter])
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            if field.get("default", ...) is None:
                del field["default"]
    for name in ("TopicRequest", "Subscription"):
        kinds = [ref_to("PostFilter"), ref_to("NotificationFilter"), {"type": "null"}]
        schemas[name]["properties"]["filter"] = {"anyOf": kinds}
    schemas["ErrorPayload"]["properties"]["code"]["enum"] = list(p.ERROR_CODES)
    schemas["NotificationsRead"]["oneOf"] = [{"required": ["id"]}, {"required": ["all"]}]
    schemas["NotificationsGone"]["oneOf"] = [{"required": ["id"]}, {"required": ["post_id"]}]
    return schemas
