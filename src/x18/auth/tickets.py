"""Tickets: what opens a live connection once, where no header can be sent and no token should stand in an address."""

from datetime import timedelta
from typing import Final

from x18.core import db
from x18.core.clock import reckon_clock
from x18.core.errors import NotAuthenticated
from x18.core.tokens import Tokens
from x18.core.viewer import Viewer

TTL: Final = timedelta(seconds=30)


def make_ticket(viewer: Viewer, tokens: Tokens) -> str:
    """A ticket for the viewer's session. The connection that it opens lives as long as the access token that asked for it."""
    return tokens.make_ticket(viewer.user_id, viewer.session_id, reckon_clock() + TTL, until=viewer.expires_at)


async def redeem(ticket: str, tokens: Tokens) -> str:
    """An access token for a ticket that was not used before. Whether its session lives is for ``sessions.authenticate``.

    Raises:
        NotAuthenticated: a bad, expired or used ticket.
    """
    claims = tokens.read_ticket(ticket)
    is_first = await db.fetch_value(
        "INSERT INTO used_tickets (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
        claims.ticket_id,
        claims.expires_at,
    )
    if not is_first:
        raise NotAuthenticated("This ticket has already been used: request a new one.", code="ticket_used")
    return tokens.make_access(claims.user_id, claims.session_id, until=claims.until)


async def forget_used_tickets() -> None:
    """Delete those that have expired anyway."""
    await db.execute("DELETE FROM used_tickets WHERE expires_at < now() - interval '1 minute'")
