"""Addresses of PostgreSQL and Redis, in the forms in which hosts hand them out; of pages and proxies, in those in which they are met."""

from ipaddress import ip_network
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

NOT_FOR_US: Final = frozenset(
    {
        "channel_binding",
        "connect_timeout",
        "connection_limit",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "pgbouncer",
        "pool_timeout",
        "schema",
        "sslcompression",
        "sslsni",
    }
)
"""Parameters of libpq and of other languages' clients, which asyncpg would hand to the server as settings that it does not have."""


PORTS: Final = {"http": 80, "https": 443}
"""Default ports, which a browser leaves out."""


class BadAddress(Exception):
    """The fault of an address and its right form, to stand behind the name of its setting."""


def read_database_url(text: str) -> str:
    """An address for asyncpg. Takes ``postgres://`` and a driver's name in the scheme, and ``ssl=true`` for ``sslmode=require``.

    Raises:
        BadAddress: it is not one of PostgreSQL.
    """
    parts = urlsplit(text)
    scheme = parts.scheme.partition("+")[0]
    if scheme not in ("postgres", "postgresql"):
        raise BadAddress(f"begins with {scheme!r}: it must look like postgresql://user:password@host:5432/name.")
    query = [
        ("sslmode", "require") if (name, value.lower()) == ("ssl", "true") else (name, value)
        for name, value in parse_qsl(parts.query)
        if name not in NOT_FOR_US
    ]
    return urlunsplit(parts._replace(scheme="postgresql", query=urlencode(query, safe="/")))


def read_redis_url(text: str) -> str:
    """An address for redis-py, unchanged.

    Raises:
        BadAddress: it is not one of Redis.
    """
    scheme = urlsplit(text).scheme
    if scheme not in ("redis", "rediss", "unix"):
        raise BadAddress(
            f"begins with {scheme!r}: it must look like redis://:password@host:6379/0, or rediss:// for TLS."
        )
    return text


def read_origin(text: str) -> str:
    """The origin of pages as browsers send it (RFC 6454, 6.2): in lower case, without the port of its scheme or a slash behind it; or ``*``.

    Raises:
        BadAddress: it is none.
    """
    if text == "*":
        return text
    try:
        parts = urlsplit(text.rstrip("/").lower())
        port = parts.port
    except ValueError:
        raise BadAddress(f"has {text!r}: an origin looks like https://app.example or http://localhost:3000.") from None
    if not parts.scheme or not parts.hostname or "@" in parts.netloc or parts.path or parts.query or parts.fragment:
        raise BadAddress(
            f"has {text!r}: an origin looks like https://app.example or http://localhost:3000, without a path."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != PORTS.get(parts.scheme) else "")


def read_proxies(text: str) -> str:
    """The address of a proxy or a network of them, unchanged; or ``*``.

    Raises:
        BadAddress: it is none, as is the name of a host: whoever connects has no name.
    """
    try:
        if text != "*":
            ip_network(text)
    except ValueError:
        raise BadAddress(f"has {text!r}: it must be an address or a network, such as 10.0.0.7 or 10.0.0.0/8.") from None
    return text


def make_database_url(host: str, port: int, name: str, *, user: str, password: str, sslmode: str) -> str:
    """The address of a database from its parts."""
    return f"postgresql://{quote(user, '')}:{quote(password, '')}@{host}:{port}/{quote(name, '')}?sslmode={sslmode}"


def make_redis_url(host: str, port: int, number: int, *, password: str) -> str:
    """The address of a Redis from its parts."""
    login = f":{quote(password, '')}@" if password else ""
    return f"redis://{login}{host}:{port}/{number}"
