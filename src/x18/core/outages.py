"""Reasons of outages in the log: whoever is woken up needs to read why PostgreSQL did not answer, once a second and not for each request."""

import logging
import time
from typing import Final

import asyncpg

logger = logging.getLogger("x18.outages")

EVERY_S: Final = 1.0
MAX_MESSAGE: Final = 500
ADVICE: Final = {
    "53100": "the disk of PostgreSQL is full: free space there",
    "53200": "PostgreSQL is out of memory",
    "53300": "too many connections: raise max_connections, or start fewer processes",
    "57014": "a statement took too long, or was cancelled",
    "57P01": "PostgreSQL was stopped",
    "57P03": "PostgreSQL is starting or stopping",
    "25006": "PostgreSQL takes no writes: it is a replica, or its operator made it read-only",
}


class _Last:
    """When an outage was told last, and how many were not since."""

    at = float("-inf")
    untold = 0


def tell_outage(error: BaseException) -> None:
    """Log class, SQLSTATE and message of an error that is answered with 503."""
    now = time.monotonic()
    if now - _Last.at < EVERY_S:
        _Last.untold += 1
        return
    state = getattr(error, "sqlstate", None) if isinstance(error, asyncpg.PostgresError) else None
    lines = str(error).splitlines() or [type(error).__name__]
    told = {
        "error_class": type(error).__name__,
        "sqlstate": state,
        "reason": lines[0][:MAX_MESSAGE],
        "advice": ADVICE.get(state or "", ""),
        "others": _Last.untold,
    }
    _Last.at, _Last.untold = now, 0
    logger.error("PostgreSQL cannot answer", extra={name: value for name, value in told.items() if value})
