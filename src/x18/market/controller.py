"""``/api/users/me/watchlist``, ``/api/symbols`` and ``/api/widgets``."""

from litestar import Controller, get, put
from litestar.params import JSONBody

from x18.core.http import CurrentUser
from x18.market.schemas import Watchlist, WatchlistChange
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


controllers = [WatchlistController]
