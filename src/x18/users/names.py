"""Usernames and e-mail addresses: their form, and what it means when one is taken."""

import re
from typing import Final

from x18.core.errors import BadInput, Conflict

USERNAME: Final = re.compile(r"[A-Za-z0-9_]{3,50}")
TAKEN: Final = {
    "users_username": ("This username is taken; choose another.", "username_taken"),
    "users_email": ("This e-mail address has an account; log in.", "email_taken"),
}
"""What a violated unique index of ``users`` means: detail and code."""


def clean_username(value: str) -> str:
    """The username if it is one.

    Raises:
        BadInput: it is not.
    """
    if not USERNAME.fullmatch(value):
        raise BadInput.of("username", "must have 3 to 50 characters of A-Z, a-z, 0-9 and _")
    return value


def taken(index: str | None) -> Conflict:
    """The conflict that a violated unique index of ``users`` means."""
    detail, code = TAKEN[index or ""]
    return Conflict(detail, code=code)
