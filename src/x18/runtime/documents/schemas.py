"""JSON Schema of Structs, the same in both documents."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from litestar.datastructures import UploadFile

REF: Final = "#/components/schemas/"


def schemas_of(types: Iterable[Any]) -> dict[str, Any]:
    """The schemas of the types and of all that they consist of, by name."""
    _, components = msgspec.json.schema_components(types, schema_hook=_schema_of, ref_template=REF + "{name}")
    return {name: tidied(schema) for name, schema in sorted(components.items())}


def tell_defaults(schema: dict[str, Any], *, is_sent: bool) -> None:
    """What has a default may be left out of what is sent, and is always in an answer. Programs that make clients read ``default`` the one
    way or the other, so it is told in words.
    """
    always = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        if "default" not in field:
            continue
        default = field.pop("default")
        if not is_sent:
            always.add(name)
        elif default not in (None, "", False):
            field["description"] = f"{field.get('description', '')} Without it, `{default}`.".strip()
    if always:
        schema["required"] = [name for name in schema["properties"] if name in always]


def ref_to(name: str) -> dict[str, str]:
    """A reference to a schema of the document."""
    return {"$ref": REF + name}


def tidied(node: Any) -> Any:
    """The same as programs want it that make clients: enums of texts are texts, an object of anything may hold anything, and no
    list says that nothing is required. Code is marked as in Markdown.
    """
    if isinstance(node, dict):
        kept = {key: tidied(value) for key, value in node.items() if (key, value) != ("required", [])}
        values = kept.get("enum", ())
        if isinstance(values, list) and values and all(isinstance(value, str) for value in values):
            kept.setdefault("type", "string")
        if kept.get("type") == "object" and not kept.keys() & {"properties", "additionalProperties"}:
            kept["additionalProperties"] = True
        return kept
    if isinstance(node, list):
        return [tidied(value) for value in node]
    return node.replace("``", "`") if isinstance(node, str) else node


def _schema_of(kind: type) -> dict[str, Any]:
    if kind is UploadFile:
        return {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
    raise NotImplementedError
