"""Reading users."""

from typing import Final, Literal
from uuid import UUID

import asyncpg

from x18.core import db
from x18.core.errors import NotFound
from x18.core.order import Order
from x18.core.paging import Page, read_page
from x18.core.text import UNSTORABLE
from x18.realtime.audience import Level, is_enabled, level_of
from x18.users.rows import me_of, select_flags, select_me, select_user, user_of
from x18.users.schemas import MeUser, UserList, UserView

ME: Final = f"SELECT {select_me('u')} FROM users u WHERE u.id = $1"
USERS: Final = f"SELECT {select_user('u')}, {select_flags('u', '$2')} FROM users u"
ACTORS: Final = f"SELECT {select_user('u')} FROM users u WHERE u.id = ANY($1)"

Side = Literal["followers", "following"]


async def get_me(user_id: UUID) -> MeUser:
    """The own account."""
    row = await db.fetch_row(ME, user_id)
    if row is None:
        raise NotFound("The account no longer exists.", code="user_not_found")
    return me_of(row)


async def get_user(user_id: UUID, viewer_id: UUID | None) -> UserView:
    """A user's public form.

    Raises:
        NotFound: no such user, or a disabled one.
    """
    return _only(await db.fetch_row(f"{USERS} WHERE u.id = $1 AND u.disabled_at IS NULL", user_id, viewer_id))


async def get_by_username(username: str, viewer_id: UUID | None) -> UserView:
    """The same, by name without regard to case."""
    if UNSTORABLE.search(username):
        raise NotFound("No such user.", code="user_not_found")
    return _only(
        await db.fetch_row(
            f"{USERS} WHERE lower(u.username) = lower($1) AND u.disabled_at IS NULL", username, viewer_id
        )
    )


async def load_users(user_ids: list[UUID], viewer_id: UUID | None) -> dict[UUID, UserView]:
    """Users by id, in one query; those that are gone are left out. What a disabled one did stays, and shows who did it."""
    rows = await db.fetch(f"{USERS} WHERE u.id = ANY($1)", user_ids, viewer_id)
    return {row["id"]: user_of(row) for row in rows}


async def load_enabled(user_ids: list[UUID], viewer_id: UUID | None) -> dict[UUID, UserView]:
    """The same without disabled ones."""
    rows = await db.fetch(f"{USERS} WHERE u.id = ANY($1) AND u.disabled_at IS NULL", user_ids, viewer_id)
    return {row["id"]: user_of(row) for row in rows}


async def load_actors(user_ids: list[UUID]) -> dict[UUID, UserView]:
    """Users by id for events that reach only those who may see what these users write."""
    rows = await db.fetch(ACTORS, user_ids)
    return {row["id"]: user_of(row, closeness=level_of(Level.PUBLIC, row["private_account"])) for row in rows}


async def load_public(user_ids: list[UUID]) -> dict[UUID, UserView]:
    """Users by id as everybody sees them, without disabled ones."""
    rows = await db.fetch(f"{ACTORS} AND u.disabled_at IS NULL", user_ids)
    return {row["id"]: user_of(row) for row in rows}


async def list_follows(user_id: UUID, side: Side, page: Page, viewer_id: UUID | None) -> UserList:
    """Followers of the user, or users whom the user follows; the newest follow first.

    Raises:
        NotFound: no such user.
    """
    user = await get_user(user_id, viewer_id)
    mine, other = ("followee_id", "follower_id") if side == "followers" else ("follower_id", "followee_id")

    async def read(page: Page) -> list[asyncpg.Record]:
        return await db.fetch(
            f"""SELECT page.follow_id, {select_user("u")}, {select_flags("u", "$2")}
                FROM (SELECT id AS follow_id, {other} AS user_id FROM follows
                      WHERE {mine} = $1 AND id < $3 AND id > $4 AND {is_enabled(other)}
                      ORDER BY id {page.direction} LIMIT $5 OFFSET $6) page
                JOIN users u ON u.id = page.user_id ORDER BY page.follow_id {page.direction}""",
            user_id,
            viewer_id,
            page.below,
            page.above,
            page.limit + 1,
            page.offset,
        )

    rows, ends = await read_page(Order.FOLLOWS, page, read, lambda row: row["follow_id"])
    listing = UserList(users=[user_of(row) for row in rows], limit=page.limit, offset=page.offset, **ends._asdict())
    if page.count:
        listing.total = user.followers_count if side == "followers" else user.following_count
    return listing


def _only(row: asyncpg.Record | None) -> UserView:
    if row is None:
        raise NotFound("No such user.", code="user_not_found")
    return user_of(row)
