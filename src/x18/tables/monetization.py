"""Paid subscriptions and purchases: stored, not yet sold."""

from piccolo.columns import UUID, ForeignKey, Numeric, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from x18.tables.engine import DB
from x18.tables.posts import Post
from x18.tables.users import User


class Subscription(Table, tablename="subscriptions", db=DB):
    """``subscriber_id`` pays for the posts of ``author_id`` until ``expires_at``."""

    id = UUID(primary_key=True)
    subscriber_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    author_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    price = Numeric(digits=(10, 2))
    status = Varchar(length=16, default="active", help_text="active, cancelled or expired")
    created_at = Timestamptz()
    expires_at = Timestamptz()


class Purchase(Table, tablename="purchases", db=DB):
    """``user_id`` bought one post."""

    id = UUID(primary_key=True)
    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    post_id = ForeignKey(Post, on_delete=OnDelete.cascade, null=False)
    price = Numeric(digits=(10, 2))
    created_at = Timestamptz()
