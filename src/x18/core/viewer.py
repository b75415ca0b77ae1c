"""The viewer: the user, or the anonymous visitor, who makes a request."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import msgspec


class Viewer(msgspec.Struct, frozen=True):
    """A user who showed a good access token of a session that lives. ``expires_at`` is the token's end."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


Authenticate = Callable[[str], Awaitable[Viewer]]
"""Turns an access token into a viewer, or raises ``NotAuthenticated``."""

Redeem = Callable[[str], Awaitable[str]]
"""Turns a ticket, once, into an access token, or raises ``NotAuthenticated``."""


def id_of(visitor: Viewer | None) -> UUID | None:
    """The id of who asks, if that is known."""
    return visitor.user_id if visitor else None
