"""``/api/users/me/watchlist``, ``/api/symbols`` and ``/api/widgets``."""

from litestar import Controller, get, put
from litestar.params import FromQuery, JSONBody

from x18.core.http import CurrentUser
from x18.core.paging import Limit
from x18.market.schemas import Ticker, Watchlist, WatchlistChange
from x18.market.trending import TickerWindow, list_trending
from x18.market.watchlist import put_watchlist, read_watchlist


class WatchlistController(Controller):
    """The symbols that one watches."""

    path = "/users/me/watchlist"
    tags = ["market"]

    @get("/", summary="One's watchlist")
    async def watchlist(self, viewer: CurrentUser) -> Watchlist:
        """In the order in which it was put; empty at first. Nobody else sees it."""
        return Watchlist(symbols=await read_watchlist(viewer.user_id))

    @put("/", summary="Replace one's watchlist")
    async def put_watchlist(self, viewer: CurrentUser, data: JSONBody[WatchlistChange]) -> Watchlist:
        """All of it. A symbol counts once, without regard to case; a `$` before it means nothing."""
        return Watchlist(symbols=await put_watchlist(viewer.user_id, data.symbols))


class WidgetController(Controller):
    """Small lists that pages show beside others, as bare arrays."""

    path = "/widgets"
    tags = ["market"]

    @get("/trending-tickers", summary="Trending symbols")
    async def trending_tickers(self, limit: Limit = 5, timeframe: FromQuery[TickerWindow] = "24h") -> list[Ticker]:
        """By how many people used them in public posts. `timeframe`: 1h, 6h, 12h, 24h (default) or 7d."""
        return await list_trending(timeframe, limit)


controllers = [WatchlistController, WidgetController]
