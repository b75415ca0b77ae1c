"""Operators' changes to accounts. A change that takes away the ground of sessions ends them, and with them live connections."""

from typing import NamedTuple
from uuid import UUID

from x18.auth import sessions
from x18.auth.new_passwords import check_password
from x18.core import db
from x18.core.errors import NotFound
from x18.core.passwords import Passwords
from x18.realtime import outbox
from x18.realtime.events import EventKind


class AccountState(NamedTuple):
    """An account as an operator sees it."""

    id: UUID
    username: str
    is_admin: bool
    is_disabled: bool


async def get_account(name: str) -> AccountState:
    """The account with this username or e-mail address, without regard to case.

    Raises:
        NotFound: there is none.
    """
    row = await db.fetch_row(
        """SELECT id, username, is_admin, disabled_at IS NOT NULL AS is_disabled FROM users
           WHERE lower(username) = lower($1) OR lower(email) = lower($1)""",
        name,
    )
    if row is None:
        raise NotFound(f"There is no user {name}.")
    return AccountState(*row)


async def disable_user(user_id: UUID) -> None:
    """Let the user in no more, end all sessions, and hide the account with all that it wrote from everybody."""
    async with db.transaction():
        if await _switch(
            user_id, "UPDATE users SET disabled_at = now() WHERE id = $1 AND disabled_at IS NULL RETURNING true"
        ):
            await outbox.append(EventKind.ACCOUNT_HIDDEN, user_id, user_id)
        await sessions.revoke(user_id)


async def enable_user(user_id: UUID) -> None:
    """Undo ``disable_user``: all is there again, and the user logs in."""
    async with db.transaction():
        if await _switch(
            user_id, "UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL RETURNING true"
        ):
            await outbox.append(EventKind.ACCOUNT_SHOWN, user_id, user_id)


async def _switch(user_id: UUID, statement: str) -> bool:
    """Run it; whether it changed something. The counters of all whom it concerns move with it, so they are locked in one order before."""
    await db.execute(
        """SELECT FROM users WHERE id = $1 OR id IN (SELECT follower_id FROM follows WHERE followee_id = $1)
              OR id IN (SELECT followee_id FROM follows WHERE follower_id = $1) ORDER BY id FOR NO KEY UPDATE""",
        user_id,
    )
    return bool(await db.fetch_value(statement, user_id))


async def set_password(user_id: UUID, password: str, passwords: Passwords) -> None:
    """Change the password and end all sessions.

    Raises:
        BadInput: as ``check_password``.
    """
    check_password(password)
    hashed = await passwords.hash(password)
    async with db.transaction():
        await db.execute("UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1", user_id, hashed)
        await sessions.revoke(user_id)


async def set_admin(user_id: UUID, *, is_admin: bool) -> None:
    """Mark the account as an administrator's, or remove the mark."""
    await db.execute("UPDATE users SET is_admin = $2, updated_at = now() WHERE id = $1", user_id, is_admin)
