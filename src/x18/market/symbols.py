"""A symbol as it is asked for, in the form in which symbols are compared."""

from typing import Any, Final
from urllib.parse import unquote

from litestar import Request

from x18.core.errors import BadInput
from x18.core.text import clean_text
from x18.realtime.terms import PREFIX, term

MAX_SYMBOL: Final = 64


def clean_symbol(field: str, value: str) -> str:
    """The symbol as topics and filters know it: ``$btc-usd`` is ``BTC-USD``.

    Raises:
        BadInput: nothing is left of it, or it is too long; names the field.
    """
    if symbol := clean_beginning(field, value):
        return symbol
    raise BadInput.of(field, "must have a letter, a digit or a sign")


def clean_beginning(field: str, value: str) -> str:
    """The same of what a symbol begins with, which may be nothing.

    Raises:
        BadInput: it is too long; names the field.
    """
    symbol = term("symbol", clean_text(field, value, most=MAX_SYMBOL)).removeprefix(PREFIX["symbol"])
    if len(symbol) > MAX_SYMBOL:
        raise BadInput.of(field, f"must have at most {MAX_SYMBOL} characters")
    return symbol


async def provide_symbol(request: Request[Any, Any, Any]) -> str:
    """The symbol at the end of the path, whose slashes may be written as they are or as ``%2F``.

    It is read from the path as it was sent: in the one that was decoded ``/ES`` and ``ES`` are the same.

    Raises:
        BadInput: it is none.
    """
    sent = request.scope["raw_path"].partition(b"/symbols/")[2].removesuffix(b"/")
    return clean_symbol("symbol", unquote(sent))
