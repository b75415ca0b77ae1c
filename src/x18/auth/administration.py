"""What an operator does with accounts. Whatever takes away the ground of sessions ends them, and with them live connections."""

from typing import NamedTuple
from uuid import UUID

from x18.auth import sessions
from x18.auth.new_passwords import check_password
from x18.core import db
from x18.core.errors import NotFound
from x18.core.passwords import Passwords


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
    """Let nobody in any more, and end all sessions. Posts stay."""
    async with db.transaction():
        await db.execute("UPDATE users SET disabled_at = COALESCE(disabled_at, now()) WHERE id = $1", user_id)
        await sessions.revoke(user_id)


async def enable_user(user_id: UUID) -> None:
    """Undo ``disable_user``; the user logs in again."""
    await db.execute("UPDATE users SET disabled_at = NULL WHERE id = $1", user_id)


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
    """Mark the account as an administrator's, or take the mark away."""
    await db.execute("UPDATE users SET is_admin = $2, updated_at = now() WHERE id = $1", user_id, is_admin)
