"""Names that somebody gave up. They rest for 30 days, so that nobody is taken for their former owner."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from x18.core import db
from x18.core.errors import Conflict
from x18.users.names import taken

REST: Final = timedelta(days=30)
MOST: Final = 10
"""So many names of one account may rest at a time, else renaming would be a way to keep names from others."""


async def refuse_resting(username: str, user_id: UUID | None = None) -> None:
    """Refuse a name that rests, except to its former owner.

    The unique index holds a rename and a claim of the same name apart; called after the claim, in its transaction, this sees the rename.

    Raises:
        Conflict: ``username_taken``.
    """
    if await db.fetch_value(
        "SELECT true FROM former_usernames WHERE name = lower($1) AND user_id IS DISTINCT FROM $2 AND freed_at > now() - $3::interval",
        username,
        user_id,
        REST,
    ):
        raise taken("users_username")


async def exchange(user_id: UUID, before: str, after: str) -> None:
    """Let the name ``before`` rest, and ``after`` no more. Call inside the transaction that renamed.

    Raises:
        Conflict: ``username_taken`` or ``too_many_names``.
    """
    if before.lower() == after.lower():
        return
    await refuse_resting(after, user_id)
    await db.execute("DELETE FROM former_usernames WHERE name = lower($1)", after)
    await db.execute(
        """INSERT INTO former_usernames (name, user_id) VALUES (lower($1), $2)
           ON CONFLICT (name) DO UPDATE SET user_id = $2, freed_at = now()""",
        before,
        user_id,
    )
    resting = await db.fetch_value(
        "SELECT count(*) FROM former_usernames WHERE user_id = $1 AND freed_at > now() - $2::interval", user_id, REST
    )
    if resting > MOST:
        raise Conflict(
            f"You gave up {MOST} usernames within 30 days: take one of them back, or wait.", code="too_many_names"
        )


async def forget_rested() -> None:
    """Let others have what has rested."""
    await db.execute("DELETE FROM former_usernames WHERE freed_at < now() - $1::interval", REST)
