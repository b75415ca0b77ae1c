"""Text from outside: what PostgreSQL cannot hold is refused, the rest is brought into one form."""

import re
import unicodedata
from typing import Final

import msgspec
from email_validator import EmailNotValidError, validate_email

from x18.core.errors import BadInput

# NUL cannot be stored, an unpaired surrogate is not Unicode.
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def clean_text(field: str, value: str, *, least: int = 0, most: int) -> str:
    """The text without surrounding white space, which does not count, in Unicode's form NFC (OWASP ASVS 1.3.3).

    Raises:
        BadInput: fewer or more characters than allowed, or characters that cannot be stored.
    """
    if UNSTORABLE.search(value):
        raise BadInput.of(field, "must not contain NUL or unpaired surrogates")
    too_long = BadInput.of(field, f"must have at most {most} characters")
    text = value.strip()
    if len(text) > most:  # before normalising, which is not free
        raise too_long
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > most:
        raise too_long
    if len(text) < least:
        raise BadInput.of(field, f"must have at least {least} character{'s' if least > 1 else ''}")
    return text


def described(description: str, *, least: int = 0, most: int) -> msgspec.Meta:
    """What the documents say of a text that ``clean_text`` checks. The limit in words: ``maxLength`` would count white space around it."""
    description = f"{description} At most {most:,} characters; white space around it does not count."
    return msgspec.Meta(description=description, extra_json_schema={"minLength": least} if least else None)


def clean_email(value: str) -> str:
    """The address in its normal form. Nothing is asked of the network.

    Raises:
        BadInput: not an e-mail address.
    """
    text = clean_text("email", value, most=254)
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise BadInput.of("email", "must be an e-mail address") from error
