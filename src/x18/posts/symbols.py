"""What a symbol may look like after ``$``: tickers and pairs as exchanges write them, and not amounts or compound words.

- A ticker is letters and digits: ``BTC``, ``US30``. One that begins with digits ends in at least two capitals (``1INCH``) or in
  the code of an exchange (``7203.T``, ``0700.HK``). ``$100``, ``$5k``, ``$1.50``, ``$20-30``, ``$100USD``, ``$150C`` are money.
- After ``-``, ``/`` or ``_`` a currency that others are quoted in joins it (``BTC-USD``, ``BTC/USD``), then contracts and dates
  (``BTC-USD-PERP``, ``BTC-27DEC24-100000-C``); after ``-``, ``/`` or ``.`` a class of share (``BRK-B``, ``BRK.B``); after ``.`` an
  exchange (``AAPL.US``); after ``_`` one or two letters (``ES_F``). Either it is in capitals, or all of the symbol is in small letters;
  only ``-usd`` and a few like it join in any case.
- Any other word is not part of it: ``$BTC-based`` and ``$TSLA-LED`` are ``BTC`` and ``TSLA``.
"""

from typing import Final

QUOTES: Final = (
    "USDT|USDC|USDD|USDE|USDP|USD|BUSD|FDUSD|TUSD|PYUSD|RLUSD|GUSD|DAI|EURC|EURT|EURS|EUR|GBP|JPY|CHF|AUD|NZD|CAD|CNY|CNH|HKD|SGD|KRW|INR|"
    "BRL|MXN|TRY|RUB|UAH|PLN|CZK|HUF|SEK|NOK|DKK|ZAR|THB|IDR|VND|PHP|MYR|TWD|ILS|AED|SAR|NGN|ARS|CLP|COP|PEN|KZT|RON|BTC|XBT|WBTC|ETH|WETH|"
    "BNB|SOL|XAU|XAG"
)
COMMON: Final = "USDT?|USDC|EUR|GBP|JPY|BTC|ETH|BNB"
"""Of these in any case: they are no words."""

CONTRACTS: Final = "PERPETUAL|PERP|SWAP|FUTURES|FUT|SPOT|CASH"
SHARES: Final = "P?[A-Z]|WS|WT|UN|RT|WI"
EXCHANGES: Final = "TWO|[A-Z]{1,2}"
NUMERIC: Final = "T|HK|SS|SZ|SH|KS|KQ|KR|TWO|TW|JP|KL|SR|BO"
"""Exchanges whose tickers are numbers."""

AMOUNTS: Final = f"BN|MN|MM|MIL|TN|TRN|PT|TP|SL|AH|PM|AM|EO[DWY]|[OIA]TM|EPS|CALLS?|PUTS?|OFF|EACH|PER|{QUOTES}"
"""Capitals after a number that leave it a number."""

END: Final = r"(?![A-Za-z0-9]|_[A-Za-z0-9]|[\p{L}\p{M}\p{N}--[%s]])"


def symbol_pattern(unspaced: str) -> str:
    """The expression of a symbol; ``unspaced`` are the letters that may follow it at once. Of bounded length, so its cost is too."""
    end = END % unspaced
    number = rf"(?!\d++(?:{AMOUNTS}){end})\d{{1,6}}+[A-Z]{{2}}[A-Z0-9]{{0,12}}+"
    capitals = rf"(?:[A-Za-z][A-Za-z0-9]{{0,14}}+|{number})(?:(?:{_suffix()}){end})?+"
    small = rf"[a-z][a-z0-9]{{0,14}}+(?:{_suffix().lower()}){end}"
    listed = rf"\d{{3,6}}+\.(?i:{NUMERIC})"
    return rf"(?:{listed}|{small}|{capitals}){end}"


def _suffix() -> str:
    """What may join, in capitals. Nothing in it but the letters is changed by ``lower``."""
    date = r"(?:[0-9]{6}(?:[0-9]{2})?+|[0-9]{1,2}[A-Z]{3}[0-9]{2}(?:[0-9]{2})?+|[FGHJKMNQUVXZ][0-9]{1,4})(?:-[0-9]{1,7}-[CP])?+"
    contract = rf"-(?:{CONTRACTS}|{date})"
    quoted = rf"[-/_](?:{QUOTES}|(?i:{COMMON}))(?![A-Z0-9])(?:{contract}(?![A-Z0-9])){{0,2}}+"
    return rf"{quoted}|{contract}|[-/.](?:{SHARES})|\.(?:{EXCHANGES})|_[A-Z]{{1,2}}"
