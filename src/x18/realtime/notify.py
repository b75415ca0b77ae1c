"""Notifications: a row and its event, in the transaction of what caused them."""

from collections.abc import Sequence
from enum import IntEnum
from uuid import UUID

from x18.core import db
from x18.core.ids import new_id
from x18.realtime.events import EventKind
from x18.realtime.outbox import wake


class NotificationKind(IntEnum):
    """Why somebody is told. Stored: never renumber."""

    LIKE = 1
    RETWEET = 2
    FOLLOW = 3
    REPLY = 4
    MENTION = 5


async def notify(
    recipient_ids: Sequence[UUID], kind: NotificationKind, actor_id: UUID, post_id: UUID | None = None
) -> None:
    """Tell each recipient once what the actor did. Nobody is told of what they do themselves; a repetition adds nothing."""
    others = [recipient for recipient in dict.fromkeys(recipient_ids) if recipient != actor_id]
    if not others:
        return
    await db.execute(
        """WITH made AS (
               INSERT INTO notifications (id, user_id, actor_id, kind, post_id)
               SELECT new.id, new.user_id, $3, $4, $5 FROM unnest($1::uuid[], $2::uuid[]) AS new (id, user_id)
               ON CONFLICT DO NOTHING RETURNING id, user_id)
           INSERT INTO event_outbox (kind, actor_id, recipient_id, object_id) SELECT $6, $3, user_id, id FROM made""",
        [new_id() for _ in others],
        others,
        actor_id,
        kind,
        post_id,
        EventKind.NOTIFICATION,
    )
    db.after_commit(wake)


async def take_back(
    kind: NotificationKind, actor_id: UUID, *, post_id: UUID | None = None, recipient_id: UUID | None = None
) -> None:
    """Undo what ``notify`` did for the same cause: a post, or for a follow the recipient."""
    cause = "post_id = $3" if post_id else "post_id IS NULL AND user_id = $3"
    await db.execute(
        f"""WITH gone AS (
                DELETE FROM notifications WHERE actor_id = $1 AND kind = $2 AND {cause} RETURNING id, user_id)
            INSERT INTO event_outbox (kind, actor_id, recipient_id, object_id) SELECT $4, $1, user_id, id FROM gone""",
        actor_id,
        kind,
        post_id or recipient_id,
        EventKind.NOTIFICATION_GONE,
    )
    db.after_commit(wake)
