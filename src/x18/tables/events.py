"""The event log. How it is made: ``realtime/relay.py``."""

from piccolo.columns import UUID, BigInt, BigSerial, Boolean, SmallInt, Timestamptz
from piccolo.table import Table

from x18.tables.engine import DB


class OutboxEvent(Table, tablename="event_outbox", db=DB):
    """An event of a committed transaction that has no number yet."""

    id = BigSerial(primary_key=True)
    kind = SmallInt()
    actor_id = UUID()
    recipient_id = UUID(null=True)
    object_id = UUID()
    created_at = Timestamptz()


class LogEvent(Table, tablename="event_log", db=DB):
    """A numbered event. ``seq`` is dense; ranges of it are partitions, and retention drops whole ones."""

    seq = BigInt(primary_key=True)
    kind = SmallInt()
    actor_id = UUID()
    recipient_id = UUID(null=True)
    object_id = UUID()
    created_at = Timestamptz()


class LogState(Table, tablename="event_state", db=DB):
    """The one row that says where the log stands. ``floor`` is the highest number that was dropped."""

    one = Boolean(primary_key=True, default=True)
    epoch = UUID()
    head = BigInt()
    floor = BigInt()
