"""Symbols after ``$``: tickers and pairs as exchanges write them, and not amounts or compound words.

- A ticker is letters and digits: ``BTC``, ``US30``, also with the ``^`` or ``.`` of an index. One that begins with digits ends in at least
  two capitals (``1INCH``) or in the code of an exchange (``7203.T``, ``285A.T``, ``5.HK``). ``$100``, ``$5k``, ``$1.50``, ``$20-30``,
  ``$100USD``, ``$1MILLION``, ``$150C`` are money.
- A ``&`` belongs to it only where the code of an exchange that lists such names ends it (``M&M.NS``, ``J&KBANK.BO``). What is a number and a
  letter in prose is an amount (``$2B``, ``$5X``), so that ``$2Z`` is none: such a one is told in the metadata.
- After ``-``, ``/`` or ``_`` a currency that others are quoted in joins it (``BTC-USD``, ``BTC/USD``), then contracts and dates
  (``BTC-USD-PERP``, ``BTCUSD_240628``, ``BTC-27DEC24-100000-C``); after ``-``, ``/`` or ``.`` a class of share (``BRK-B``, ``BRK.B``);
  after ``.`` an exchange (``AAPL.US``, ``ERIC-B.ST``); after ``_`` one or two letters (``ES_F``); ``=F`` and ``=X``. Either it is in
  capitals, or all of the symbol is in small letters; only ``-usd`` and a few like it join in any case.
- Any other word is not part of it: ``$BTC-based`` and ``$TSLA-LED`` are ``BTC`` and ``TSLA``. Nor is the exchange in ``$NASDAQ:AAPL``.
"""

from typing import Final

from x18.core.scripts import KEYCAP, SELECTORS

QUOTES: Final = (
    "USDT|USDC|USDD|USDE|USDP|USD|BUSD|FDUSD|TUSD|PYUSD|RLUSD|GUSD|DAI|EURC|EURT|EURS|EUR|GBP|JPY|CHF|AUD|NZD|CAD|CNY|CNH|HKD|SGD|KRW|INR|"
    "BRL|MXN|TRY|RUB|UAH|PLN|CZK|HUF|SEK|NOK|DKK|ZAR|THB|IDR|VND|PHP|MYR|TWD|ILS|AED|SAR|NGN|ARS|CLP|COP|PEN|KZT|RON|BTC|XBT|WBTC|ETH|WETH|"
    "BNB|SOL|XAU|XAG"
)
COMMON: Final = "USDT?|USDC|EUR|GBP|JPY|BTC|ETH|BNB"
"""Quotes that count in any case, since they are no words."""

CONTRACTS: Final = "PERPETUAL|PERP|SWAP|FUTURES|FUT|SPOT|CASH"
SHARES: Final = "P?[A-Z]|WS|WT|UN|RT|WI"
EXCHANGES: Final = "TWO|[A-Z]{1,2}"
NUMERIC: Final = "T|HK|SS|SZ|SH|BJ|KS|KQ|KR|TWO|TW|JP|KL|SR|BO"
"""Exchanges whose tickers are numbers, or numbers with a letter."""

PLACES: Final = (
    "NASDAQ|NYSE(?:ARCA|AMERICAN)?|AMEX|ARCA|CBOE|OTC(?:MKTS|QB|QX)?|CME(?:_MINI)?|CBOT(?:_MINI)?|NYMEX|COMEX|LSE|LON|XETR|ETR|FWB|FRA|TSXV?|"
    "CSE|CVE|ASX|NSE|BSE|BOM|HKEX|HKG|SSE|SHA|SZSE|SHE|TSE|TYO|KRX|KOSDAQ|SGX|EURONEXT|EPA|AMS|MIL|BME|SIX|OMX[A-Z]*|STO|BIST|MOEX|BMFBOVESPA|"
    "BVMF|BMV|JSE|TADAWUL|TVC|INDEX(?:SP|DJX|NASDAQ)?|FX(?:_IDC)?|OANDA|FOREXCOM|CAPITALCOM|CRYPTO(?:CAP)?|BINANCE(?:US)?|COINBASE|KRAKEN|"
    "BITSTAMP|BITFINEX|BYBIT|OKX|KUCOIN|GATEIO|MEXC|BITGET|HTX|GEMINI|DERIBIT|BITMEX|UPBIT|BITHUMB|HYPERLIQUID|DYDX|UNISWAP|[XCIOS]"
)
"""Exchanges before the ``:`` of a symbol, as TradingView, Google and Polygon write it."""

