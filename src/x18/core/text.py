"""Text from outside: what PostgreSQL cannot hold is refused, as is what shows nothing; the rest is brought into one form."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec
import regex
from email_validator import EmailNotValidError, validate_email

from x18.core.bidi import close_directions
from x18.core.errors import BadInput
from x18.core.scripts import UNSEEN

# NUL cannot be stored, an unpaired surrogate is not Unicode.
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
SEEN: Final = regex.compile(rf"[^{UNSEEN}]|\p{{Extended_Pictographic}}")
"""Emoji may be newer than the tables here: places are kept for them."""

JOINING: Final = r"[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Nko}\p{Mandaic}\p{Adlam}\p{Manichaean}\p{Psalter_Pahlavi}]"
NATIONS: Final = ("gbeng", "gbsct", "gbwls")
FLAG: Final = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in nation) for nation in NATIONS)
NEEDED: Final = regex.compile(
    rf"(?<=\p{{ccc=9}})[\u200C\u200D]|(?<={JOINING})[\u200C\u200D](?={JOINING})"
    r"|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})"
    r"|(?<=[[\p{Emoji}\p{Extended_Pictographic}]--[0-9#*]])[\uFE0E\uFE0F]|(?<=[0-9#*])\uFE0F(?=\u20E3)"
    r"|(?<=\p{Han})[\uFE00-\uFE02\U000E0100-\U000E01EF]|(?<=\p{Myanmar})\uFE00|(?<=\p{Mongolian})[\u180B-\u180D\u180F]"
    rf"|(?<=\U0001F3F4)(?:{FLAG})\U000E007F",
    regex.V1,
)
"""Characters that are not seen but change what is: joiners where a script needs them (RFC 5892, A.1 and A.2) and within emoji,
variation selectors behind what has variants, the flags of England, Scotland and Wales.
"""

UNFIT: Final = regex.compile(
    r"\A\p{M}|[\p{Cc}\p{Zl}\p{Zp}\p{DI}\p{NChar}\uFFF9-\uFFFB]|[\p{Mn}\p{Me}]{5}|([\p{Mn}\p{Me}])\1"
)
"""The first is a mark that would stand on whatever is before the name. The last two are marks piled up over other people's lines (UTS 39,
5.4): no script has more than four on a letter, or one twice.
"""


split_url: Final[Callable[[str], SplitResult]] = getattr(urlsplit, "__wrapped__", urlsplit)
"""``urlsplit`` without its memory of the addresses that it was asked about."""


def clean_text(field: str, value: str, *, least: int = 0, most: int) -> str:
    """The text without surrounding white space, which does not count, in Unicode's form NFC (OWASP ASVS 1.3.3).

    Raises:
        BadInput: fewer or more characters than allowed, none that is seen, or such as cannot be stored.
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
    if text and not SEEN.search(text):
        raise BadInput.of(field, "must contain something visible")
    if len(text) < least:
        raise BadInput.of(field, f"must have at least {least} character{'s' if least > 1 else ''}")
    return text


def clean_name(field: str, value: str, *, least: int = 0, most: int) -> str:
    """The same for a name, which others see beside their own: one line, in which nothing is hidden and nothing turns the writing.

    Raises:
        BadInput: as ``clean_text``, or a line break, control, direction control, character without width, or a pile of marks.
    """
    text = clean_text(field, value, least=least, most=most)
    if UNFIT.search(NEEDED.sub("", text)):
        raise BadInput.of(
            field,
            "must be a single line without control characters, direction controls, invisible characters, "
            "or more than four marks on a letter",
        )
    return text


def clean_lines(field: str, value: str, *, least: int = 0, most: int) -> str:
    """The same for text of several lines, each of which closes what it opens of directions (``close_directions``).

    Raises:
        BadInput: as ``clean_text``; what is closed counts too.
    """
    return clean_text(field, close_directions(clean_text(field, value, least=least, most=most)), most=most)


def described(description: str, *, least: int = 0, most: int) -> msgspec.Meta:
    """The schema of a text that ``clean_text`` checks. The limit is given in words: ``maxLength`` would count white space around the text."""
    description = f"{description} At most {most:,} characters, not counting surrounding white space."
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
