"""Renderers of the events of users."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from x18.realtime.audience import Level
from x18.realtime.events import Content, EventKind, LogRow, Renderers
from x18.users.queries import load_public

_encoder = msgspec.json.Encoder()


async def render_profiles(rows: Sequence[LogRow]) -> Mapping[int, Content]:
    """The profiles as everybody sees them now; none of disabled accounts."""
    users = await load_public([row.object_id for row in rows])
    return {
        row.seq: Content(row.object_id, Level.PUBLIC, (), has_media=False, body=_encoder.encode(users[row.object_id]))
        for row in rows
        if row.object_id in users
    }


RENDERERS: Final[Renderers] = {EventKind.USER_UPDATED: render_profiles}
