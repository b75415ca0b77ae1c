"""Notifications: a row and its event, in the transaction of what caused them."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final
from uuid import UUID

from x18.core import db
from x18.realtime.events import EventKind
from x18.realtime.outbox import wake


class NotificationKind(IntEnum):
    """Why somebody is told. Stored: never renumber."""

    LIKE = 1
    RETWEET = 2
    FOLLOW = 3
    REPLY = 4
    MENTION = 5


INBOX: Final = "hashtextextended('inbox of ' || {}::text, 0)"
"""The advisory lock of a user's notifications: shared by who adds one, held alone by who marks all as read."""

INBOX_WAIT_S: Final = 2

ONCE: Final = """
    ON CONFLICT (actor_id, kind, post_id, user_id) DO UPDATE SET gone_at = NULL
        WHERE notifications.gone_at IS NOT NULL AND NOT notifications.dismissed
    RETURNING id, user_id, xmax = 0 AS is_new"""
"""The end of an INSERT of notifications: a cause that was undone and is there again brings back the row that told of it, read or
unread as it was. What the owner deleted stays away. (A row that was inserted and not updated has no ``xmax``.)
"""

KIND_TOLD: Final = f"CASE WHEN is_new THEN {EventKind.NOTIFICATION} ELSE {EventKind.NOTIFICATION_BACK} END"
"""SQL of the kind of event for a row that ``ONCE`` gives: only what is new tells."""


async def hold_inbox(user_id: UUID) -> None:
    """Wait for the notifications that are being added, and keep new ones waiting, to the end of the open transaction.

    What is then marked is what stands before this transaction's event in the log, and nothing else: "all" means the same to whoever
    follows the events.

    Raises:
        LockNotAvailableError: somebody has been adding one for two seconds.
    """
    await db.execute(f"SET LOCAL lock_timeout = '{INBOX_WAIT_S}s'")
    await db.execute(f"SELECT pg_advisory_xact_lock({INBOX.format('$1::uuid')})", user_id)


async def notify(
    recipient_ids: Sequence[UUID], kind: NotificationKind, actor_id: UUID, post_id: UUID | None = None
) -> None:
    """Tell each recipient once what the actor did. Nobody is told of what they do themselves; a repetition adds nothing, and what was
    undone and is done again comes back without a word.
    """
    others = sorted({*recipient_ids} - {actor_id})  # in one order, so that locks are taken in one
    if not others:
        return
    await db.execute(
        f"""WITH held AS MATERIALIZED (
               SELECT user_id, pg_advisory_xact_lock_shared({INBOX.format("user_id")}) FROM unnest($1::uuid[]) AS new (user_id)),
           made AS (
               INSERT INTO notifications (user_id, actor_id, kind, post_id)
               SELECT user_id, $2, $3, $4 FROM held {ONCE})
           INSERT INTO event_outbox (kind, actor_id, recipient_id, object_id)
           SELECT {KIND_TOLD}, $2, user_id, id FROM made""",
        others,
        actor_id,
        kind,
        post_id,
    )
    db.after_commit(wake)


async def take_back(
    kind: NotificationKind, actor_id: UUID, *, post_id: UUID | None = None, recipient_id: UUID | None = None
) -> None:
    """Undo what ``notify`` did for the same cause: a post, or for a follow the recipient. That it told is remembered for a while."""
    cause = "post_id = $3" if post_id else "post_id IS NULL AND user_id = $3"
    await db.execute(
        f"""WITH gone AS (
                UPDATE notifications SET gone_at = now() WHERE actor_id = $1 AND kind = $2 AND {cause} AND gone_at IS NULL
                RETURNING id, user_id)
            INSERT INTO event_outbox (kind, actor_id, recipient_id, object_id) SELECT $4, $1, user_id, id FROM gone""",
        actor_id,
        kind,
        post_id or recipient_id,
        EventKind.NOTIFICATION_GONE,
    )
    db.after_commit(wake)
