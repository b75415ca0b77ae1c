"""The metadata of a post: any JSON object within bounds, of which four keys mean something."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

from x18.core.errors import BadInput
from x18.core.folding import fold
from x18.core.text import UNSTORABLE
from x18.posts.text import Entities
from x18.realtime.terms import PREFIX, term

MAX_BYTES: Final = 16 * 1024
MAX_DEPTH: Final = 8
MAX_VALUE: Final = 64
MAX_TAGS: Final = 32
MAX_TERMS: Final = 10
"""So many hashtags, and so many cashtags, of a text make the post one of their topics: each has to be looked at for every event."""

LEAST_NUMBER: Final = Decimal("1e-20")
MOST_NUMBER: Final = Decimal(2**63)
"""MessagePack has no greater integers."""


class Metadata(msgspec.Struct, frozen=True):
    """Checked metadata: its JSON, the two case-folded values with columns of their own, and the terms it gives."""

    json: str
    category: str | None
    market: str | None
    terms: list[str]


def check_metadata(data: dict[str, Any] | None) -> Metadata:
    """The metadata if it is within bounds. Numbers may be texts that stand for themselves (``core.bodies.as_sent``) and stay so.

    Raises:
        BadInput: more than 16 KiB, deeper than 8, a number out of range, or one of the known keys with a bad value.
    """
    data = data or {}
    try:
        text = msgspec.json.encode(data)
    except UnicodeError as error:
        raise BadInput.of("metadata", "must not contain unpaired surrogates") from error
    if len(text) > MAX_BYTES:
        raise BadInput.of("metadata", f"must have at most {MAX_BYTES} bytes as JSON")
    _check_values(data, 1)
    single = {name: _check_value(name, data[name]) for name in ("category", "market", "symbol") if name in data}
    tags = _check_tags(data.get("tags"))
    folded = {name: term(name, value)[2:] or None for name, value in single.items()}
    terms = [term(name, value) for name, value in (*single.items(), *(("tag", tag) for tag in tags))]
    kept = [term for term in terms if term not in PREFIX.values()]
    return Metadata(text.decode(), folded.get("category"), folded.get("market"), kept)


def terms_of(metadata: Metadata, entities: Entities) -> list[str]:
    """The terms of a post, each once: those of its metadata, the first symbols and the first hashtags of its content."""
    symbols = [term("symbol", symbol) for symbol in entities.cashtags[:MAX_TERMS]]
    hashtags = [term("hashtag", tag) for tag in entities.hashtags[:MAX_TERMS]]
    return list(dict.fromkeys([*metadata.terms, *symbols, *hashtags]))


def _check_values(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadInput.of("metadata", f"must not be nested deeper than {MAX_DEPTH}")
    for part in _parts(value):
        if isinstance(part, str) and UNSTORABLE.search(part):
            raise BadInput.of("metadata", "must not contain NUL or unpaired surrogates")
        if isinstance(part, int | float | msgspec.Raw) and not isinstance(part, bool) and not _is_in_range(part):
            raise BadInput.of(
                "metadata",
                f"must contain no numbers except 0 and those from {LEAST_NUMBER} to 2^63; send others as strings",
            )
        if isinstance(part, dict | list):
            _check_values(part, depth + 1)


def _is_in_range(number: float | msgspec.Raw) -> bool:
    """Whether it is 0, or a number that every reader has. The float tells it roughly, before an exponent of a thousand digits."""
    text = bytes(number).decode() if isinstance(number, msgspec.Raw) else str(number)
    roughly = abs(float(text))
    if roughly == 0:
        return not any(digit in "123456789" for digit in text.lower().partition("e")[0])
    return roughly < 1e19 and LEAST_NUMBER <= abs(Decimal(text)) < MOST_NUMBER


def _parts(value: dict[str, Any] | list[Any]) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    else:
        yield from value


def _check_value(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_VALUE or len(fold(value)) > MAX_VALUE:
        raise BadInput.of(f"metadata.{name}", f"must be a string of at most {MAX_VALUE} characters")
    return value.strip()


def _check_tags(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MAX_TAGS:
        raise BadInput.of("metadata.tags", f"must be a list of at most {MAX_TAGS} texts")
    if None in value:
        raise BadInput.of("metadata.tags", "must contain only strings")
    return [_check_value("tags", tag) for tag in value]
