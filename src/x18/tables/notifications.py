"""Notifications."""

from piccolo.columns import UUID, Boolean, ForeignKey, SmallInt, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from x18.tables.engine import DB
from x18.tables.posts import Post
from x18.tables.users import User


class Notification(Table, tablename="notifications", db=DB):
    """Something that ``actor_id`` did and ``user_id`` should know. Kinds: 1 like, 2 retweet, 3 follow, 4 reply, 5 mention."""

    id = UUID(primary_key=True)
    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    actor_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    kind = SmallInt()
    post_id = ForeignKey(Post, on_delete=OnDelete.cascade, null=True, default=None)
    read_at = Timestamptz(null=True, default=None)
    gone_at = Timestamptz(null=True, default=None, help_text="when it was undone or deleted")
    dismissed = Boolean(default=False, help_text="its owner deleted it")
