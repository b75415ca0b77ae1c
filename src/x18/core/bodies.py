"""JSON bodies, read by the letter: Litestar itself takes ``0`` for false and ``"5"`` for 5, and of a key that stands twice the last."""

import asyncio
import json
import re
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final, NoReturn

import msgspec
from litestar import Request

from x18.core.costs import bill
from x18.core.errors import BadInput
from x18.core.long_work import in_turn

PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`$")
MISSING: Final = re.compile(r"Object missing required field `(.+)`")
MAX_ECHO: Final = 300
"""A message may hold the value that was sent, of any length."""

MAX_KEY_ECHO: Final = 64
QUICK_BYTES: Final = 8 * 1024
BOM: Final = b"\xef\xbb\xbf"
"""Some programs begin every text with it; RFC 8259 §8.1 lets a reader ignore it."""


def as_sent(number: str) -> msgspec.Raw:
    """A number of free-form JSON as the text that was sent: a float would keep 17 of its digits. Encoded as it is."""
    return msgspec.Raw(number.encode())


@cache
def _reader(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, float_hook=as_sent)


_one: Final = asyncio.Lock()
"""One thread at a time: for each that computes the loop waits 5 ms whenever it wants the interpreter back."""


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON is the Struct that its handler takes."""

    async def json(self) -> Any:
        """The body. A Struct with a method ``translate`` is given what was sent first, to say it in our words.

        Raises:
            TooManyRequests: its sender has sent too many bytes.
            BadInput: it is no JSON, has a key twice in one object, or names the field that has another type.
        """
        field = self.route_handler.parsed_data_field
        kind = field.annotation if field is not None else Any
        body = (await self.body()).removeprefix(BOM)
        if (mine := bill.get()) is not None:
            mine.pay_for(body)
        return _read(kind, body) if len(body) <= QUICK_BYTES else await in_turn(_read, kind, body)


def _read(kind: Any, body: bytes) -> Any:
    """Decode a body as ``kind``, with X18's own messages for what is wrong."""
    sent = _parse(body, _loosely)
    translate = getattr(kind, "translate", None)
    if translate is not None and isinstance(sent, dict) and translate(sent).keys() != sent.keys():
        body = msgspec.json.encode(translate(_parse(body, _as_written)))
    try:
        return _reader(kind).decode(body)
    except msgspec.ValidationError as error:
        message = str(error)
        if missing := MISSING.fullmatch(message):
            raise BadInput.of(missing[1], "is required") from error
        place = PLACE.search(message)
        raise BadInput.of((place and place[1]) or "body", PLACE.sub("", message)[:MAX_ECHO]) from error
    except msgspec.DecodeError as error:
        raise BadInput(f"The body is not JSON: {error}.") from error


async def meaning_of(body: bytes) -> bytes:
    """The same bytes for all ways to write one JSON value: order of keys, white space, escapes and forms of a number do not count."""
    if len(body) <= QUICK_BYTES:
        return _meaning_of(body)
    async with _one:
        return await asyncio.to_thread(_meaning_of, body)


def _meaning_of(body: bytes) -> bytes:
    meant = _parse(body.removeprefix(BOM), _as_meant)
    return body if meant is None else msgspec.json.encode(meant, order="sorted")


def _parse(body: bytes, decoder: json.JSONDecoder) -> Any:
    """The value; None where it is no JSON, of which msgspec has the last word."""
    try:
        return decoder.decode(body.decode())
    except ValueError:
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys: set[str] = set()
        twice = next(key for key, _ in pairs if key in keys or keys.add(key))  # type: ignore[func-returns-value]
        raise BadInput.of("body", f"has the key {json.dumps(twice[:MAX_KEY_ECHO])} twice in one object")
    return found


def _mean_number(text: str) -> msgspec.Raw:
    """``1``, ``1.0`` and ``10e-1`` are one number, and digits that no float holds count."""
    try:
        sign, digits, exponent = Decimal(text).as_tuple()
    except InvalidOperation:
        return as_sent(text)
    plain = "".join(map(str, digits))
    shown = plain.rstrip("0")
    if not shown or not isinstance(exponent, int):
        return msgspec.Raw(b"0")
    return as_sent(f"{'-' * sign}{shown}e{exponent + len(plain) - len(shown)}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are Python's


def _decoder(number: Any) -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_unique, parse_int=number, parse_float=number, parse_constant=_refuse)


_loosely: Final = _decoder(str)
"""Quick, and enough to see keys: numbers are texts."""

_as_written: Final = _decoder(as_sent)
"""Numbers stay text, so that what is written again is what was sent."""

_as_meant: Final = _decoder(_mean_number)
