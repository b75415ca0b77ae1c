"""Ids of rows: UUIDv7, so that ids order by time. Those by which lists are ordered are PostgreSQL's: ``core/order.py``."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat

MIN_ID = UUID(int=0)
MAX_ID = UUID(int=2**128 - 1)
"""Greater than every id: where a first page begins."""


def new_id() -> UUID:
    """A new UUIDv7 by this node's clock, greater than all that this process made before. For what stands in no list."""
    return uuid_utils.compat.uuid7()


def id_floor(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment, for windows of time over ids. Milliseconds are the resolution (RFC 9562 §5.7)."""
    return UUID(int=int(moment.astimezone(UTC).timestamp() * 1000) << 80)


def moment_of(made: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
