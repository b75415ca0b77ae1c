"""Uploaded files."""

from piccolo.columns import UUID, BigInt, ForeignKey, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from x18.tables.engine import DB
from x18.tables.posts import Post
from x18.tables.users import User


class Media(Table, tablename="media", db=DB):
    """An uploaded file. ``file_name`` and ``thumbnail_name`` are keys of the media store; ``position`` is its place in the post."""

    id = UUID(primary_key=True)
    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    post_id = ForeignKey(Post, on_delete=OnDelete.set_null, null=True, default=None)
    position = SmallInt(default=0)
    type = Varchar(length=8, help_text="image, gif or video")
    mime_type = Varchar(length=64)
    file_name = Varchar(length=128)
    thumbnail_name = Varchar(length=128, null=True, default=None)
    alt_text = Text()
    width = Integer(null=True, default=None)
    height = Integer(null=True, default=None)
    duration_ms = Integer(null=True, default=None)
    size_bytes = BigInt()
    blurhash = Varchar(length=64, null=True, default=None)
    status = Varchar(length=16, default="ready", help_text="processing, ready or failed")
    created_at = Timestamptz()
    order_key = UUID(help_text="its place in lists; made by the database, as the ids of other lists are")
