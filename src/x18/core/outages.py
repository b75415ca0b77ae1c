"""Reasons of outages: whoever is woken up needs to read why PostgreSQL did not answer, and not once for each request.

A reason is logged once a second, counted in ``x18_outages_total``, and told by ``/health`` for a minute.
"""

import errno
import logging
import time
from typing import Final

import asyncpg

from x18.core import metrics

logger = logging.getLogger("x18.outages")

EVERY_S: Final = 1.0
TOLD_FOR_S: Final = 60.0
MAX_MESSAGE: Final = 500

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Of a disk of this machine, as ``OSError`` has it."""

REASONS: Final = {
    "53100": "disk_full",
    "53200": "out_of_memory",
    "53300": "too_many_connections",
    "57014": "statement_timeout",
    "57P01": "stopped",
    "57P02": "stopped",
    "57P03": "starting_or_stopping",
    "25006": "read_only",
}
"""By SQLSTATE. An error that has none is a ``timeout`` or ``unreachable``; any other SQLSTATE is ``other``."""

ADVICE: Final = {
    "disk_full": "The disk of PostgreSQL is full: free space there.",
    "storage_full": "The disk of the media, or of the temporary folder, is full: free space there.",
    "out_of_memory": "PostgreSQL is out of memory: give it more, or start fewer processes.",
    "too_many_connections": "PostgreSQL has too many connections: raise max_connections, or start fewer processes.",
    "statement_timeout": "A statement took too long, or was cancelled: look at PostgreSQL's load.",
    "stopped": "PostgreSQL was stopped: start it.",
    "starting_or_stopping": "PostgreSQL is starting or stopping: wait a moment.",
    "read_only": "PostgreSQL takes no writes: it is a replica, or its operator made it read-only.",
    "timeout": "PostgreSQL, or a free connection to it, took too long: look at its load and at pg_stat_activity.",
    "unreachable": "PostgreSQL cannot be reached: is it running, and does the network let X18 through?",
}


class _Told:
    """When a reason was seen and logged last, and how often it was not logged since."""

    seen_at = float("-inf")
    logged_at = float("-inf")
    unlogged = 0


_told: Final[dict[str, _Told]] = {}
"""By reason, of which there are a handful."""


def tell_outage(error: BaseException) -> None:
    """Log class, SQLSTATE and message of an error that is answered with 503, and remember its reason."""
    reason = reason_of(error)
    metrics.OUTAGES.labels(reason).inc()
    told = _told.setdefault(reason, _Told())
    told.seen_at = now = time.monotonic()
    if now - told.logged_at < EVERY_S:
        told.unlogged += 1
        return
    facts = {
        "reason": reason,
        "error_class": type(error).__name__,
        "sqlstate": _sqlstate_of(error),
        "said": said_by(error),
        "not_logged": told.unlogged,
    }
    told.logged_at, told.unlogged = now, 0
    logger.error(
        "%s",
        ADVICE.get(reason, "PostgreSQL cannot answer."),
        extra={name: value for name, value in facts.items() if value},
    )


def current_reasons() -> list[str]:
    """The reasons of this process's outages in the last minute."""
    now = time.monotonic()
    return sorted(reason for reason, told in _told.items() if now - told.seen_at < TOLD_FOR_S)


def reason_of(error: BaseException) -> str:
    """What an outage is called, in the log, in metrics and in ``/health``."""
    if isinstance(error, OSError) and error.errno in FULL:
        return "storage_full"
    if isinstance(error, TimeoutError):
        return "timeout"
    state = _sqlstate_of(error)
    return REASONS.get(state, "other") if state else "unreachable"


def said_by(error: BaseException) -> str:
    """The first line of what an error says; its class where it says nothing, as a ``TimeoutError``."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:MAX_MESSAGE]


def _sqlstate_of(error: BaseException) -> str | None:
    return error.sqlstate if isinstance(error, asyncpg.PostgresError) else None
