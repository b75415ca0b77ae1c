"""Controls of writing direction in posts: what a post opens it closes, so that it does not turn what a page shows after it."""

from typing import Final

import regex

CONTROLS: Final = regex.compile("[\u202a-\u202e\u2066-\u2069\n\r\u0085\u2028\u2029]")
POP: Final = "\u202c"
POP_ISOLATE: Final = "\u2069"
CLOSERS: Final = dict.fromkeys("\u202a\u202b\u202d\u202e", POP) | dict.fromkeys("\u2066\u2067\u2068", POP_ISOLATE)
"""The character that closes each embedding, override and isolate (Unicode Bidirectional Algorithm, X1 to X8)."""


def close_directions(text: str) -> str:
    """The text with each of its lines balanced: what is open at the end of a line is closed there, what closes nothing is left out."""
    if text.isascii():
        return text
    parts: list[str] = []
    open_: list[str] = []
    isolates = at = 0
    for match in CONTROLS.finditer(text):
        sign = match[0]
        parts.append(text[at : match.start()])
        at = match.end()
        if sign in CLOSERS:
            open_.append(CLOSERS[sign])
            isolates += CLOSERS[sign] == POP_ISOLATE
            parts.append(sign)
        elif sign == POP:
            parts += _close(open_, POP) if open_[-1:] == [POP] else ""
        elif sign == POP_ISOLATE:
            parts += _close(open_, POP_ISOLATE) if isolates else ""
            isolates = max(isolates - 1, 0)
        else:
            parts += [*reversed(open_), sign]
            open_, isolates = [], 0
    return "".join([*parts, text[at:], *reversed(open_)])


def _close(open_: list[str], sign: str) -> str:
    """The sign after whatever is still open within what it closes; it is taken from the open ones."""
    closed = ""
    while not closed.endswith(sign):
        closed += open_.pop()
    return closed
