"""Rules for new passwords (NIST SP 800-63B-4 §3.1.1, OWASP ASVS 6.2): long enough, not among the commonest, and no rule beyond."""

from functools import cache
from importlib.resources import files
from typing import Final

import regex

from x18.auth.schemas import MIN_PASSWORD_BYTES
from x18.core.errors import BadInput
from x18.core.passwords import MAX_BYTES, normal_form

CONTROLS: Final = regex.compile(r"\p{Cc}")
LIST: Final = "common_passwords.txt"


def check_password(value: str, *names: str) -> None:
    """Refuse a password that is too short in its normal form, that bcrypt would cut, or that whoever guesses tries first.

    ``names`` are those of its owner; a password may hold one, as long as it would do without it.

    Raises:
        BadInput: says which of these.
    """
    value = normal_form(value)
    if CONTROLS.search(value):
        raise BadInput.of("password", "must not contain control characters")
    if not MIN_PASSWORD_BYTES <= len(value.encode()) <= MAX_BYTES:
        raise BadInput.of("password", f"must have {MIN_PASSWORD_BYTES} to {MAX_BYTES} bytes")
    folded = value.lower()
    if folded in _common():
        raise BadInput.of("password", "is too common: choose another")
    for name in names:
        if name.lower() in folded and len(folded.replace(name.lower(), "").encode()) < MIN_PASSWORD_BYTES:
            raise BadInput.of("password", "must not be based on the username or the e-mail address")


@cache
def _common() -> frozenset[str]:
    return frozenset(files("x18.auth").joinpath(LIST).read_text("utf-8").splitlines())
