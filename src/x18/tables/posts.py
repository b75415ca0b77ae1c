"""Posts, what people do with them, and the narrow tables that the hot reads live on."""

from piccolo.columns import UUID, Array, Boolean, Bytea, ForeignKey, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import JSON
from piccolo.table import Table

from x18.tables.engine import DB
from x18.tables.users import User


class Post(Table, tablename="posts", db=DB):
    """A post. ``category`` and ``market`` are copies out of ``metadata``; ``terms`` are those of ``realtime/terms.py``."""

    id = UUID(primary_key=True)
    author_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    visibility = SmallInt(default=0, help_text="realtime.audience.Level")
    content = Text()
    metadata = JSON(default="{}")
    category = Text(null=True, default=None)
    market = Text(null=True, default=None)
    terms = Array(base_column=Text(), default=list)
    hashtags = Array(base_column=Text(), default=list)
    mention_ids = Array(base_column=UUID(), default=list)
    media_count = SmallInt(default=0)
    reply_to_id = UUID(null=True, default=None, help_text="kept when that post is deleted, as the next one")
    root_post_id = UUID(null=True, default=None)
    client_id = Text(null=True, default=None, help_text="shown to the author's own connections, once")
    in_trends = Boolean(default=True, help_text="whether its hashtags count: for everybody when it was written")
    created_at = Timestamptz()
    updated_at = Timestamptz()


class PostStats(Table, tablename="post_stats", db=DB):
    """The counters of a post, apart from it so that every update is a cheap one. No index but the primary key: keep it so."""

    post_id = ForeignKey(Post, primary_key=True, on_delete=OnDelete.cascade, null=False)
    likes_count = Integer(default=0)
    retweets_count = Integer(default=0)
    replies_count = Integer(default=0)
    bookmarks_count = Integer(default=0)
    own_score = SmallInt(default=0, help_text="what the author's own reactions would add to the rank")


class FeedEntry(Table, tablename="feed_entries", db=DB):
    """A line of the home and user timelines: a post (``id`` = the post's) or a retweet (``id`` = the retweet's)."""

    id = UUID(primary_key=True)
    actor_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    post_id = ForeignKey(Post, on_delete=OnDelete.cascade, null=False)
    visibility = SmallInt(default=0)


class Like(Table, tablename="likes", db=DB):
    """A user's like of a post, at most one."""

    id = UUID(primary_key=True)
    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    post_id = ForeignKey(Post, on_delete=OnDelete.cascade, null=False)
    created_at = Timestamptz()


class Retweet(Table, tablename="retweets", db=DB):
    """A user's retweet of a post, at most one."""

    id = UUID(primary_key=True)
    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    post_id = ForeignKey(Post, on_delete=OnDelete.cascade, null=False)
    created_at = Timestamptz()


class Bookmark(Table, tablename="bookmarks", db=DB):
    """A user's bookmark of a post, at most one; ids order by the time of marking."""

    id = UUID(primary_key=True)
    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    post_id = ForeignKey(Post, on_delete=OnDelete.cascade, null=False)
    created_at = Timestamptz()


class PostTombstone(Table, tablename="post_tombstones", db=DB):
    """The rest of a deleted post, kept while the log may replay its events: who could have received it, and nothing of its content."""

    post_id = UUID(primary_key=True)
    author_id = UUID()
    level = SmallInt()
    terms = Array(base_column=Text(), default=list)
    has_media = Boolean(default=False)
    retweeter_ids = Array(base_column=UUID(), default=list)
    private_retweeter_ids = Array(base_column=UUID(), default=list, help_text="whose retweet only followers had")
    score = Integer(default=0, help_text="its rank in trending, for cursors that name it")
    in_trends = Boolean(default=True)
    deleted_at = Timestamptz()


class RetweetTombstone(Table, tablename="retweet_tombstones", db=DB):
    """The rest of a retweet that was undone, kept as long as that of a deleted post: who could have received it."""

    id = UUID(primary_key=True)
    post_id = UUID()
    level = SmallInt()
    undone_at = Timestamptz()


class IdempotencyKey(Table, tablename="idempotency_keys", db=DB):
    """The first answer to a request that carried an ``Idempotency-Key``, kept 24 hours. ``body`` is null while it is being made."""

    id = UUID(primary_key=True)
    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    key = Varchar(length=255)
    fingerprint = Bytea()
    body = Bytea(null=True, default=None)
    created_at = Timestamptz()
