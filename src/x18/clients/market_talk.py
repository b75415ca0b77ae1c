"""Believable talk of traders, made up from parts."""

import random
from typing import Any, NamedTuple


class Instrument(NamedTuple):
    """Something that is traded."""

    symbol: str
    name: str
    category: str
    market: str
    price: float
    digits: int


INSTRUMENTS = (
    Instrument("BTC-USD", "Bitcoin", "crypto", "btc", 98_400, 0),
    Instrument("ETH-USD", "Ether", "crypto", "eth", 3_420, 0),
    Instrument("SOL-USD", "Solana", "crypto", "sol", 212, 1),
    Instrument("EUR-USD", "Euro", "forex", "fx", 1.0840, 4),
    Instrument("USD-JPY", "Yen", "forex", "fx", 154.2, 2),
    Instrument("AAPL", "Apple", "stocks", "nasdaq", 231, 2),
    Instrument("NVDA", "Nvidia", "stocks", "nasdaq", 141, 2),
    Instrument("TSLA", "Tesla", "stocks", "nasdaq", 342, 2),
    Instrument("XAU-USD", "Gold", "commodities", "metals", 2_690, 1),
    Instrument("CL-F", "Crude oil", "commodities", "energy", 71.4, 2),
)

SENTENCES = (
    "{name} holding {price} like a floor. ${symbol} looks ready for {target}.",
    "Took profit on ${symbol} at {price}. Flat into the close.",
    "Stop on ${symbol} moved to {stop}. Letting the rest run to {target}.",
    "${symbol}: third test of {price} today, and volume dries up each time. #patience",
    "Long ${symbol} from {price}, target {target}, out below {stop}. #setup",
    "Funding flips negative while ${symbol} sits at {price}. Somebody is going to be squeezed.",
    "Everybody is short {name}. That is the trade. ${symbol}",
    "Missed the entry on ${symbol} by a tick. It is {target} now without me. #tradinglife",
    "Correlation of ${symbol} and ${other} is breaking. Watching {price}.",
    "Daily close of ${symbol} above {price} would change the picture. Until then: range.",
    "Cut ${symbol} at {stop}. Small loss, clear head. #riskmanagement",
    "Order book of ${symbol} is thin above {price}. Could travel fast.",
    "News out on {name}, spread of ${symbol} tripled. Waiting for the dust to settle.",
    "Weekly levels for ${symbol}: {stop} / {price} / {target}. Chart tomorrow.",
    "If ${symbol} loses {stop}, I have no business being long. #discipline",
)

REPLIES = (
    "Same here.",
    "What is your stop?",
    "Disagree: look at the weekly.",
    "Nice trade.",
    "In with you.",
    "Too early, I think.",
)

TAGS = ("breakout", "swing", "scalp", "macro", "levels", "momentum", "earnings")

FIRST = ("calm", "lucky", "quiet", "swift", "iron", "night", "delta", "gamma", "theta", "alpha", "early", "patient")
SECOND = ("trader", "bull", "bear", "whale", "scalper", "chartist", "quant", "hedger", "fox", "owl", "tape", "ledger")


def make_post(chance: random.Random) -> dict[str, Any]:
    """The body of a post; some instruments are talked about more than others."""
    (one,) = chance.choices(INSTRUMENTS, weights=range(len(INSTRUMENTS), 0, -1))
    other = chance.choice([instrument for instrument in INSTRUMENTS if instrument is not one])
    price = one.price * chance.uniform(0.97, 1.03)

    def level(factor: float) -> str:
        return f"{price * factor:,.{one.digits}f}"

    content = chance.choice(SENTENCES).format(
        name=one.name, symbol=one.symbol, other=other.symbol, price=level(1), target=level(1.04), stop=level(0.98)
    )
    metadata = {"category": one.category, "market": one.market, "symbol": one.symbol, "tags": chance.sample(TAGS, 2)}
    return {"content": content, "metadata": metadata}


def make_name(chance: random.Random) -> tuple[str, str]:
    """A username, unique enough, and a display name."""
    first, second = chance.choice(FIRST), chance.choice(SECOND)
    return f"{first}_{second}_{chance.randrange(10**6)}", f"{first.title()} {second.title()}"