AMOUNTS: Final = (
    "BN|MN|MM|MILL?S?|BILL?S?|[MBTR]+ILLIONS?|THOUSANDS?|HUNDREDS?|GRAND|BUCKS?|BUX|DOLLARS?|EUROS?|CENTS?|TN|TRN|PT|TP|SL|AH|PM|AM|[OIA]TM|EPS|YRS?|"
    f"CALLS?|PUTS?|OFF|EACH|PER|IN|TO|BY|FOR|AND|OR|PLUS|ISH|NOW|SOON|NEXT|LOL|[KMBT]?(?:AT[HL]|EO[DWMY]|{QUOTES})"
)
"""Capitals after a number that leave it a number."""

END: Final = rf"(?![A-Za-z0-9]|_[A-Za-z0-9]|[\p{{L}}\p{{M}}\p{{Nd}}\p{{Nl}}--[%s{SELECTORS}]]|{KEYCAP})"


def symbol_pattern(unspaced: str) -> str:
    """The expression of a symbol; ``unspaced`` are the letters that may follow it at once. Of bounded length, so its cost is too."""
    end = END % unspaced
    number = rf"(?!\d++(?:{AMOUNTS}){end})\d{{1,8}}+[A-Z]{{2}}[A-Z0-9]{{0,12}}+"
    capitals = rf"(?:[\^.](?=[A-Z]{{2}}))?+(?:[A-Za-z][A-Za-z0-9]{{0,14}}+|{number})(?:(?:{_suffix()}){end})?+"
    small = rf"[a-z][a-z0-9]{{0,14}}+(?:{_suffix().lower()}){end}"
    listed = rf"(?i:(?:\d{{3,6}}+[A-Z]?+|\d[0-9A-Z]\d[0-9A-Z])\.(?:{NUMERIC})|\d{{1,2}}\.HK)"
    option, future = r"[A-Z]{1,6}\d{6}[CP]\d{8}", r"\d[A-Z][_=]F"
    named = r"(?i:[A-Z]{1,8}+&[A-Z]{1,10}+\.(?:NS|BO))"
    return rf"(?:{listed}|{named}|{option}|{future}|{small}|{capitals}){end}"


def _suffix() -> str:
    """The expression of the suffixes that a symbol may have, in capitals. ``lower`` changes nothing in it but the letters."""
    date = r"(?:[0-9]{6}(?:[0-9]{2})?+|[0-9]{1,2}[A-Z]{3}[0-9]{2}(?:[0-9]{2})?+|[FGHJKMNQUVXZ][0-9]{1,4})(?:-[0-9]{1,7}-[CP])?+"
    contract = rf"[-_](?:{CONTRACTS}|{date})"
    option = r"_[0-9]{6}[CP][0-9]{1,7}(?:\.[0-9]{1,2})?+"
    quoted = rf"[-/_](?:{QUOTES}|(?i:{COMMON}))(?![A-Z0-9])(?:{contract}(?![A-Z0-9])){{0,2}}+"
    share = rf"[-/.](?:{SHARES})(?![A-Z0-9])(?:\.(?:{EXCHANGES})(?![A-Z0-9]))?+"
    return rf"{quoted}|{contract}|{option}|{share}|\.(?:{EXCHANGES})|_[A-Z]{{1,2}}|=[FX]"
