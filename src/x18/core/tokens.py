"""Access and refresh tokens: JWTs of one algorithm, with a key, an audience and a type of their own (RFC 8725)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
import msgspec

from x18.core.errors import NotAuthenticated
from x18.core.ids import new_id

ALGORITHM: Final = "HS256"
ISSUER: Final = "x18"
REQUIRED: Final = ["exp", "iat", "sub", "jti", "sid", "iss", "aud"]


class Claims(msgspec.Struct, frozen=True):
    """What a good token says."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


class Tokens:
    """Makes and reads the two kinds of token. Whether their session still lives is asked elsewhere, of the database."""

    def __init__(
        self, access_secret: str, refresh_secret: str, *, access_ttl: timedelta, refresh_ttl: timedelta
    ) -> None:
        self._secrets = {"access": access_secret, "refresh": refresh_secret}
        self.access_ttl = access_ttl
        self.refresh_ttl = refresh_ttl

    def make_access(self, user_id: UUID, session_id: UUID) -> str:
        """A new access token."""
        return self._make("access", user_id, session_id, datetime.now(UTC) + self.access_ttl)

    def make_refresh(self, user_id: UUID, session_id: UUID, expires_at: datetime) -> str:
        """A new refresh token; it ends with the session."""
        return self._make("refresh", user_id, session_id, expires_at)

    def read_access(self, token: str) -> Claims:
        """The claims of an access token.

        Raises:
            NotAuthenticated: ``token_expired`` or ``invalid_token``.
        """
        return self._read("access", token)

    def read_refresh(self, token: str) -> Claims:
        """The claims of a refresh token.

        Raises:
            NotAuthenticated: ``token_expired`` or ``invalid_token``.
        """
        return self._read("refresh", token)

    def _make(self, use: str, user_id: UUID, session_id: UUID, expires_at: datetime) -> str:
        claims = {
            "iss": ISSUER,
            "aud": f"{ISSUER}:{use}",
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(new_id()),
            "iat": datetime.now(UTC),
            "exp": expires_at,
        }
        return jwt.encode(claims, self._secrets[use], ALGORITHM, headers={"typ": f"{use}+jwt"})

    def _read(self, use: str, token: str) -> Claims:
        try:
            self._check_header(use, token)
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secrets[use],
                algorithms=[ALGORITHM],
                audience=f"{ISSUER}:{use}",
                issuer=ISSUER,
                options={"require": REQUIRED},
            )
            return Claims(UUID(claims["sub"]), UUID(claims["sid"]), datetime.fromtimestamp(claims["exp"], UTC))
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The token has expired; refresh it.", code="token_expired") from error
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise NotAuthenticated("The token is not valid; log in again.", code="invalid_token") from error

    @staticmethod
    def _check_header(use: str, token: str) -> None:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != f"{use}+jwt" or header.keys() & {"kid", "jku", "jwk", "x5u", "x5c"}:
            raise jwt.InvalidTokenError("unexpected header")
