"""The boxes to try things with: forms, which the pages' scripts read."""

from collections.abc import Iterator
from typing import Any, Final

from x18.runtime.documents.markup import Markup, tag
from x18.runtime.documents.reading import as_json, name_of

FORM: Final = "multipart/form-data"


def token_form() -> Markup:
    """Whose token is sent. Which of them can be chosen is known to the script."""
    options = [
        tag("option", "nobody", value="nobody"),
        tag("option", "the session of the console", value="session"),
        tag("option", "the token here", value="typed"),
    ]
    return tag(
        "form",
        tag("label", "Ask as", tag("select", options, id="who")),
        tag(
            "label",
            "Access token",
            tag(
                "input",
                id="token",
                type="password",
                autocomplete="off",
                spellcheck="false",
                aria_describedby="token-hint",
            ),
            class_="grows",
        ),
        tag("p", "It is kept nowhere, and sent to this server only.", id="token-hint", class_="hint"),
        id="identity",
        class_="scripted inputs",
    )


def rest_form(document: dict[str, Any], method: str, path: str, told: dict[str, Any]) -> Markup:
    """The box of an operation: a field for each parameter and for the body, the curl line, and room for the answer."""
    inputs = [*_parameters(told), *_body(document, told)]
    name = told["operationId"]
    return tag(
        "form",
        tag("h4", "Try it"),
        tag("div", inputs, class_="inputs") if inputs else None,
        tag(
            "div",
            tag("button", f"Send {method.upper()}", type="submit", class_="primary"),
            tag("button", "Copy as curl", type="button", class_="plain copy"),
            tag("span", role="status", class_="hint said"),
            class_="row",
        ),
        tag("pre", class_="curl", tabindex="0", role="group", aria_label=f"{told['summary']} with curl"),
        tag("div", class_="answer", hidden=True),
        class_="try scripted",
        data_method=method.upper(),
        data_path=path,
        aria_label=f"Try {name}",
    )


def _parameters(told: dict[str, Any]) -> Iterator[Markup]:
    for one in told.get("parameters", []):
        schema, example = one["schema"], one.get("example", "")
        wanted = bool(one.get("required"))
        shown = ", ".join(example) if isinstance(example, list) else str(example)
        is_list = schema.get("type") == "array"
        control = _control(
            schema.get("items", {}) if is_list else schema,
            name=one["name"],
            required=wanted,
            value=shown if wanted else None,
            placeholder=shown or (str(schema["default"]) if "default" in schema else None),
            data_in=one["in"],
            data_list=is_list,
        )
        yield tag("label", _name(one["name"], is_needed=wanted), control)


def _control(schema: dict[str, Any], **attributes: Any) -> Markup:
    choices = ["true", "false"] if schema.get("type") == "boolean" else schema.get("enum")
    if not choices or attributes.get("data_list"):
        return tag("input", type="text", autocomplete="off", spellcheck="false", **attributes)
    attributes = {name: value for name, value in attributes.items() if name not in ("value", "placeholder")}
    return tag("select", tag("option", "", value=""), [tag("option", choice) for choice in choices], **attributes)


def _body(document: dict[str, Any], told: dict[str, Any]) -> Iterator[Markup]:
    content: dict[str, Any] = told.get("requestBody", {}).get("content", {})
    for media_type, media in content.items():
        if media_type == FORM:
            yield from _form_fields(document["components"]["schemas"][name_of(media["schema"]["$ref"])])
        else:
            text = as_json(media["example"]) if "example" in media else ""
            lines = min(16, text.count("\n") + 2)
            area = tag("textarea", "\n" + text, name="body", rows=lines, spellcheck="false", data_in="body")
            yield tag("label", "Body, JSON", area, class_="all")


def _form_fields(schema: dict[str, Any]) -> Iterator[Markup]:
    for name, one in schema["properties"].items():
        is_file = one.get("format") == "binary"
        control = tag("input", type="file" if is_file else "text", name=name, data_in="form", required=is_file)
        yield tag("label", _name(name, is_needed=name in schema.get("required", ())), control)


def _name(name: str, *, is_needed: bool) -> Markup:
    return tag("span", name, [" ", tag("span", "required", class_="note")] if is_needed else None)
