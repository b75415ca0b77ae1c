"""A symbol as it is asked for, in the form in which symbols are compared."""

from typing import Final

from x18.core.errors import BadInput
from x18.core.text import clean_text
from x18.realtime.terms import PREFIX, term

MAX_SYMBOL: Final = 64


def clean_symbol(field: str, value: str) -> str:
    """The symbol as topics and filters know it: ``$btc-usd`` is ``BTC-USD``.

    Raises:
        BadInput: nothing is left of it, or it is too long; names the field.
    """
    symbol = term("symbol", clean_text(field, value, least=1, most=MAX_SYMBOL)).removeprefix(PREFIX["symbol"])
    if not symbol:
        raise BadInput.of(field, "must have a letter, a digit or a sign")
    if len(symbol) > MAX_SYMBOL:
        raise BadInput.of(field, f"must have at most {MAX_SYMBOL} characters")
    return symbol
