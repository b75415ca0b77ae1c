"""``/docs``: the OpenAPI document as people read it."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from x18.runtime.documents.markup import Markup, Part, inline, join, prose, tag
from x18.runtime.documents.reading import CURRENT, as_json, entry, example, field, listed, name_of, schemas, section
from x18.runtime.documents.trying import rest_form, token_form

PAGE: Final = {
    "title": "REST API",
    "description": "Every endpoint of X18's REST API: parameters, bodies, answers and examples, with a box to try each.",
    "script": "rest",
    "document": "/openapi.json",
    "on_rest": CURRENT,
    "on_live": "",
}
METHODS: Final = ("get", "post", "put", "patch", "delete")
EVERYWHERE: Final = ("X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
"""Headers that are explained once."""


class Operation(NamedTuple):
    """A method of a path, and what the document says of it."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name in addresses."""
        return str(self.told["operationId"])

    @property
    def token(self) -> str | None:
        """Whether it wants a token, in words."""
        if not (security := self.told.get("security")):
            return None
        return "token optional" if {} in security else "token"


def operations_of(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """All operations by tag, in the order of the tags and paths."""
    groups: dict[str, list[Operation]] = {one["name"]: [] for one in document["tags"]}
    for path, methods in sorted(document["paths"].items()):
        for method in METHODS:
            if method in methods:
                groups.setdefault(methods[method]["tags"][0], []).append(Operation(method, path, methods[method]))
    return groups


def contents(document: dict[str, Any]) -> Markup:
    """Links to all operations."""
    groups = operations_of(document)
    return join(
        tag("a", "Try it", href="#try"),
        tag("a", "Errors and headers", href="#answers"),
        [
            [tag("a", name.capitalize(), href=f"#{name}"), tag("ul", map(_link, group))]
            for name, group in groups.items()
        ],
        tag("a", "Schemas", href="#schemas"),
    )


def main(document: dict[str, Any]) -> Markup:
    """All that the document tells, with a box for each operation."""
    told = {one["name"]: one["description"] for one in document["tags"]}
    return join(
        section(
            "try",
            "Try it",
            prose("Each operation below has a box to try it. What is sent there is done: a deleted post is gone."),
            token_form(),
        ),
        _answers(document["components"]),
        [
            section(name, name.capitalize(), prose(told.get(name, "")), [_operation(document, one) for one in group])
            for name, group in operations_of(document).items()
        ],
        schemas(document["components"]["schemas"].items()),
    )


def _link(operation: Operation) -> Markup:
    text = [_method(operation), " ", re.sub("^/api(?=/)", "", operation.path)]
    return tag("li", tag("a", text, href=f"#{operation.id}", title=operation.told["summary"]))


def _method(operation: Operation) -> Markup:
    return tag("b", operation.method.upper(), class_=f"method {operation.method}")


def _operation(document: dict[str, Any], operation: Operation) -> Markup:
    told = operation.told
    head = [
        tag("h3", _method(operation), " ", tag("code", operation.path)),
        tag("span", told["summary"]),
        tag("span", operation.token, class_="note") if operation.token else None,
    ]
    return entry(
        operation.id,
        head,
        prose(told.get("description", "")),
        _parameters(told.get("parameters", [])),
        _body(told),
        _outcomes(document, told["responses"]),
        rest_form(document, operation.method, operation.path, told),
        class_="operation",
    )


def _parameters(parameters: list[dict[str, Any]]) -> Part:
    if not parameters:
        return None
    rows = [
        field(
            one["name"],
            one["schema"],
            f"in the {one['in']}" if one["in"] == "path" else "header" if one["in"] == "header" else None,
            "required" if one.get("required") else None,
            description=one.get("description", ""),
        )
        for one in parameters
    ]
    return [tag("h4", "Parameters"), listed(rows)]


def _body(told: dict[str, Any]) -> Part:
    if "requestBody" not in told:
        return None
    [(media_type, content)] = told["requestBody"]["content"].items()
    name = name_of(content["schema"]["$ref"])
    optional = None if told["requestBody"].get("required") else ", optional"
    return [
        tag("h4", "Body"),
        tag("p", tag("a", name, href=f"#schema-{name}"), f", {media_type}", optional),
        example(f"Example of the body of {told['summary']}", as_json(content["example"]))
        if "example" in content
        else None,
    ]


def _outcomes(document: dict[str, Any], answers: dict[str, Any]) -> Markup:
    rows = [(tag("code", status), _outcome(document, status, answer)) for status, answer in sorted(answers.items())]
    return join(tag("h4", "Answers"), listed(rows))


def _outcome(document: dict[str, Any], status: str, answer: dict[str, Any]) -> Part:
    if "$ref" in answer:
        shared = document["components"]["responses"][name_of(answer["$ref"])]
        return inline(shared["description"])
    headers = [name for name in answer.get("headers", {}) if name not in EVERYWHERE]
    return [
        inline(answer["description"]),
        [[" ", tag("span", "header ", tag("code", name), class_="note")] for name in headers],
        [] if status >= "400" else [_content(*one) for one in answer.get("content", {}).items()],
    ]


def _content(media_type: str, content: dict[str, Any]) -> Part:
    reference = content["schema"].get("$ref")
    name = name_of(reference) if reference else None
    shown = content["example"] if isinstance(content["example"], str) else as_json(content["example"])
    head = ["Example of ", name or media_type]
    return [
        [" ", tag("a", name, href=f"#schema-{name}")] if name else f" {media_type}",
        tag("details", tag("summary", head), example("".join(head), shown), class_="example"),
    ]


def _answers(components: dict[str, Any]) -> Markup:
    headers = [(tag("code", name), inline(one["description"])) for name, one in components["headers"].items()]
    errors = [(tag("code", str(status)), inline(text)) for status, text in sorted(_errors(components))]
    problem = components["responses"]["RateLimited"]["content"]["application/problem+json"]["example"]
    return section(
        "answers",
        "Errors and headers",
        prose("Every error has this body, whatever its status. Go by its `code`; `detail` is a sentence for people."),
        example("Example of an error", as_json(problem)),
        tag(
            "p",
            tag("a", "ProblemBody", href="#schema-ProblemBody"),
            " says what each field is. These errors can come anywhere:",
        ),
        listed(errors),
        tag("h3", "Headers"),
        listed(headers),
    )


def _errors(components: dict[str, Any]) -> Iterator[tuple[int, str]]:
    for one in components["responses"].values():
        body = one["content"]["application/problem+json"]["example"]
        yield body["status"], f"{one['description']}: {body['detail']}"
