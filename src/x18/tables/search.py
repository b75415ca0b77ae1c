"""What search rolls up."""

from piccolo.columns import BigInt, Boolean, Integer, Text, Timestamptz
from piccolo.table import Table

from x18.tables.engine import DB


class HashtagHour(Table, tablename="hashtag_hours", db=DB):
    """How many public posts of an hour have a hashtag. The key is both columns."""

    hour = Timestamptz(primary_key=True)
    hashtag = Text()
    posts = Integer()


class HashtagState(Table, tablename="hashtag_state", db=DB):
    """The one row that says up to which event of the log hashtags are counted."""

    one = Boolean(primary_key=True, default=True)
    seq = BigInt()
