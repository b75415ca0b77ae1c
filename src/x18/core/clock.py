"""The time by PostgreSQL's clock, whatever a node's own clock says: ids are made by it, so windows over ids are counted back from it; and
tokens begin and end by it on all nodes, also where a node's clock is set while it runs.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from x18.core import db

KEPT_S: Final = 30.0
"""After so long the clock is read again; in between the time that passed is added."""


class _Read:
    """The last reading of the database's clock, with the monotonic time at which it was taken."""

    now: datetime | None = None
    at = 0.0


async def read_clock() -> datetime:
    """The time, as exact as a round trip to the database."""
    if _Read.now is None or time.monotonic() - _Read.at > KEPT_S:
        began = time.monotonic()
        now: datetime = await db.fetch_value("SELECT clock_timestamp()")
        _Read.now, _Read.at = now, (began + time.monotonic()) / 2
    return reckon_clock()


def reckon_clock() -> datetime:
    """The time by what was read last, without reading; before that, by this node's own clock."""
    if _Read.now is None:
        return datetime.now(UTC)
    return _Read.now + timedelta(seconds=time.monotonic() - _Read.at)
