"""Renderers of the events of notifications, which only their owner gets."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from x18.core import db
from x18.notifications.queries import COLUMNS, UNREAD_OF, notification_of
from x18.notifications.schemas import NotificationBody, NotificationsGone, NotificationsRead, NotificationView
from x18.posts.queries import load_rows, post_of
from x18.realtime.audience import Level, visible
from x18.realtime.events import Content, EventKind, LogRow, Renderers
from x18.realtime.filters import type_term
from x18.realtime.notify import NotificationKind
from x18.users.queries import load_users

_encoder = msgspec.json.Encoder()


async def render_notifications(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """The notifications with their actors and with the posts that their owners may see."""
    records = await db.fetch(
        f"""SELECT {COLUMNS}, p.id IS NOT NULL AND {visible("n.user_id")} AS sees_post
            FROM notifications n LEFT JOIN posts p ON p.id = n.post_id LEFT JOIN users u ON u.id = p.author_id
            WHERE n.id = ANY($1) AND n.gone_at IS NULL""",
        [row.object_id for row in rows],
    )
    found = {record["id"]: record for record in records}
    posts = await load_rows([record["post_id"] for record in records if record["sees_post"]])
    users = await load_users([record["actor_id"] for record in records], None)
    counts = await _count_unread(rows)
    contents = {}
    for row in rows:
        record = found.get(row.object_id)
        if record is None or record["actor_id"] not in users or row.recipient_id is None:
            continue
        shown = posts.get(record["post_id"]) if record["sees_post"] else None
        view = notification_of(
            record, users[record["actor_id"]], post_of(shown, for_viewer=False) if shown is not None else None
        )
        fields = {name: getattr(view, name) for name in NotificationView.__struct_fields__}
        body = NotificationBody(**fields, unread_count=counts.get(row.recipient_id, 0))
        contents[row.seq] = _content(row, body, type_term(NotificationKind(record["kind"])))
    return contents


async def render_removals(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """The notifications that are gone."""
    stones = await db.fetch(
        "SELECT post_id FROM post_tombstones WHERE post_id = ANY($1)", [row.object_id for row in rows]
    )
    deleted_posts = {stone["post_id"] for stone in stones}
    counts = await _count_unread(rows)
    contents = {}
    for row in rows:
        about_post = row.object_id in deleted_posts
        body = NotificationsGone(
            id=UNSET if about_post else row.object_id,
            post_id=row.object_id if about_post else UNSET,
            unread_count=counts.get(row.recipient_id, 0),
        )
        contents[row.seq] = _content(row, body)
    return contents


async def render_reads(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """The notifications that are read."""
    counts = await _count_unread(rows)
    contents = {}
    for row in rows:
        count = counts.get(row.recipient_id, 0)
        everything = row.object_id == row.recipient_id
        body = NotificationsRead(
            id=UNSET if everything else row.object_id, all=True if everything else UNSET, unread_count=count
        )
        contents[row.seq] = _content(row, body)
    return contents


async def _count_unread(rows: Sequence[LogRow]) -> dict[UUID | None, int]:
    """By owner. Bounded: the delivery of everybody's events waits for it."""
    counted = await db.fetch(
        f"SELECT id, ({UNREAD_OF.format('owner.id')}) AS n FROM unnest($1::uuid[]) owner (id)",
        list({row.recipient_id for row in rows if row.recipient_id is not None}),
    )
    return {record["id"]: record["n"] for record in counted}


def _content(row: LogRow, body: msgspec.Struct, *terms: str) -> Content:
    owner = row.recipient_id or row.actor_id
    return Content(owner_id=owner, audience=Level.PRIVATE, terms=terms, has_media=False, body=_encoder.encode(body))


RENDERERS: Final[Renderers] = {
    EventKind.NOTIFICATION: render_notifications,
    EventKind.NOTIFICATION_GONE: render_removals,
    EventKind.NOTIFICATION_READ: render_reads,
    EventKind.NOTIFICATION_BACK: render_notifications,
}
