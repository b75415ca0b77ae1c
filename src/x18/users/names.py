"""Usernames and e-mail addresses: their form, and what it means when one is taken."""

import re
from typing import Final

from x18.core.errors import BadInput, Conflict
from x18.core.folding import fold
from x18.core.words import words_of

USERNAME: Final = re.compile(r"[A-Za-z0-9_]{3,50}")
TAKEN: Final = {
    "users_username": ("This username is taken; choose another.", "username_taken"),
    "users_email": ("This e-mail address has an account; log in.", "email_taken"),
}
"""Detail and code of the error for each unique index of ``users``."""

RESERVED: Final = frozenset({
    "abuse", "account", "accounts", "admin", "administrator", "administrators", "admins", "all", "anonymous", "api",
    "billing", "bot", "channel", "contact", "everyone", "help", "helpdesk", "here", "hostmaster", "info", "legal",
    "login", "logout", "mod", "moderation", "moderator", "moderators", "mods", "news", "noreply", "notifications",
    "null", "official", "owner", "postmaster", "privacy", "register", "root", "security", "service", "settings",
    "staff", "status", "superuser", "support", "sysadmin", "system", "team", "terms", "undefined", "verified",
    "webmaster", "websocket", "www", "x18", "x18official", "x18support", "x18team",
})  # fmt: skip
"""Names that speak for the service, or to everybody. Never given, however they are written; whoever has one keeps it."""


def is_reserved(username: str) -> bool:
    """Whether nobody is given the name: ``Admin``, ``_admin_`` and ``ad_min`` are one."""
    return username.lower().replace("_", "") in RESERVED


def clean_username(value: str) -> str:
    """The username if it is one.

    Raises:
        BadInput: it is not.
    """
    if not USERNAME.fullmatch(value):
        raise BadInput.of("username", "must have 3 to 50 characters of A-Z, a-z, 0-9 and _")
    return value


def forms_of(display_name: str, bio: str) -> tuple[str, str]:
    """The name as it is searched by, folded, and the words of name and bio as a written ``tsvector``: ``users.folded_name``, ``words``."""
    return fold(display_name), words_of(f"{display_name}\n{bio}")


def taken(index: str | None) -> Conflict:
    """The conflict that a violated unique index of ``users`` means."""
    detail, code = TAKEN[index or ""]
    return Conflict(detail, code=code)
