"""``/api/users/me/watchlist``, ``/api/symbols`` and ``/api/widgets``."""

from typing import Annotated

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody, QueryParameter

from x18.core.http import CurrentUser, Visitor
from x18.core.paging import Limit
from x18.core.viewer import id_of
from x18.market.completion import complete_symbol
from x18.market.pages import show_symbol
from x18.market.schemas import Suggestions, SymbolList, SymbolView, SymbolWindow, Ticker, Watchlist, WatchlistChange
from x18.market.suggestions import suggest_users
from x18.market.symbols import clean_beginning, provide_symbol
from x18.market.trending import TickerWindow, list_trending
from x18.market.watchlist import put_watchlist, read_watchlist


class WatchlistController(Controller):
    """The symbols that one watches."""

    path = "/users/me/watchlist"
    tags = ["market"]

    @get("/", summary="Your watchlist")
    async def watchlist(self, viewer: CurrentUser) -> Watchlist:
        """In the order in which it was put; empty at first. Nobody else sees it."""
        return Watchlist(symbols=await read_watchlist(viewer.user_id))

    @put("/", summary="Replace your watchlist")
    async def put_watchlist(self, viewer: CurrentUser, data: JSONBody[WatchlistChange]) -> Watchlist:
        """All of it. A symbol counts once, without regard to case; a `$` before it means nothing."""
        return Watchlist(symbols=await put_watchlist(viewer.user_id, data.symbols))


class SuggestionController(Controller):
    """Whom to follow."""

    path = "/users/suggestions"
    tags = ["market"]

    @get("/", summary="Whom to follow")
    async def suggestions(self, viewer: CurrentUser, limit: Limit = 5) -> Suggestions:
        """First whom those follow that one follows, then who writes about what one watches, then who has many followers and wrote lately."""
        return Suggestions(users=await suggest_users(viewer.user_id, limit))


Beginning = Annotated[
    str, QueryParameter(name="query", description="How the symbol begins, in any case, with or without `$`.")
]


class SymbolController(Controller):
    """What is said of symbols."""

    path = "/symbols"
    tags = ["market"]

    @get("/", summary="Symbols by their beginning")
    async def symbols(self, beginning: Beginning = "", limit: Limit = 8) -> SymbolList:
        """Of those that most people used in public posts in the last seven days, up to two thousand; all without `query`."""
        return SymbolList(symbols=await complete_symbol(clean_beginning("query", beginning), limit))

    @get(
        "/{symbol:path}",
        summary="About a symbol",
        dependencies={"asked": Provide(provide_symbol)},
    )
    async def symbol(
        self, asked: NamedDependency[str], visitor: Visitor, timeframe: FromQuery[SymbolWindow] = "7d"
    ) -> SymbolView:
        """Public posts over time, who wrote most, what else stands in them. `timeframe`: 24h, 7d (default) or 30d."""
        return await show_symbol(asked, timeframe, id_of(visitor))


class WidgetController(Controller):
    """Small lists that pages show beside others, as bare arrays."""

    path = "/widgets"
    tags = ["market"]

    @get("/trending-tickers", summary="Trending symbols")
    async def trending_tickers(self, limit: Limit = 5, timeframe: FromQuery[TickerWindow] = "24h") -> list[Ticker]:
        """By how many people used them in public posts. `timeframe`: 1h, 6h, 12h, 24h (default) or 7d."""
        return await list_trending(timeframe, limit)


controllers = [WatchlistController, SuggestionController, SymbolController, WidgetController]
