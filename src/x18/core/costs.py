"""The cost of a request, charged to its user and network: a place among the requests under way, one of the few places for dear work, and
the time that its statements take in PostgreSQL.

The bill of a request is known wherever it runs: ``core/db.py`` writes the time of each statement on it. Calls over a socket run the
same application and have bills as well. Without limits nobody has one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, Receive, Scope, Send

from x18.core.shares import Budget, UnderWay

DEAR_OFFSET: Final = 1_000
"""A page so deep by offset makes PostgreSQL read all that is before it."""

PATIENCE_S: Final = 2.0
"""The longest wait of a request for a place: the requests that a browser makes at once are answered in turn, not refused."""

WRITTEN_BYTES: Final = 8 * 1024**2
WRITTEN_BYTES_A_DAY: Final = 256 * 1024**2
"""Of JSON: the number of writes alone would let a user fill a disk with 13 GB of posts a day. Five times as much for a network."""

DAY_S: Final = 86_400


class Costs:
    """The shares of all users and networks in one process."""

    def __init__(self) -> None:
        self.requests = UnderWay("requests", per_user=4, per_network=8)
        self.dear = UnderWay("searches", per_user=2, per_network=2)
        self.time = Budget("database time", burst=3.0, per_second=0.2, network_factor=3.0)
        self.written = Budget("bytes written", burst=WRITTEN_BYTES, per_second=WRITTEN_BYTES_A_DAY / DAY_S)


class Bill:
    """Of one request: whose it is, and the seconds that its statements took."""

    __slots__ = ("_costs", "_dear_places", "_network", "_places", "_user_id", "is_dear", "seconds")

    def __init__(self, costs: Costs) -> None:
        self._costs = costs
        self._network: str | None = None
        self._user_id: UUID | None = None
        self._places: tuple[str, ...] = ()
        self._dear_places: tuple[str, ...] = ()
        self.is_dear = False
        """Whether all its statements belong to those that may take long."""
        self.seconds = 0.0

    async def open(self, network: str, user_id: UUID | None, *, is_dear: bool) -> None:
        """Name who pays, and take a place among the requests under way.

        Raises:
            TooManyRequests: the time of the network or the user is spent, or no place came free.
        """
        self._network, self._user_id = network, user_id
        self._costs.time.check(network, user_id)
        self._places = await self._costs.requests.wait(network, user_id, patience_s=PATIENCE_S)
        if is_dear:
            self._dear_places = await self._costs.dear.wait(network, user_id, patience_s=PATIENCE_S)
            self.is_dear = True

    def pay_for(self, body: bytes) -> None:
        """Charge what was sent to be kept.

        Raises:
            TooManyRequests: the user, or the network, has sent too much.
        """
        if self._network is not None:
            self._costs.written.check(self._network, self._user_id)
            self._costs.written.charge(len(body), self._network, self._user_id)

    def settle(self) -> None:
        """Give the places back and charge what was spent."""
        if self._network is None:
            return
        self._costs.requests.leave(self._places)
        self._costs.dear.leave(self._dear_places)
        if self.seconds:
            self._costs.time.charge(self.seconds, self._network, self._user_id)

    @asynccontextmanager
    async def dear(self) -> AsyncIterator[None]:
        """Take one of the few places for what may take long, for the block.

        Raises:
            TooManyRequests: none came free.
        """
        if self._network is None or self.is_dear:
            yield
            return
        places = await self._costs.dear.wait(self._network, self._user_id, patience_s=PATIENCE_S)
        try:
            yield
        finally:
            self._costs.dear.leave(places)


bill: ContextVar[Bill | None] = ContextVar("bill", default=None)
"""The bill of the request that runs; None outside of requests and where nothing is limited."""


class Billed:
    """Around the routes of the API: a bill for each request. The guard ``limit_rate`` opens it, once it is known who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and settle in the end."""
        costs: Costs | None = scope["litestar_app"].state.get("costs")
        if costs is None:
            await self._app(scope, receive, send)
            return
        mine = Bill(costs)
        before: Any = bill.set(mine)
        try:
            await self._app(scope, receive, send)
        finally:
            bill.reset(before)
            mine.settle()


def is_dear(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether a list is asked for in a way that may take long: with a count, or far from its beginning by offset."""
    query = connection.scope["query_string"]
    if connection.scope.get("method") not in ("GET", "HEAD") or (b"count=" not in query and b"offset=" not in query):
        return False
    count, offset = connection.query_params.get("count", "false"), connection.query_params.get("offset", "0")
    return count.lower() not in ("false", "0") or (
        offset.isdecimal() and len(offset) < 9 and int(offset) >= DEAR_OFFSET
    )
