"""Accounts, their sessions and who follows whom."""

from decimal import Decimal

from piccolo.columns import (
    UUID,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    Numeric,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.columns.column_types import JSON
from piccolo.table import Table

from x18.tables.engine import DB


class User(Table, tablename="users", db=DB):
    """An account. ``username`` and ``email`` are unique without regard to case (indexes of the first migration)."""

    id = UUID(primary_key=True)
    username = Varchar(length=50)
    email = Varchar(length=254)
    password_hash = Varchar(length=60, secret=True)
    display_name = Varchar(length=100)
    bio = Text()
    folded_name = Text(null=True, default=None, help_text="display_name as it is searched by; null: not made yet")
    words = Text(null=True, default=None, help_text="of display_name and bio, the written form of a tsvector")
    location = Varchar(length=100)
    website = Varchar(length=2048)
    avatar_url = Varchar(length=2048)
    header_url = Varchar(length=2048)
    verified = Boolean(default=False)
    is_admin = Boolean(default=False)
    private_account = Boolean(default=False)
    subscription_price = Numeric(digits=(10, 2), default=Decimal(0))
    followers_count = Integer(default=0)
    following_count = Integer(default=0)
    posts_count = Integer(default=0, help_text="of the public ones")
    follower_posts_count = Integer(default=0)
    private_posts_count = Integer(default=0)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    last_active_at = Timestamptz()
    disabled_at = Timestamptz(null=True, default=None)
    public_until = Timestamptz(null=True, default=None, help_text="when it last turned private")


class FormerUsername(Table, tablename="former_usernames", db=DB):
    """A name that somebody gave up, in lower case: for a while nobody else gets it."""

    name = Varchar(length=50, primary_key=True)
    user_id = UUID()
    freed_at = Timestamptz()


class ToldProfile(Table, tablename="told_profiles", db=DB):
    """A profile whose change was told in the last seconds; ``is_due`` if it was changed again."""

    user_id = ForeignKey(User, primary_key=True, on_delete=OnDelete.cascade, null=False)
    told_at = Timestamptz()
    is_due = Boolean(default=False)


class Session(Table, tablename="auth_sessions", db=DB):
    """One login. ``refresh_token_hash`` is the SHA-256 of the only refresh token that is good now; every rotation replaces it.
    ``retired`` has those that were good in the last seconds, in hexadecimal, each with the time when it was replaced.
    """

    id = UUID(primary_key=True)
    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    refresh_token_hash = Bytea()
    retired = JSON(default="{}")
    family_id = UUID()
    user_agent = Varchar(length=512)
    ip = Varchar(length=45)
    created_at = Timestamptz()
    last_used_at = Timestamptz()
    expires_at = Timestamptz()
    revoked_at = Timestamptz(null=True, default=None)


class Follow(Table, tablename="follows", db=DB):
    """``follower_id`` follows ``followee_id``; ids order by the time of following."""

    id = UUID(primary_key=True)
    follower_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    followee_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    created_at = Timestamptz()


class UsedTicket(Table, tablename="used_tickets", db=DB):
    """A ticket that opened a connection, kept until it has expired."""

    id = UUID(primary_key=True)
    expires_at = Timestamptz()
