"""Sessions: made at log-in, rotated at every refresh, ended by log-out or by the reuse of an old refresh token."""

import hashlib
import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from x18.core import db
from x18.core.clock import reckon_clock
from x18.core.errors import NotAuthenticated
from x18.core.ids import new_id
from x18.core.tokens import Claims, Tokens
from x18.core.viewer import Viewer
from x18.realtime import outbox
from x18.realtime.events import EventKind

logger = logging.getLogger("x18.auth")

RACE: Final = timedelta(seconds=10)
"""Refreshes with one token within this time are one client in a hurry, not a thief."""

MOST_RETIRED: Final = 32
"""So many tokens of this time are known: more than a page has calls under way."""


class Device(msgspec.Struct, frozen=True):
    """The device and address from which a session was opened, as its user sees them in a list."""

    user_agent: str
    ip: str


class Owner(msgspec.Struct, frozen=True):
    """The user of a new session, and the hash of the password that was just found right; None for an account just made."""

    id: UUID
    password_hash: str | None = None


class TokenPair(msgspec.Struct, frozen=True):
    """Both tokens of a session, just made."""

    user_id: UUID
    access: str
    refresh: str


async def open_session(owner: Owner, device: Device, tokens: Tokens) -> TokenPair:
    """Begin a session. Its absolute end is the refresh token's; rotation does not move it (OWASP ASVS 7.3.2).

    Raises:
        NotAuthenticated: ``invalid_credentials``: the password was changed, or the account disabled, while it was being checked.
    """
    user_id = owner.id
    session_id = new_id()
    expires_at = reckon_clock() + tokens.refresh_ttl
    refresh = tokens.make_refresh(user_id, session_id, expires_at)
    # The lock makes a change of the password that is under way come first, and one that comes later end this session too.
    opened = await db.fetch_value(
        """INSERT INTO auth_sessions (id, user_id, refresh_token_hash, family_id, user_agent, ip, expires_at)
           SELECT $1, u.id, $3, $1, $4, $5, $6 FROM (
               SELECT id FROM users WHERE id = $2 AND disabled_at IS NULL AND password_hash = COALESCE($7, password_hash)
               FOR SHARE) u RETURNING true""",
        session_id,
        user_id,
        _digest(refresh),
        device.user_agent,
        device.ip,
        expires_at,
        owner.password_hash,
    )
    if not opened:
        raise NotAuthenticated("The name or the password is wrong.", code="invalid_credentials")
    await db.execute("UPDATE users SET last_active_at = now() WHERE id = $1", user_id)
    return TokenPair(user_id, tokens.make_access(user_id, session_id), refresh)


async def rotate(refresh_token: str, tokens: Tokens) -> TokenPair:
    """New tokens for a refresh token that is good, or was until a request less than 10 s ago exchanged it: then the refresh token that is
    good now, so that of requests that race whichever answer a client keeps is good.

    A page whose calls find their token expired exchanges several in a row: a call that is late sends the next one already.

    Raises:
        NotAuthenticated: ``session_revoked``, or ``refresh_token_reused``, which ends the session.
    """
    claims = tokens.read_refresh(refresh_token)
    refresh = tokens.make_next_refresh(refresh_token)
    rotated = await db.fetch_value(
        f"""UPDATE auth_sessions s SET refresh_token_hash = $3, last_used_at = now(),
                  retired = jsonb_build_object(encode($2, 'hex'), extract(epoch FROM now())) || COALESCE((
                      SELECT jsonb_object_agg(hash, at) FROM (
                          SELECT hash, at FROM jsonb_each(s.retired) AS r (hash, at)
                          WHERE at::float > extract(epoch FROM now() - $4::interval)
                          ORDER BY at::float DESC LIMIT {MOST_RETIRED - 1}) r), '{{}}')
           FROM users u
           WHERE s.id = $1 AND s.refresh_token_hash = $2 AND s.revoked_at IS NULL
             AND u.id = s.user_id AND u.disabled_at IS NULL
           RETURNING s.user_id""",
        claims.session_id,
        _digest(refresh_token),
        _digest(refresh),
        RACE,
    )
    if rotated is None:
        refresh = await _find_current(claims, refresh_token, tokens)
    await db.execute("UPDATE users SET last_active_at = now() WHERE id = $1", claims.user_id)
    return TokenPair(claims.user_id, tokens.make_access(claims.user_id, claims.session_id), refresh)


async def _find_current(claims: Claims, refresh_token: str, tokens: Tokens) -> str:
    """The refresh token that is good now, for one that other requests have just exchanged."""
    session = await db.fetch_row(
        """SELECT s.refresh_token_hash, (s.retired->>encode($2, 'hex'))::float > extract(epoch FROM now() - $3::interval) AS is_racing
           FROM auth_sessions s JOIN users u ON u.id = s.user_id
           WHERE s.id = $1 AND s.revoked_at IS NULL AND u.disabled_at IS NULL""",
        claims.session_id,
        _digest(refresh_token),
        RACE,
    )
    if session is None:
        raise NotAuthenticated("The session has ended; log in again.", code="session_revoked")
    if not session["is_racing"]:
        logger.warning("refresh token used twice: the session ends", extra={"user_id": str(claims.user_id)})
        await revoke(claims.user_id, claims.session_id)
    else:
        for _ in range(MOST_RETIRED):  # each follows from the one before
            refresh_token = tokens.make_next_refresh(refresh_token)
            if _digest(refresh_token) == session["refresh_token_hash"]:
                return refresh_token
    # Racing with a node whose secret, or version, is another: nothing is wrong, but there is nothing to give either.
    raise NotAuthenticated("This refresh token has already been used; log in again.", code="refresh_token_reused")


async def revoke(user_id: UUID, session_id: UUID | None = None) -> None:
    """End one session, or all of the user: tokens are refused from the commit on, live sockets are closed by the event."""
    async with db.transaction():
        await db.execute(
            "UPDATE auth_sessions SET revoked_at = now() WHERE user_id = $1 AND id = COALESCE($2, id) AND revoked_at IS NULL",
            user_id,
            session_id,
        )
        await outbox.append(EventKind.SESSION_REVOKED, user_id, session_id or user_id, recipient_id=user_id)


async def forget_ended() -> None:
    """Delete sessions whose last token has expired."""
    await db.execute("DELETE FROM auth_sessions WHERE expires_at < now()")


async def authenticate(token: str, tokens: Tokens) -> Viewer:
    """The viewer of an access token. Truth is the session's row: no cache, so that a log-out holds at once on every node.

    Raises:
        NotAuthenticated: a bad or expired token, an ended session, a disabled account.
    """
    claims = tokens.read_access(token)
    lives = await db.fetch_value(
        """SELECT true FROM auth_sessions s JOIN users u ON u.id = s.user_id
           WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > now() AND u.disabled_at IS NULL""",
        claims.session_id,
        claims.user_id,
    )
    if not lives:
        raise NotAuthenticated("The session has ended; log in again.", code="session_revoked")
    return Viewer(claims.user_id, claims.session_id, claims.expires_at)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
