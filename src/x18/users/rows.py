"""From a row to a ``UserView``: the one list of columns that every query with a user in it selects."""

from functools import cache
from typing import Final, TypeVar

import asyncpg

from x18.realtime.audience import Level, level_of
from x18.users.schemas import MeUser, UserView

U = TypeVar("U", bound=UserView)

POSTS_COUNTS: Final = ["posts_count", "follower_posts_count", "private_posts_count"]
"""Columns with the number of posts at each level of visibility, in the order of ``Level``."""

COLUMNS: Final = [
    "id", "username", "display_name", "bio", "location", "website", "avatar_url", "header_url", "verified",
    "subscription_price::float8", "followers_count", "following_count", *POSTS_COUNTS, "private_account", "created_at",
]  # fmt: skip

ME_COLUMNS: Final = [*COLUMNS, "email", "updated_at", "last_active_at"]


def select_user(alias: str, prefix: str = "") -> str:
    """The select list of a user's public columns, each named with the prefix: ``u.id AS author_id, ...``."""
    return ", ".join(f"{alias}.{column} AS {prefix}{column.partition('::')[0]}" for column in COLUMNS)


def move_posts_count(sign: str, level: str) -> str:
    """The assignments that count one post of this level of visibility."""
    return ", ".join(f"{column} = {column} {sign} ({level} = {at})::int" for at, column in enumerate(POSTS_COUNTS))


def select_me(alias: str) -> str:
    """The select list of the own account."""
    return ", ".join(f"{alias}.{column} AS {column.partition('::')[0]}" for column in ME_COLUMNS)


def select_flags(alias: str, viewer: str) -> str:
    """The select list of ``is_following``, ``is_followed_by`` and ``is_self``; null for nobody. ``viewer`` is a placeholder such as ``$1``.

    Scalar subqueries on purpose: an EXISTS may be planned as a hash of all that the viewer follows.
    """
    return (
        f"CASE WHEN {viewer}::uuid IS NOT NULL THEN {_follows(viewer, f'{alias}.id')} END AS is_following, "
        f"{alias}.id = {viewer}::uuid AS is_self, "
        f"CASE WHEN {viewer}::uuid IS NOT NULL THEN {_follows(f'{alias}.id', viewer)} END AS is_followed_by"
    )


def _follows(follower: str, followee: str) -> str:
    return f"COALESCE((SELECT true FROM follows f WHERE f.follower_id = {follower}::uuid AND f.followee_id = {followee}::uuid), false)"


def user_of(row: asyncpg.Record, prefix: str = "", *, closeness: int = Level.PUBLIC) -> UserView:
    """The user in a row that was selected with ``select_user`` and, for a viewer, ``select_flags``.

    ``closeness``: the least that whoever is shown this has to the user, where no viewer was selected for.
    """
    if row.get(prefix + "is_self"):
        closeness = Level.PRIVATE
    elif row.get(prefix + "is_following"):
        closeness = max(closeness, Level.FOLLOWERS)
    return _convert(row, prefix, UserView, _count_posts(row, prefix, closeness))


def me_of(row: asyncpg.Record) -> MeUser:
    """The own account in a row that was selected with ``select_me``."""
    return _convert(row, "", MeUser, _count_posts(row, "", Level.PRIVATE))


def _count_posts(row: asyncpg.Record, prefix: str, closeness: int) -> int:
    """The number of posts that a viewer may see: of all levels up to the viewer's; of a private account, only its followers see any."""
    if closeness < level_of(Level.PUBLIC, row[prefix + "private_account"]):
        return 0
    return sum([row[prefix + column] for column in POSTS_COUNTS[: closeness + 1]])


def _convert(row: asyncpg.Record, prefix: str, kind: type[U], posts_count: int) -> U:
    values = {field: value for field, column in _columns(kind, prefix) if (value := row.get(column)) is not None}
    values["posts_count"] = posts_count
    return kind(**values)


@cache
def _columns(kind: type[UserView], prefix: str) -> list[tuple[str, str]]:
    return [(field, prefix + field) for field in kind.__struct_fields__]
