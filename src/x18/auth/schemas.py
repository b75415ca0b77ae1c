"""Requests and answers of the auth endpoints."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from x18.core.passwords import MAX_BYTES
from x18.core.text import described
from x18.users.schemas import MAX_LENGTH, ONE_LINE, Email, MeUser, Username

MIN_PASSWORD_BYTES: Final = 8

NewPassword = Annotated[
    str,
    Meta(
        description=f"{MIN_PASSWORD_BYTES} to {MAX_BYTES} bytes in UTF-8, normalised by RFC 8265, without control characters; "
        "not a common password, and not based on the username or the e-mail address.",
        extra_json_schema={"format": "password", "minLength": MIN_PASSWORD_BYTES // 4, "maxLength": MAX_BYTES},
    ),
]
RefreshToken = Annotated[str, Meta(description="Can be used once.")]


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A new account."""

    username: Username
    email: Email
    password: NewPassword
    display_name: Annotated[
        str | UnsetType, described(f"Without one, the username. {ONE_LINE}", most=MAX_LENGTH["display_name"])
    ] = UNSET


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The password and either name of the account."""

    password: Annotated[str, Meta(extra_json_schema={"format": "password"})]
    email: Annotated[
        str | UnsetType,
        Meta(
            description="Send this or `username`; if both are sent, this one is used. A value without `@` is a username."
        ),
    ] = UNSET
    username: str | UnsetType = UNSET


class RefreshRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The refresh token, unless it is sent as the Bearer token."""

    refresh_token: RefreshToken | UnsetType = UNSET


class LogoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions that a log-out ends."""

    all: Annotated[bool, Meta(description="End all sessions of the user, not only this one.")] = False


class TokensView(msgspec.Struct, kw_only=True):
    """A pair of tokens and whose they are."""

    user: MeUser
    access_token: Annotated[
        str, Meta(description="A JWT, for `Authorization: Bearer` and for `auth` of the live channel.")
    ]
    refresh_token: RefreshToken
    token_type: str = "Bearer"  # noqa: S105
    expires_in: Annotated[int, Meta(gt=0, description="Lifetime of the access token in seconds.")]


class TicketView(msgspec.Struct, frozen=True):
    """A ticket for the live channel."""

    ticket: Annotated[str, Meta(description="For `?ticket=`; can be used once.")]
    expires_in_s: Annotated[int, Meta(gt=0)]
