"""Filters by metadata as the documentation tells them, read naively: the model for REST and live filters."""

import unicodedata
from typing import Any

from hypothesis import strategies as st

VALUES = {
    "category": ["crypto", "Straße", "STRASSE", "fx "],
    "market": ["btc", "BTC", "İst", "x"],
    "symbol": ["BTC-USD", "eth", "ETH", "ß"],
    "tag": ["bull", "BULL", "é", "e\u0301"],
}

metadata = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.sampled_from(VALUES[name]) for name in ("category", "market", "symbol")},
        "tags": st.lists(st.sampled_from(VALUES["tag"]), max_size=3),
        "price": st.integers(0, 9),
    },
)
cashtags = st.lists(st.sampled_from(["BTC-USD", "eth"]), max_size=2)
filters = st.fixed_dictionaries(
    {}, optional={name: st.lists(st.sampled_from([*values, "nothing"]), max_size=3) for name, values in VALUES.items()}
)


def is_wanted(found: dict[str, Any], symbols: list[str], wanted: dict[str, list[str]]) -> bool:
    """Whether a post with this metadata and these cashtags passes: one of the values of each name, and each name."""
    having = {name: [found[name]] if name in found else [] for name in ("category", "market", "symbol")}
    having |= {"tag": found.get("tags", []), "symbol": having["symbol"] + symbols}
    return all(
        any(alike(name, one) == alike(name, other) for one in values for other in having[name])
        for name, values in wanted.items()
        if values
    )


def alike(name: str, value: str) -> str:
    """What two values must share: nothing but their case and their encoding may differ."""
    text = unicodedata.normalize("NFC", value.strip())
    return unicodedata.normalize("NFC", text.upper() if name == "symbol" else text.casefold())
