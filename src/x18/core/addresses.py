"""The address that a request comes from. Behind a trusted proxy it was taken from a header, so it may be any text."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from litestar.connection import ASGIConnection

HOST_BITS: Final = 64
"""Of an IPv6 address these belong to one customer, who may use a new address for each request."""


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The client's address in its normal form; empty where there is none."""
    address = _parse(connection.client.host if connection.client else "")
    return "" if address is None else str(address)


def network_of(address: str) -> str:
    """The network that limits count by: an IPv4 address, or the /64 network of an IPv6 address."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, HOST_BITS), strict=False))
    return "nowhere" if parsed is None else str(parsed)


def network_of_client(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The network of the client's address."""
    return network_of(connection.client.host if connection.client else "")


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(address.packed)  # without a scope, which may be any text
    return address
