"""What traders watch."""

from piccolo.columns import Array, ForeignKey, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from x18.tables.engine import DB
from x18.tables.users import User


class Watchlist(Table, tablename="watchlists", db=DB):
    """The symbols that a user watches, in the user's order and in their canonical form."""

    user_id = ForeignKey(User, primary_key=True, on_delete=OnDelete.cascade, null=False)
    symbols = Array(base_column=Text(), default=list)
    updated_at = Timestamptz()
