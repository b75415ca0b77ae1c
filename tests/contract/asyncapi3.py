"""The form of an AsyncAPI 3.0 document as far as ours goes, after https://www.asyncapi.com/docs/reference/specification/v3.0.0.

Holds also where there is no npm to run the parser of the AsyncAPI initiative.
"""

from typing import Any, Final

EXTENSIONS: Final = {"^x-": {}}
TEXT: Final = {"type": "string", "minLength": 1}
REFERENCE: Final = {
    "type": "object",
    "required": ["$ref"],
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
}
REFERENCES: Final = {"type": "array", "minItems": 1, "items": REFERENCE}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "patternProperties": EXTENSIONS,
        "additionalProperties": False,
    }


def _map(value: Any) -> dict[str, Any]:
    return {"type": "object", "minProperties": 1, "additionalProperties": value}


_TAGS: Final = {"type": "array", "items": _object(["name"], name=TEXT, description=TEXT)}
_SERVER: Final = _object(
    ["host", "protocol"], host=TEXT, protocol={"enum": ["ws", "wss", "http", "https"]}, description=TEXT
)
_CHANNEL: Final = _object(
    ["address", "messages"],
    address={"type": "string", "pattern": "^/"},
    title=TEXT,
    description=TEXT,
    servers=REFERENCES,
    messages=_map(REFERENCE),
    bindings={"type": "object"},
)
_OPERATION: Final = _object(
    ["action", "channel"],
    action={"enum": ["send", "receive"]},
    channel=REFERENCE,
    title=TEXT,
    messages=REFERENCES,
    security=REFERENCES,
    reply=_object(["channel", "messages"], channel=REFERENCE, messages=REFERENCES),
)
_MESSAGE: Final = _object(
    ["name", "payload", "examples"],
    name=TEXT,
    title=TEXT,
    summary=TEXT,
    contentType={"const": "application/json"},
    tags=_TAGS,
    payload=REFERENCE,
    examples={"type": "array", "minItems": 1, "items": _object(["payload"], name=TEXT, payload={"type": "object"})},
)
_SCHEME: Final = {
    "oneOf": [
        _object(["type", "scheme"], type={"const": "http"}, scheme=TEXT, bearerFormat=TEXT, description=TEXT),
        _object(
            ["type", "in", "name"],
            **{"type": {"const": "httpApiKey"}, "in": {"enum": ["query", "header"]}, "name": TEXT, "description": TEXT},
        ),
    ]
}

FORM: Final = _object(
    ["asyncapi", "info", "channels", "operations", "components"],
    asyncapi={"const": "3.0.0"},
    info=_object(["title", "version"], title=TEXT, version=TEXT, description=TEXT, tags=_TAGS),
    defaultContentType={"const": "application/json"},
    servers=_map(_SERVER),
    channels=_map(_CHANNEL),
    operations=_map(_OPERATION),
    components=_object([], messages=_map(_MESSAGE), schemas=_map({"type": "object"}), securitySchemes=_map(_SCHEME)),
)
