"""HTML, made of parts: what is no ``Markup`` is text, and is escaped."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final

VOID: Final = frozenset({"input"})
MARKED: Final = re.compile(r"`([^`]+)`|\[([^\]]+)\]\((/[^)\s]*)\)")
"""Code, and links within this server, as the descriptions have them."""


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


Part = str | None | Iterable["Part"]


def tag(name: str, /, *parts: Part, **attributes: Any) -> Markup:
    """An element. ``class_`` is ``class``, ``aria_label`` is ``aria-label``; an attribute that is None or False is left out."""
    told = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    return Markup(f"<{name}{told}>" if name in VOID else f"<{name}{told}>{join(*parts)}</{name}>")


def join(*parts: Part) -> Markup:
    """The parts, one after the other."""
    return Markup("".join(_text(part) for part in parts))


def inline(text: str) -> Markup:
    """A text with its code and links."""
    pieces: list[Part] = []
    end = 0
    for match in MARKED.finditer(text):
        pieces.append(text[end : match.start()])
        code, words, address = match.groups()
        pieces.append(tag("code", code) if code else tag("a", inline(words), href=address))
        end = match.end()
    return join(pieces, text[end:])


def prose(text: str) -> Markup:
    """Paragraphs."""
    return join(tag("p", inline(" ".join(part.split()))) for part in re.split(r"\n\s*\n", text.strip()))


def _text(part: Part) -> str:
    if part is None:
        return ""
    if isinstance(part, str):
        return part if isinstance(part, Markup) else escape(part, quote=False)
    return "".join(map(_text, part))


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
