"""From a row to a ``UserView``: the one list of columns that every query with a user in it selects."""

from typing import Any, Final, TypeVar

import asyncpg
import msgspec

from x18.users.schemas import MeUser, UserView

U = TypeVar("U", bound=UserView)

COLUMNS: Final = [
    "id", "username", "display_name", "bio", "location", "website", "avatar_url", "header_url", "verified",
    "subscription_price::float8", "followers_count", "following_count", "posts_count", "private_account", "created_at",
]  # fmt: skip

ME_COLUMNS: Final = [*COLUMNS, "email", "updated_at", "last_active_at"]


def select_user(alias: str, prefix: str = "") -> str:
    """The select list of a user's public columns, each named with the prefix: ``u.id AS author_id, ...``."""
    return ", ".join(f"{alias}.{column} AS {prefix}{column.partition('::')[0]}" for column in COLUMNS)


def select_me(alias: str) -> str:
    """The select list of the own account."""
    return ", ".join(f"{alias}.{column} AS {column.partition('::')[0]}" for column in ME_COLUMNS)


def select_flags(alias: str, viewer: str, prefix: str = "") -> str:
    """The select list of ``is_following`` and ``is_followed_by``; null for nobody. ``viewer`` is a placeholder such as ``$1``.

    Scalar subqueries on purpose: an EXISTS may be planned as a hash of all that the viewer follows.
    """
    return (
        f"CASE WHEN {viewer}::uuid IS NOT NULL THEN COALESCE((SELECT true FROM follows f WHERE"
        f" f.follower_id = {viewer}::uuid AND f.followee_id = {alias}.id), false) END AS {prefix}is_following, "
        f"CASE WHEN {viewer}::uuid IS NOT NULL THEN COALESCE((SELECT true FROM follows f WHERE"
        f" f.follower_id = {alias}.id AND f.followee_id = {viewer}::uuid), false) END AS {prefix}is_followed_by"
    )


def user_of(row: asyncpg.Record, prefix: str = "") -> UserView:
    """The user in a row that was selected with ``select_user`` and, for a viewer, ``select_flags``."""
    return _convert(row, prefix, UserView)


def me_of(row: asyncpg.Record) -> MeUser:
    """The own account in a row that was selected with ``select_me``."""
    return _convert(row, "", MeUser)


def _convert(row: asyncpg.Record, prefix: str, kind: type[U]) -> U:
    values: dict[str, Any] = {}
    for field in kind.__struct_fields__:
        value = row.get(prefix + field)
        if value is not None:
            values[field] = value
    return msgspec.convert(values, kind)
