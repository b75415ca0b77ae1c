"""Load of a process's channel in numbers, and the names of its close reasons."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from x18.core.pools import PoolUse
from x18.realtime.events import EventKind
from x18.realtime.protocol import CloseCode

MADE_WITH_ID: Final = frozenset({EventKind.POST, EventKind.RETWEET, EventKind.NOTIFICATION})
"""Events whose object is made by what they tell of, so that its id tells when that was."""

CLIENT_CODES: Final = frozenset({1000, 1005, 1006})
"""Closed by the client; without a code; without a word (RFC 6455 §7.4.1)."""

CODES: Final = frozenset(CloseCode)


class Load(NamedTuple):
    """A moment's numbers. ``head`` is the newest event known of, ``position`` the last one delivered."""

    connections: int
    users: int
    subscriptions: Mapping[str, int]
    watched: int
    queue_bytes: int
    head: int
    position: int
    broker_lag_s: float
    broker_waiting: int
    leads: bool
    pool: PoolUse


def close_label(code: int | None) -> str:
    """A close code as a label; clients may send any of a thousand. ``gone`` is the client of an event stream, which has no codes."""
    if code is None:
        return "gone"
    return str(int(code)) if code in CLIENT_CODES or code in CODES else "other"
