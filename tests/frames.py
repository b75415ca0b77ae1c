"""The frames of the live channel held against its AsyncAPI document."""

from functools import cache
from typing import Any

import jsonschema_rs

from x18.runtime.documents.asyncapi import describe

Message = dict[str, Any]


class Undocumented(AssertionError):
    """A frame that the document does not describe."""


def check_received(message: Message) -> None:
    """A frame of the server: of a known type, with the fields of its schema and no others."""
    _check(message, "server")


def check_sent(message: Message) -> None:
    """A frame of a client that the server took."""
    _check(message, "client")


def _check(message: Message, sender: str) -> None:
    validator = validators(sender).get(message.get("type", ""))
    if validator is None:
        raise Undocumented(f"the {sender} has no such message: {message}")
    for error in validator.iter_errors(message):
        raise Undocumented(f"{error.message} at {error.instance_path} of {message}")


@cache
def validators(sender: str) -> dict[str, jsonschema_rs.Draft202012Validator]:
    """By type of message. A server's frame may have no field that the document does not name."""
    document = describe()
    components = document["components"]
    schemas = components["schemas"] if sender == "client" else _closed(components["schemas"])
    return {
        message["name"]: jsonschema_rs.Draft202012Validator(
            {**message["payload"], "components": {"schemas": schemas}}, validate_formats=True
        )
        for message in components["messages"].values()
        if (message["tags"][0]["name"] == "client") == (sender == "client")
    }


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    if "properties" in closed and closed.get("type") == "object":
        closed["additionalProperties"] = False
    return closed
