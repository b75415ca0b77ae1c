"""Terms: the one vocabulary of REST filters, live topics and live filters.

A post carries a flat list of terms made once, when it is written: ``c:crypto`` (category), ``m:btc`` (market), ``s:BTC-USD``
(symbol in the metadata or a cashtag in the content), ``t:bullrun`` (tag in the metadata), ``h:bitcoin`` (hashtag in the content).
"""

from typing import Final

from x18.core.folding import fold

PREFIX: Final = {"category": "c:", "market": "m:", "symbol": "s:", "tag": "t:", "hashtag": "h:"}
NAMES: Final = {prefix: name for name, prefix in PREFIX.items()}


def term(name: str, value: str) -> str:
    """The term of one value of a filter name: folded, as everything that is compared, and symbols in upper case.

    A ``#`` or ``$`` before it means nothing. Where nothing is left, the term is the prefix alone, which no post has.
    """
    folded = fold(value).lstrip("#$ ")
    return PREFIX[name] + (folded.upper() if name == "symbol" else folded)
