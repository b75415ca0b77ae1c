"""The one form in which texts are compared: words of posts and of queries, hashtags, symbols, tags, names.

What people type for one another is one: case (also ``İ I ı i``, ``ς σ``, ``ß ss``), full-width and other compatibility forms, accents of
Latin, Greek, Cyrillic, Hebrew and Arabic letters (``São`` sao, ``растёт`` растет, ``Ångström`` angstrom), letters with a stroke (``ł`` l,
``ø`` o), forms of an Arabic letter (``ٱ أ ا``, ``ة ه``, ``ي ی``), digits (``٢`` 2), apostrophes, hyphens, wave dashes, and characters that
are not seen. What changes the letter stays: ``й`` is not ``и``, ``が`` is not ``か``, and the vowels of Indic and South-East Asian scripts
are marks that nobody leaves out.
"""

import unicodedata
from typing import Final

import regex

KEPT: Final = {"и\u0306": "й", "у\u0306": "ў", "і\u0308": "ї", "г\u0301": "ѓ", "к\u0301": "ќ"}
"""Cyrillic letters of their own, which Unicode takes for a letter with an accent."""

ALIKE: Final = str.maketrans(
    {
        "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "þ": "th", "æ": "ae", "œ": "oe",
        "ي": "ی", "ى": "ی", "ك": "ک", "ٱ": "ا", "ة": "ه", "ـ": "", "٫": ".", "٬": ",", "\u309b": "\u3099", "\u309c": "\u309a",
        "’": "'", "‘": "'", "ʼ": "'", "ʻ": "'", "ʾ": "'", "ʿ": "'", "〜": "~",
        "\u2010": "-", "\u2011": "-", "\u2212": "-",
    }
)  # fmt: skip
"""Characters that Unicode does not decompose: letters; signs within Arabic numbers; voiced sound marks, which would become a
space and a mark; apostrophes, of which some are letters (Ukrainian); hyphens and the minus sign, as web
pages write them; the wave dash, which some keyboards write as a wide tilde.
"""

KEPT_PAIR: Final = regex.compile("|".join(KEPT))
ACCENTS: Final = regex.compile(r"(?<=[\p{Latin}\p{Greek}\p{Cyrillic}\p{Hebrew}\p{Arabic}])\p{Mn}+")
SARA_AM: Final = {"\u0e4d\u0e32": "\u0e33", "\u0ecd\u0eb2": "\u0eb3"}
"""Vowels of Thai and Lao that compatibility takes apart, into what reads alike only where no tone stands between."""

UNSEEN: Final = regex.compile(r"\p{DI}")
OTHER_DIGITS: Final = regex.compile(r"[\p{Nd}--[0-9]]", regex.V1)


MOST_PARTS: Final = 20_000
"""A text of 5,000 characters has so many in all if Unicode takes each apart into four, more than in any language (Korean: three)."""


def shorten(text: str) -> str:
    """The text, or its beginning where its characters are many each, as ``ﷺ`` is eighteen: folding it would take long."""
    while (parts := len(unicodedata.normalize("NFKD", text))) > MOST_PARTS:
        text = text[: len(text) * MOST_PARTS // parts]
    return text


def fold(text: str) -> str:
    """The text in the form in which it is compared, white space as single spaces. Folding twice is folding once."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKD", text.translate(ALIKE)).casefold()
    text = unicodedata.normalize("NFKD", UNSEEN.sub("", text)).translate(ALIKE)
    text = OTHER_DIGITS.sub(lambda digit: str(unicodedata.decimal(digit[0], digit[0])), text)
    text = ACCENTS.sub("", KEPT_PAIR.sub(lambda pair: KEPT[pair[0]], text))
    for apart, whole in SARA_AM.items():
        text = text.replace(apart, whole)
    return " ".join(unicodedata.normalize("NFC", text).split())
