"""What the auth endpoints take and give."""

import msgspec
from msgspec import UNSET, UnsetType

from x18.users.schemas import MeUser


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """``display_name`` defaults to the username. The password has 8 to 72 bytes in UTF-8."""

    username: str
    email: str
    password: str
    display_name: str | UnsetType = UNSET


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The password and either name of the account."""

    password: str
    email: str | UnsetType = UNSET
    username: str | UnsetType = UNSET


class RefreshRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The refresh token, unless it is sent as the Bearer token."""

    refresh_token: str | UnsetType = UNSET


class LogoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``all`` ends every session of the user."""

    all: bool = False


class TokensView(msgspec.Struct, kw_only=True):
    """A pair of tokens and whose they are. ``expires_in`` is the access token's life in seconds."""

    user: MeUser
    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int


class TicketView(msgspec.Struct, frozen=True):
    """A ticket, and how many seconds it is good for."""

    ticket: str
    expires_in_s: int
