"""Parameters and bodies of REST operations in the OpenAPI document."""

from typing import Any, Final

from x18.market.symbols import MAX_SYMBOL
from x18.posts.text import MAX_HASHTAG
from x18.runtime.documents.bodies import BODIES
from x18.runtime.documents.facts import Facts
from x18.runtime.documents.samples import MEDIA_ID, NOTIFICATION_ID, POST_ID, USER_ID
from x18.search.controller import MAX_QUERY
from x18.timeline.filters import MAX_VALUE, MAX_VALUES

_FILTER: Final = {
    "description": "Without regard to case. Repeat it for OR; different filters are joined by AND.",
    "schema": {"maxItems": MAX_VALUES, "items": {"type": "string", "maxLength": MAX_VALUE}},
}
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "user_id": {"description": "The user's id.", "example": USER_ID},
    "post_id": {"description": "The post's id.", "example": POST_ID},
    "media_id": {"description": "The file's id.", "example": MEDIA_ID},
    "notification_id": {"description": "The notification's id.", "example": NOTIFICATION_ID},
    "username": {"description": "Without regard to case.", "example": "alice_trades"},
    "q": {"schema": {"minLength": 1, "maxLength": MAX_QUERY}, "example": "bitcoin breakout"},
    "query": {"schema": {"maxLength": MAX_SYMBOL}, "example": "bt"},
    "type": {"description": "Which kind to return."},
    "timeframe": {"description": "How far back to look."},
    "unread_only": {"description": "Only unread ones."},
    "category": {**_FILTER, "example": ["crypto"]},
    "market": {**_FILTER, "example": ["btc"]},
    "symbol": {**_FILTER, "example": ["BTC-USD"]},
    "tag": {**_FILTER, "example": ["breakout"]},
}
SENT: Final = {
    "If-None-Match": {
        "description": "The `ETag` that the client has; the answer is 304 while that is current.",
        "schema": {"type": "string"},
        "example": '"5d1c3f0a9b8e7d6c5b4a3f2e"',
    },
    "Idempotency-Key": {
        "description": "Chosen by the client. Repeated with the same key within 24 h, a request gets the first answer and is done once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "5b1f2c60-post-1",
    },
}

HASHTAG: Final = {
    "description": "With or without `#`, without regard to case.",
    "schema": {"minLength": 1, "maxLength": MAX_HASHTAG},
    "example": "bitcoin",
}
SYMBOL: Final = {
    "description": "In any case, with or without `$`. A slash may be written as it is or as `%2F`.",
    "schema": {"minLength": 1, "maxLength": MAX_SYMBOL},
    "example": "BTC-USD",
}
IN_PATH: Final = {"tag": HASHTAG, "symbol": SYMBOL}


def complete(operation: dict[str, Any], facts: Facts) -> None:
    """Parameters and body: described, and plain where they may be left out."""
    if facts.by_offset:
        operation["parameters"] = [one for one in operation["parameters"] if one["name"] not in ("before", "after")]
    for parameter in operation.get("parameters", []):
        special = IN_PATH if parameter["in"] == "path" else {}
        known = special.get(parameter["name"]) or PARAMETERS.get(parameter["name"], {})
        make_plain(parameter["schema"])
        parameter["schema"].pop("description", None)
        if parameter["schema"].get("format") == "uri":
            parameter["schema"].pop("format")  # what may hold slashes is none for that
        if parameter["schema"].get("format") == "uuid":
            parameter["schema"].pop("default", None)  # the ends of all ids: says nothing
        parameter["schema"].update(known.get("schema", {}))
        parameter.update({name: value for name, value in known.items() if name != "schema"})
    if facts.tagged:
        operation.setdefault("parameters", []).append(_header("If-None-Match"))
    if facts.once:
        operation.setdefault("parameters", []).append(_header("Idempotency-Key"))
    for media in operation.get("requestBody", {}).get("content", {}).values():
        if "oneOf" in media["schema"]:
            operation["requestBody"]["required"] = False
            make_plain(media["schema"])
        media["example"] = BODIES[media["schema"]["$ref"].rpartition("/")[2]]


def make_plain(schema: dict[str, Any]) -> None:
    """Take null out of the schema of what can simply be left out, and write whole numbers as such."""
    for choice in ("oneOf", "anyOf"):
        kinds = [kind for kind in schema.get(choice, ()) if kind != {"type": "null"}]
        if len(kinds) == 1:
            del schema[choice]
            schema.update(kinds[0])
            if schema.get("default", ...) is None:
                del schema["default"]
    if "enum" in schema:
        schema.setdefault("type", "string")
    for bound in ("minimum", "maximum"):
        if isinstance(schema.get(bound), float) and schema["type"] == "integer":
            schema[bound] = int(schema[bound])


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, **SENT[name]}
