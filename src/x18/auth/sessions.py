"""Sessions: made at log-in, rotated at every refresh, ended by log-out or by the reuse of an old refresh token."""

import hashlib
import logging
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from x18.core import db
from x18.core.errors import NotAuthenticated
from x18.core.ids import new_id
from x18.core.tokens import Claims, Tokens
from x18.core.viewer import Viewer
from x18.realtime import outbox
from x18.realtime.events import EventKind

logger = logging.getLogger("x18.auth")

RACE: Final = timedelta(seconds=10)
"""Two refreshes with one token within this time are one client in a hurry, not a thief."""


class Device(msgspec.Struct, frozen=True):
    """Where a session was opened, as its user sees it in a list."""

    user_agent: str
    ip: str


class Owner(msgspec.Struct, frozen=True):
    """Whose session it is, and the hash of the password that was just found right; None for an account just made."""

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
    expires_at = datetime.now(UTC) + tokens.refresh_ttl
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
    """New tokens for a refresh token that was not used before, or was within the last 10 s: then the same refresh token as the first
    request got, so that of several that race whichever a client keeps is good.

    Raises:
        NotAuthenticated: ``session_revoked``, or ``refresh_token_reused``, which ends the session.
    """
    claims = tokens.read_refresh(refresh_token)
    refresh = tokens.make_next_refresh(refresh_token)
    rotated = await db.fetch_value(
        """UPDATE auth_sessions s SET previous_token_hash = refresh_token_hash, refresh_token_hash = $3,
                  rotated_at = now(), last_used_at = now()
           FROM users u
           WHERE s.id = $1 AND s.refresh_token_hash = $2 AND s.revoked_at IS NULL
             AND u.id = s.user_id AND u.disabled_at IS NULL
           RETURNING s.user_id""",
        claims.session_id,
        _digest(refresh_token),
        _digest(refresh),
    )
    if rotated is None:
        await _check_race(claims, _digest(refresh_token), _digest(refresh))
    await db.execute("UPDATE users SET last_active_at = now() WHERE id = $1", claims.user_id)
    return TokenPair(claims.user_id, tokens.make_access(claims.user_id, claims.session_id), refresh)


async def _check_race(claims: Claims, digest: bytes, next_digest: bytes) -> None:
    """Nothing where another request has just made the same exchange."""
    session = await db.fetch_row(
        """SELECT s.previous_token_hash = $2 AND s.rotated_at > now() - $4::interval AS racing, s.refresh_token_hash = $3 AS same
           FROM auth_sessions s JOIN users u ON u.id = s.user_id
           WHERE s.id = $1 AND s.revoked_at IS NULL AND u.disabled_at IS NULL""",
        claims.session_id,
        digest,
        next_digest,
        RACE,
    )
    if session is None:
        raise NotAuthenticated("The session has ended; log in again.", code="session_revoked")
    if session["racing"] and session["same"]:
        return
    if not session["racing"]:
        logger.warning("refresh token used twice: the session ends", extra={"user_id": str(claims.user_id)})
        await revoke(claims.user_id, claims.session_id)
    # Racing with a node whose secret, or version, is another: nothing is wrong, but there is nothing to give either.
    raise NotAuthenticated("This refresh token was used before; log in again.", code="refresh_token_reused")


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
