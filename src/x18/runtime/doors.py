"""Limits of HTTP connections: how many a network may hold, and for how long an idle one is kept.

A connection is a file, of which the process has so many; requests are counted elsewhere, once there are any. What comes through a
trusted proxy is the proxy's connection, which carries requests of many: those are exempt, and it is for the proxy to count
(``limit_conn`` of deploy/nginx.conf). WebSockets are counted by the live channel from their handshake on.
"""

from contextlib import ExitStack
from http import HTTPStatus
from typing import Any, Final

from litestar.types import Scope

from x18.core.addresses import network_of
from x18.core.errors import TooManyRequests
from x18.core.shares import Budget, UnderWay
from x18.core.slices import Slice, Slices
from x18.runtime.heads import Refusal
from x18.runtime.patience import PatientProtocol
from x18.runtime.proxies import TrustedPeers

DOORS: Final = "x18.doors"
"""Key of the lifespan's state under which the application puts its ``Doors`` for the protocol."""

LONG_S: Final = 125
"""An idle connection is closed by the other end first: a request that meets our closing is lost, and a proxy answers 502. Go's clients
and nginx keep one for 60 to 90 seconds, Caddy for 120."""

SHORT_S: Final = 15
"""Longer than clients of Python and Node keep one by default: 5 s."""

FEW: Final = 20
"""A network with more connections than this has its idle ones closed soon: several browsers are under it, with six each."""

REQUESTS: Final = 40
REQUESTS_PER_SECOND: Final = 200
"""Requests of a network at once and per second in the long run: twice as many as all its users are answered. Faster ones are read later."""

OPENED: Final = 400
OPENED_PER_SECOND: Final = 100
"""Connections that a network may open at once and in the long run, whatever is said on them, if anything is."""

MANY: Final = Refusal(
    HTTPStatus.TOO_MANY_REQUESTS,
    "too_many_connections",
    "Too many connections from this address: close some, or reuse them.",
)
TURNED_AWAY: Final = MANY.encode()
"""The same for all, as it has to cost nothing."""


class Doors:
    """The open connections of one process. Not ``enforced``, they let everybody in and keep them: for load tests."""

    def __init__(self, peers: TrustedPeers, *, per_network: int, many: int, enforced: bool) -> None:
        """``many`` connections in all, and every idle one is closed soon."""
        self._peers = peers
        self._enforced = enforced
        self._many = many
        self._open = UnderWay("connections", per_user=per_network, per_network=per_network)
        self._asked = Budget("requests", burst=REQUESTS, per_second=REQUESTS_PER_SECOND, network_factor=1)
        self._opened = Budget("connections", burst=OPENED, per_second=OPENED_PER_SECOND, network_factor=1)
        self.slices = Slices()
        self.total = 0

    def network_of(self, peer: str | None) -> str | None:
        """For whom a connection counts. Nobody, where a proxy or a socket of this machine brings many, and without limits."""
        return None if not self._enforced or peer is None or peer in self._peers else network_of(peer)

    def enter(self, network: str | None) -> ExitStack:
        """Count a connection until the stack is closed.

        Raises:
            TooManyRequests: its network has as many as it may, or opened too many lately.
        """
        stack = ExitStack()
        if network is not None:
            self._opened.check(network)
            stack.enter_context(self._open.enter(network))
            self._opened.charge(1, network)
        self.total += 1
        stack.callback(self._leave)
        return stack

    def count_request(self, network: str | None) -> None:
        """Count one, whatever is answered."""
        if network is not None:
            self._asked.charge(1, network)

    def wait_s(self, network: str | None) -> float:
        """In how many seconds the next request of this network may be read."""
        return self._asked.wait_s(network) if network is not None else 0.0

    def keep_alive_s(self, network: str | None) -> int:
        """Seconds for which an idle connection of this network is kept."""
        few = network is None or (self.total <= self._many and self._open.count_of(network) <= FEW)
        return LONG_S if few else SHORT_S

    def show(self, scope: Scope) -> None:
        """Let the protocol find them; ``scope`` is that of the lifespan."""
        state: Any = scope.get("state")
        if state is not None:
            state[DOORS] = self

    def _leave(self) -> None:
        self.total -= 1


class CountedProtocol(PatientProtocol):
    """Turns away a network that holds too many connections, before anything is made for the one more."""

    doors: Doors | None = None
    network: str | None = None
    """For whom it counts."""

    slice: Slice | None = None
    """Its network's part of the loop."""

    _place: ExitStack | None = None

    def connection_made(self, transport: Any) -> None:
        """Somebody connects."""
        self.doors = self.app_state.get(DOORS)
        if self.doors is not None:
            peer = transport.get_extra_info("peername")
            self.network = self.doors.network_of(peer[0] if peer else None)
            if self.network is not None:
                self.slice = self.doors.slices.of(self.network)
            try:
                self._place = self.doors.enter(self.network)
            except TooManyRequests:
                self.transport = transport
                transport.write(TURNED_AWAY)
                transport.close()
                return
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._leave()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """From now on it is a WebSocket."""
        super().handle_websocket_upgrade()
        self._leave()

    def on_response_complete(self) -> None:
        """Nothing is asked for the moment."""
        if self.doors is not None:
            self.timeout_keep_alive = self.doors.keep_alive_s(self.network)
        super().on_response_complete()

    def _leave(self) -> None:
        if self._place is not None:
            self._place.close()
            self._place = None
