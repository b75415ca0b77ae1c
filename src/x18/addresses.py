"""Addresses of PostgreSQL and Redis, in the forms in which hosts hand them out."""

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


class BadAddress(Exception):
    """What is wrong with an address and what it must look like, to stand behind the name of its setting."""


def read_database_url(text: str) -> str:
    """An address for asyncpg. Takes ``postgres://`` and a driver's name in the scheme, and ``ssl=true`` for ``sslmode=require``.

    Raises:
        BadAddress: it is not one of PostgreSQL.
    """
    parts = urlsplit(text)
    scheme = parts.scheme.partition("+")[0]
    if scheme not in ("postgres", "postgresql"):
        raise BadAddress(f"begins with {scheme!r}: it must read postgresql://user:password@host:5432/name.")
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
        raise BadAddress(f"begins with {scheme!r}: it must read redis://:password@host:6379/0, or rediss:// for TLS.")
    return text


def make_database_url(host: str, port: int, name: str, *, user: str, password: str, sslmode: str) -> str:
    """The address of a database from its parts."""
    return f"postgresql://{quote(user, '')}:{quote(password, '')}@{host}:{port}/{quote(name, '')}?sslmode={sslmode}"


def make_redis_url(host: str, port: int, number: int, *, password: str) -> str:
    """The address of a Redis from its parts."""
    login = f":{quote(password, '')}@" if password else ""
    return f"redis://{login}{host}:{port}/{number}"
