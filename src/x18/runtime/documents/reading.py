"""What both pages are made of: sections, entries that open, and JSON Schema as people read it."""

import json
from collections.abc import Iterable
from typing import Any, Final

from x18.runtime.documents.markup import Markup, Part, inline, join, tag

CURRENT: Final = Markup(' aria-current="page"')
"""Marks the link to the page that one is on."""

BOUNDS: Final = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
    "minimum": "from {}",
    "maximum": "up to {}",
    "pattern": "pattern {}",
    "default": "default {}",
}


def section(id_: str, title: str, *parts: Part) -> Markup:
    """A part of a page, which the contents lead to."""
    return tag("section", tag("h2", title, id=f"{id_}-title"), *parts, id=id_, aria_labelledby=f"{id_}-title")


def entry(id_: str, head: Part, *parts: Part, **attributes: Any) -> Markup:
    """What opens: an operation, a message, a schema. The id is inside, where browsers open it by themselves for ``#id``."""
    return tag("details", tag("summary", head), tag("div", *parts, class_="inside", id=id_), **attributes)


def listed(rows: Iterable[tuple[Part, Part]]) -> Markup:
    """Names and what they mean; side by side where there is room, so that nothing has to scroll."""
    return tag("dl", [tag("div", tag("dt", name), tag("dd", meaning)) for name, meaning in rows], class_="listed")


def example(label: str, text: str) -> Markup:
    """A piece of code. It may scroll, so the keyboard can come to it."""
    return tag("pre", text, tabindex="0", role="group", aria_label=label)


def as_json(value: Any) -> str:
    """JSON to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def name_of(reference: str) -> str:
    """The name of what a ``$ref`` refers to."""
    return reference.rpartition("/")[2]


def type_of(schema: dict[str, Any]) -> Markup:
    """The type in a few words, with links to schemas."""
    if "$ref" in schema:
        name = name_of(schema["$ref"])
        return tag("a", name, href=f"#schema-{name}")
    if "const" in schema or "enum" in schema:
        return join(" | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")])))
    choices = schema.get("anyOf") or (None if "properties" in schema else schema.get("oneOf"))
    if choices:
        return join(join(" | " if place else "", type_of(choice)) for place, choice in enumerate(choices))
    if schema.get("type") == "array":
        return join(type_of(schema.get("items", {})), "[]")
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return join("{name: ", type_of(schema["additionalProperties"]), "}")
    return join(schema.get("format") or schema.get("type") or "anything")


def bounds_of(schema: dict[str, Any]) -> str:
    """What a value has to keep to."""
    told = [text.format(_shown(schema[name])) for name, text in BOUNDS.items() if schema.get(name) is not None]
    if schema.get("minLength") == 1:
        told[0] = "not empty"
    if schema.get("type") == "array" and (inner := bounds_of(schema.get("items", {}))):
        told.append(f"each {inner}")
    return ", ".join(told)


def field(name: str, schema: dict[str, Any], *notes: Part, description: str | None = None) -> tuple[Part, Part]:
    """A row of ``listed``."""
    head = [tag("code", name), [[" ", tag("span", note, class_="note")] for note in notes if note]]
    bounds = bounds_of(schema)
    text = schema.get("description", "") if description is None else description
    return head, [
        tag("span", type_of(schema), class_="type"),
        [" ", inline(text)] if text else None,
        [" ", tag("span", bounds, class_="hint")] if bounds else None,
    ]


def fields(schema: dict[str, Any]) -> Markup:
    """The fields of an object, or what else a schema is."""
    needed = set(schema.get("required", ()))
    properties = schema.get("properties", {})
    if not properties:
        return tag("p", type_of(schema), class_="type")
    return listed(
        field(name, inner, None if name in needed or not needed else "optional") for name, inner in properties.items()
    )


def schemas(found: Iterable[tuple[str, dict[str, Any]]]) -> Markup:
    """The section of all schemas."""
    entries = [
        entry(
            f"schema-{name}",
            [tag("h3", name), tag("span", inline(" ".join(schema.get("description", "").split())))],
            fields(schema),
        )
        for name, schema in found
    ]
    return section("schemas", "Schemas", entries)


def _shown(value: Any) -> str:
    return f"{value:,}" if type(value) is int else json.dumps(value)
