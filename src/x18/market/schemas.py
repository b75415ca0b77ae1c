"""Symbols on the wire."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from x18.core.fields import Count, Moment
from x18.users.schemas import UserView

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


class SymbolCount(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol and how much it is used."""

    symbol: Symbol
    count: Annotated[int, Meta(ge=1, description="Of public posts in the last seven days.")]


class SymbolList(msgspec.Struct, kw_only=True):
    """Symbols, those first that most people used."""

    symbols: list[SymbolCount]


SymbolWindow = Literal["24h", "7d", "30d"]


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the time that was asked for."""

    start: Moment
    count: Annotated[int, Meta(ge=0, description="Of public posts with the symbol.")]


class TopAuthor(msgspec.Struct, kw_only=True):
    """Who wrote much with a symbol."""

    user: UserView
    posts_count: Annotated[int, Meta(ge=1, description="Of public posts with the symbol.")]


Together = Annotated[int, Meta(ge=1, description="Of people who lately used it together with the symbol.")]


class RelatedSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol that stands in the same posts."""

    symbol: Symbol
    count: Together


class RelatedHashtag(msgspec.Struct, frozen=True, kw_only=True):
    """A hashtag that stands in the same posts."""

    tag: Annotated[str, Meta(description="Without `#`, in the form in which hashtags are compared.")]
    count: Together


class SymbolView(msgspec.Struct, kw_only=True):
    """Posts over time, authors and related symbols, from public posts that everybody sees. All zeroes for one that nobody used."""

    symbol: Symbol
    timeframe: SymbolWindow
    posts_count: Count
    authors_count: Count
    posts_over_time: Annotated[
        list[Bucket],
        Meta(
            description="The oldest first, all equally long, 24 of an hour, 28 of six or 30 of a day. The last one has begun."
        ),
    ]
    top_authors: Annotated[list[TopAuthor], Meta(description="The five who wrote most of these posts.")]
    related_symbols: Annotated[list[RelatedSymbol], Meta(description="At most eight.")]
    related_hashtags: Annotated[list[RelatedHashtag], Meta(description="At most eight.")]


class Suggestions(msgspec.Struct, kw_only=True):
    """Users whom one does not follow, the best suggestion first."""

    users: list[UserView]
