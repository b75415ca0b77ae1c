"""``/docs/live``: the AsyncAPI document as people read it, with a box to try the channel."""

import re
from typing import Any, Final

from x18.runtime.documents.markup import Markup, Part, inline, join, prose, tag
from x18.runtime.documents.reading import CURRENT, as_json, entry, example, fields, listed, name_of, schemas, section
from x18.runtime.documents.trying import token_form

PAGE: Final = {
    "title": "Live channel",
    "description": "Every message of X18's live channel with its schema and an example, topics, filters and codes, and a box to try it.",
    "script": "live",
    "document": "/asyncapi.json",
    "on_rest": "",
    "on_live": CURRENT,
}
GROUPS: Final = {"client": "Client to server", "control": "Server to client", "event": "Events"}
PARTS: Final = {
    "try": "Try it",
    "addresses": "Addresses",
    "topics": "Topics and filters",
    **GROUPS,
    "close-codes": "Close codes",
    "error-codes": "Codes of errors",
    "limits": "Limits",
    "schemas": "Schemas",
}
FIRST: Final = {"type": "subscribe", "id": 1, "payload": {"topics": [{"topic": "explore"}, {"topic": "test"}]}}
"""What stands in the box: it works without an account, and brings something every second."""

OF_PAYLOAD: Final = re.compile(r"^Payload of [^:.]*[:.] *")


def contents(document: dict[str, Any]) -> Markup:
    """Links to all parts and messages."""
    return join(
        [tag("a", title, href=f"#{id_}"), _messages_of(document, id_) if id_ in GROUPS else None]
        for id_, title in PARTS.items()
    )


def main(document: dict[str, Any]) -> Markup:
    """The box to try the channel with, and all that the document tells."""
    messages = document["components"]["messages"]
    frames = set(messages)
    found = [(name, schema) for name, schema in document["components"]["schemas"].items() if name not in frames]
    return join(
        section("try", PARTS["try"], token_form(), _bench(document)),
        _addresses(document),
        _topics(document),
        [
            section(group, title, [_message(document, one) for one in _tagged(document, group)])
            for group, title in GROUPS.items()
        ],
        section("close-codes", PARTS["close-codes"], listed(map(_close_code, document["x-close-codes"]))),
        section("error-codes", PARTS["error-codes"], listed(_row(one, "code") for one in document["x-error-codes"])),
        section("limits", PARTS["limits"], listed(map(_limit, document["x-limits"]))),
        schemas(found),
    )


def _bench(document: dict[str, Any]) -> Markup:
    """A connection, a message, and what goes to and fro."""
    addresses = [one["address"] for one in document["channels"].values() if one.get("bindings", {}).get("ws")]
    messages = [one["examples"][0]["payload"] for one in _tagged(document, "client")]
    kinds = [
        tag("option", one["type"], data_text=as_json(one), selected=one["type"] == "subscribe") for one in messages
    ]
    connection = tag(
        "form",
        tag("label", "Address", tag("select", [tag("option", address) for address in addresses], id="address")),
        tag("button", "Connect", id="connect", type="submit", class_="primary"),
        tag("span", "Not connected.", id="state", role="status"),
        id="connection",
        class_="row",
    )
    message = tag(
        "form",
        tag("label", "Message", tag("select", kinds, id="kind")),
        tag(
            "label",
            "JSON",
            tag(
                "textarea",
                "\n" + as_json(FIRST),
                id="text",
                rows="12",
                spellcheck="false",
                aria_describedby="text-error",
            ),
        ),
        tag("div", tag("button", "Send", id="send", type="submit", class_="primary", disabled=True), class_="row"),
        tag("p", id="text-error", class_="fault", role="alert"),
        id="message",
    )
    log = tag("div", tag("ol", id="frames"), id="log", role="log", aria_labelledby="frames-title", tabindex="0")
    title = tag(
        "div",
        tag("h3", "Frames", id="frames-title"),
        tag("span", id="frames-count", class_="hint"),
        tag("button", "Clear", id="clear", type="button", class_="plain"),
        class_="row",
    )
    return tag("div", connection, tag("div", message, tag("div", title, log), class_="bench"), class_="scripted")


def _tagged(document: dict[str, Any], group: str) -> list[dict[str, Any]]:
    return [one for one in document["components"]["messages"].values() if one["tags"][0]["name"] == group]


def _messages_of(document: dict[str, Any], group: str) -> Markup:
    return tag(
        "ul",
        [tag("li", tag("a", one["name"], href=f"#message-{one['name']}")) for one in _tagged(document, group)],
    )


def _message(document: dict[str, Any], message: dict[str, Any]) -> Markup:
    known = document["components"]["schemas"]
    payload = known[name_of(message["payload"]["$ref"])]["properties"].get("payload", {})
    inner = known[name_of(payload["$ref"])] if "$ref" in payload else payload
    told = OF_PAYLOAD.sub("", inner.get("description", "")) if "$ref" in payload else ""
    choices = [", ".join(one["required"]) for one in inner.get("oneOf", []) if one.get("required")]
    return entry(
        f"message-{message['name']}",
        [tag("h3", message["name"]), tag("span", inline(message["summary"]))],
        prose(told) if told else None,
        tag("h4", "Payload"),
        fields(inner),
        tag("p", f"Exactly one of: {' · '.join(choices)}.", class_="hint") if choices else None,
        example(f"Example of {message['name']}", as_json(message["examples"][0]["payload"])),
    )


def _addresses(document: dict[str, Any]) -> Markup:
    channels = [(tag("code", one["address"]), inline(one["description"])) for one in document["channels"].values()]
    tokens = [
        (tag("code", f"?{one['name']}=" if "name" in one else "Authorization: Bearer"), inline(one["description"]))
        for one in document["components"]["securitySchemes"].values()
    ]
    protocols = document["channels"]["live"]["bindings"]["ws"]["headers"]["properties"]["Sec-WebSocket-Protocol"]
    names = [[" or " if place else "", tag("code", name)] for place, name in enumerate(protocols["enum"])]
    return section(
        "addresses",
        PARTS["addresses"],
        listed(channels),
        tag("h3", "Tokens"),
        listed(tokens),
        tag("h3", "Subprotocols"),
        tag("p", names, ". ", inline(protocols["description"])),
    )


def _topics(document: dict[str, Any]) -> Markup:
    filters = document["components"]["schemas"]["PostFilter"]
    return section(
        "topics",
        PARTS["topics"],
        listed(map(_topic, document["x-topics"])),
        tag("h3", "Filter"),
        prose(filters["description"]),
        fields(filters),
    )


def _topic(topic: dict[str, Any]) -> tuple[Part, Part]:
    notes = [
        "needs an account" if topic["needs"] != "nothing" else None,
        None if topic["filter"] else "takes no filter",
    ]
    return _row(topic, "name", *notes)


def _close_code(told: dict[str, Any]) -> tuple[Part, Part]:
    name, meaning = _row(told, "code", "come back" if told["reconnect"] else "final")
    return [name, " ", tag("span", told["name"], class_="hint")], tag("span", meaning, id=f"close-{told['code']}")


def _limit(told: dict[str, Any]) -> tuple[Part, Part]:
    return tag("code", told["name"]), [tag("b", f"{told['value']:,}"), " ", inline(told["description"])]


def _row(told: dict[str, Any], name: str, *notes: str | None) -> tuple[Part, Part]:
    words = [[" ", tag("span", note, class_="note")] for note in notes if note]
    return tag("code", str(told[name])), [inline(told["description"]), words]
