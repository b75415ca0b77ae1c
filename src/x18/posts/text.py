"""What the text of a post says to machines: hashtags, cashtags, mentions. Linear in the length of the text."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from x18.realtime.terms import term

MOST: Final = 50
"""Of each kind the first 50 in a post count."""

MAX_HASHTAG: Final = 100

CASHTAG: Final = re.compile(
    r"(?<![\w$])\$([A-Za-z][A-Za-z0-9]{0,14}(?:[-/_][A-Za-z0-9]{1,15}|\.[A-Za-z]{1,2})?)(?![A-Za-z0-9_])", re.ASCII
)
MENTION: Final = re.compile(r"(?<![\w@/])@([A-Za-z0-9_]{3,50})(?![A-Za-z0-9_@])")
HASHES: Final = "#\uff03"
HASH: Final = re.compile(rf"(?<![\w&/#])[{HASHES}]")
JOINERS: Final = "\u200c\u200d"
"""Zero-width joiners are part of words in Persian and in many Indic scripts."""

BESIDES: Final = "_" + JOINERS


def hashtags(text: str) -> list[str]:
    """The hashtags without ``#``, case-folded, each once. Letters, digits, ``_`` and marks of any script, and not digits only."""
    found: dict[str, None] = {}
    seen = {""}
    for match in HASH.finditer(text):
        tag = _word_at(text, match.end())
        if tag in seen:
            continue
        seen.add(tag)
        if any(unicodedata.category(character)[0] == "L" for character in tag):
            found[fold(tag)] = None
        if len(found) == MOST:
            break
    return list(found)


def cashtags(text: str) -> list[str]:
    """The symbols written as ``$BTC-USD``, upper-case, each once. An amount such as ``$100`` is none."""
    return _first(match.upper() for match in CASHTAG.findall(text))


def mentions(text: str) -> list[str]:
    """The names written as ``@name``, lower-case, each once. Whether such users exist is not known here."""
    return _first(match.lower() for match in MENTION.findall(text))


def fold(tag: str) -> str:
    """A hashtag in the form in which hashtags are compared."""
    return term("hashtag", tag)[2:]


def _word_at(text: str, start: int) -> str:
    """The characters of a word from ``start``; nothing where it is longer than a hashtag may be."""
    end = start
    for character in text[start : start + MAX_HASHTAG + 1]:
        if not (character.isalnum() or character in BESIDES or unicodedata.category(character)[0] == "M"):
            break
        end += 1
    return text[start:end].strip(JOINERS) if end - start <= MAX_HASHTAG else ""


def _first(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))[:MOST]
