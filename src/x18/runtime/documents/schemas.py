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


def ref_to(name: str) -> dict[str, str]:
    """A reference to a schema of the document."""
    return {"$ref": REF + name}


def tidied(node: Any) -> Any:
    """The same with Markdown's way to mark code instead of the docstrings', and without lists of nothing that is required."""
    if isinstance(node, dict):
        return {key: tidied(value) for key, value in node.items() if (key, value) != ("required", [])}
    if isinstance(node, list):
        return [tidied(value) for value in node]
    return node.replace("``", "`") if isinstance(node, str) else node


def _schema_of(kind: type) -> dict[str, Any]:
    if kind is UploadFile:
        return {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
    raise NotImplementedError
