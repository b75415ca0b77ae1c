"""Roll-ups of hashtags for the trends."""

from piccolo.columns import UUID, BigInt, Boolean, Integer, Text, Timestamptz
from piccolo.table import Table

from x18.tables.engine import DB


class HashtagHour(Table, tablename="hashtag_hours", db=DB):
    """Public posts of an hour with a hashtag, and authors who used it last in that hour. The key is hour and hashtag."""

    hour = Timestamptz(primary_key=True)
    hashtag = Text()
    posts = Integer()
    authors = Integer(default=0)


class HashtagUse(Table, tablename="hashtag_uses", db=DB):
    """Public posts of an author and an hour with a hashtag. The key is the first three columns."""

    author_id = UUID(primary_key=True)
    hashtag = Text()
    hour = Timestamptz()
    posts = Integer()


class SymbolUse(Table, tablename="symbol_uses", db=DB):
    """How many public posts of an author and an hour have a symbol. The key is the first three columns."""

    symbol = Text(primary_key=True)
    hour = Timestamptz()
    author_id = UUID()
    posts = Integer()


class HashtagState(Table, tablename="hashtag_state", db=DB):
    """The one row that says up to which event of the log hashtags and symbols are counted."""

    one = Boolean(primary_key=True, default=True)
    seq = BigInt()
