"""Access tokens, refresh tokens and tickets: JWTs of one algorithm, each with an audience and a type of its own (RFC 8725)."""

import hmac
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
import msgspec

from x18.core.clock import reckon_clock
from x18.core.errors import NotAuthenticated
from x18.core.ids import new_id

ALGORITHM: Final = "HS256"
ISSUER: Final = "x18"
REQUIRED: Final = ["exp", "iat", "sub", "jti", "sid", "iss", "aud"]

SKEW: Final = timedelta(seconds=30)
"""The lead that the clock of the node that made a token may have. Expiry has no leeway: live connections are closed by it."""

MOST_KEPT: Final = 5_000
"""So many access tokens are remembered. Only good ones are, so that nobody fills this with inventions."""


class Claims(msgspec.Struct, frozen=True):
    """The claims of a valid access token."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


class TicketClaims(msgspec.Struct, frozen=True):
    """The claims of a valid ticket. ``until`` is the expiry of the access token that asked for it."""

    user_id: UUID
    session_id: UUID
    ticket_id: UUID
    expires_at: datetime
    until: datetime


class Tokens:
    """Makes and reads the kinds of token. Whether their session still lives is asked elsewhere, of the database."""

    def __init__(
        self, access_secret: str, refresh_secret: str, *, access_ttl: timedelta, refresh_ttl: timedelta
    ) -> None:
        self._secrets = {"access": access_secret, "refresh": refresh_secret, "ticket": access_secret}
        self.access_ttl = access_ttl
        self.refresh_ttl = refresh_ttl
        self._good: OrderedDict[str, Claims] = OrderedDict()
        """Access tokens that were found to be ours, with what they say: checking one again takes longer than most reads of rows."""

    def make_access(self, user_id: UUID, session_id: UUID, *, until: datetime | None = None) -> str:
        """A new access token, of the usual life or ``until``."""
        return self._make("access", user_id, session_id, until or reckon_clock() + self.access_ttl)

    def make_refresh(self, user_id: UUID, session_id: UUID, expires_at: datetime) -> str:
        """A new refresh token; it ends with the session."""
        return self._make("refresh", user_id, session_id, expires_at)

    def make_next_refresh(self, token: str) -> str:
        """The refresh token that follows a good one. It is always the same, so that requests which race with one token get the same.

        Raises:
            NotAuthenticated: as ``read_refresh``.
        """
        claims = self._read("refresh", token)
        secret = self._secrets["refresh"]
        follower = UUID(bytes=hmac.digest(secret.encode(), f"after {claims['jti']}".encode(), "sha256")[:16])
        return self._sign("refresh", {**claims, "jti": str(follower)})

    def make_ticket(self, user_id: UUID, session_id: UUID, expires_at: datetime, *, until: datetime) -> str:
        """A new ticket."""
        return self._make("ticket", user_id, session_id, expires_at, until=until.timestamp())

    def read_access(self, token: str) -> Claims:
        """The claims of an access token.

        Raises:
            NotAuthenticated: ``token_expired`` or ``invalid_token``.
        """
        claims = self._good.get(token)
        if claims is None or claims.expires_at <= reckon_clock():
            self._good.pop(token, None)
            claims = self._good[token] = _claims(self._read("access", token))
            if len(self._good) > MOST_KEPT:
                self._good.popitem(last=False)
        return claims

    def read_refresh(self, token: str) -> Claims:
        """The claims of a refresh token.

        Raises:
            NotAuthenticated: ``token_expired`` or ``invalid_token``.
        """
        return _claims(self._read("refresh", token))

    def read_ticket(self, token: str) -> TicketClaims:
        """The claims of a ticket.

        Raises:
            NotAuthenticated: ``token_expired`` or ``invalid_token``.
        """
        claims = self._read("ticket", token)
        of, until = _claims(claims), datetime.fromtimestamp(claims["until"], UTC)
        return TicketClaims(of.user_id, of.session_id, UUID(claims["jti"]), of.expires_at, until)

    def _make(self, use: str, user_id: UUID, session_id: UUID, expires_at: datetime, **more: Any) -> str:
        claims = {
            **more,
            "iss": ISSUER,
            "aud": f"{ISSUER}:{use}",
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(new_id()),
            "iat": reckon_clock(),
            "exp": expires_at,
        }
        return self._sign(use, claims)

    def _sign(self, use: str, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._secrets[use], ALGORITHM, headers={"typ": f"{use}+jwt"})

    def _read(self, use: str, token: str) -> dict[str, Any]:
        try:
            self._check_header(use, token)
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secrets[use],
                algorithms=[ALGORITHM],
                audience=f"{ISSUER}:{use}",
                issuer=ISSUER,
                options={
                    "require": REQUIRED,
                    "verify_iat": False,
                    "verify_exp": False,
                },  # it knows this node's clock only
            )
            now = reckon_clock()
            if claims["iat"] > (now + SKEW).timestamp():
                raise jwt.ImmatureSignatureError("issued in the future")
            if _claims(claims).expires_at <= now:  # ours have ids where they belong, too
                raise jwt.ExpiredSignatureError
            return claims
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The token has expired; refresh it.", code="token_expired") from error
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise NotAuthenticated("The token is not valid; log in again.", code="invalid_token") from error

    @staticmethod
    def _check_header(use: str, token: str) -> None:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != f"{use}+jwt" or header.keys() & {"kid", "jku", "jwk", "x5u", "x5c"}:
            raise jwt.InvalidTokenError("unexpected header")


def _claims(claims: dict[str, Any]) -> Claims:
    return Claims(UUID(claims["sub"]), UUID(claims["sid"]), datetime.fromtimestamp(claims["exp"], UTC))
