"""Symbols on the wire."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

MOST_WATCHED: Final = 100

Symbol = Annotated[str, Meta(description="In the one form in which symbols are compared: in capitals, without `$`.")]


class Watchlist(msgspec.Struct, kw_only=True):
    """The symbols that a user watches, in the order in which they were sent."""

    symbols: Annotated[list[Symbol], Meta(max_length=MOST_WATCHED)]


class WatchlistChange(msgspec.Struct, frozen=True, kw_only=True):
    """A watchlist to take the place of the one that there is."""

    symbols: Annotated[
        list[Annotated[str, Meta(description="Of at most 64 characters, in any case, with or without `$`.")]],
        Meta(
            description=f"At most {MOST_WATCHED}; one that is sent twice is kept once.",
            extra_json_schema={"maxItems": MOST_WATCHED},
        ),
    ]


class Ticker(msgspec.Struct, frozen=True, kw_only=True):
    """How many people and how many public posts have a symbol."""

    ticker: Symbol
    count: Annotated[int, Meta(ge=1, description="Of public posts in the time that was asked for.")]
    authors: Annotated[int, Meta(ge=1, description="Of people who wrote them, by which symbols are ranked.")]
    change: Annotated[
        float | None,
        Meta(
            description="How many more people than in the span of the same length before, in percent; null where there was nobody."
        ),
    ]
