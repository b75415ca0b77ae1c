"""Telling of changed profiles, at most once in ten seconds each: an event shows what the profile is when it is delivered."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from x18.core import db
from x18.realtime import outbox
from x18.realtime.events import EventKind

APART: Final = timedelta(seconds=10)
AT_ONCE: Final = 500


async def tell(user_id: UUID) -> None:
    """Tell now, or later if that was done just now. Call inside the transaction that changed the profile."""
    is_due = await db.fetch_value(
        """INSERT INTO told_profiles AS told (user_id) VALUES ($1)
           ON CONFLICT (user_id) DO UPDATE SET is_due = told.told_at > now() - $2::interval,
               told_at = CASE WHEN told.told_at > now() - $2::interval THEN told.told_at ELSE now() END
           RETURNING is_due""",
        user_id,
        APART,
    )
    if not is_due:
        await outbox.append(EventKind.USER_UPDATED, user_id, user_id)


async def tell_later() -> None:
    """Tell of those profiles that were changed again meanwhile, and forget of which enough was told."""
    await db.execute(
        f"""WITH due AS (
                SELECT user_id FROM told_profiles WHERE is_due AND told_at <= now() - $1::interval
                ORDER BY told_at LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED),
            told AS (
                UPDATE told_profiles t SET told_at = now(), is_due = false FROM due WHERE t.user_id = due.user_id
                RETURNING t.user_id)
            INSERT INTO event_outbox (kind, actor_id, object_id) SELECT $2, user_id, user_id FROM told""",
        APART,
        EventKind.USER_UPDATED,
    )
    db.after_commit(outbox.wake)
    await db.execute("DELETE FROM told_profiles WHERE NOT is_due AND told_at <= now() - $1::interval", APART)
