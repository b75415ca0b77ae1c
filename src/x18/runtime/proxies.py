"""Peers whose word about the client's address is believed: uvicorn's reading of ``X-Forwarded-For``, without its cache.

It remembers each address that it was asked about, and those in a header are whatever somebody wrote there.
"""

from collections.abc import Sequence
from typing import Any, Final

from litestar.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

CACHED: Final = "_trusts"
UNCACHED: Final = "_compute_trust"


class TrustedPeers:
    """The proxies of ``TRUSTED_PROXIES``: addresses, networks, or ``*``."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._hosts: Any = ProxyHeadersMiddleware(_nothing, self._names).trusted_hosts
        uncache(self._hosts)

    def __contains__(self, peer: str) -> bool:
        return bool(self._names) and peer in self._hosts

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The application, which is told the client's address where such a peer forwards it."""
        if not self._names:
            return app
        believing: Any = ProxyHeadersMiddleware(app, self._names)  # type: ignore[arg-type]
        believing.trusted_hosts = self._hosts
        trusting: ASGIApp = believing
        return trusting


def uncache(hosts: Any) -> None:
    """Take the cache away. Where a release of uvicorn has none, or another, its own bound of 4,096 short names holds."""
    if hasattr(hosts, CACHED) and hasattr(hosts, UNCACHED):
        setattr(hosts, CACHED, getattr(hosts, UNCACHED))


async def _nothing(_: Any, __: Any, ___: Any) -> None:
    """No application: only asked who is trusted."""
