"""Terms: the one vocabulary of REST filters, live topics and live filters.

A post carries a flat list of terms made once, when it is written: ``c:crypto`` (category), ``m:btc`` (market), ``s:BTC-USD``
(symbol in the metadata or a cashtag in the content), ``t:bullrun`` (tag in the metadata), ``h:bitcoin`` (hashtag in the content).
"""

import unicodedata
from typing import Final

PREFIX: Final = {"category": "c:", "market": "m:", "symbol": "s:", "tag": "t:", "hashtag": "h:"}


def term(name: str, value: str) -> str:
    """The term of one value of a filter name. Compared without regard to case: symbols upper-case, all else case-folded."""
    text = unicodedata.normalize("NFC", value.strip())
    # Changing the case may take a character apart: only what is put together again is in one form (Unicode 3.13, D145).
    return PREFIX[name] + unicodedata.normalize("NFC", text.upper() if name == "symbol" else text.casefold())
