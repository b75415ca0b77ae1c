"""The tokenizer of posts: finds hashtags, symbols and mentions, in time linear in the length of the text.

One reading from left to right: an address is taken first and nothing in it counts, then each sign with what follows it. The rules are those
of twitter-text wherever traders do not write otherwise; ``tests/posts/test_twitter_text.py`` lists the differences.
"""

from typing import Final, NamedTuple

import regex

from x18.core.scripts import KEYCAP, SELECTORS, UNSPACED
from x18.posts.symbols import PLACES, symbol_pattern
from x18.realtime.terms import term

MOST: Final = 50
"""Of each kind the first 50 in a post count."""

MAX_HASHTAG: Final = 100

WIDE: Final = str.maketrans(
    {wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
    | {"＿": "_", "＠": "@", "﹫": "@", "＃": "#", "﹟": "#", "＄": "$", "﹩": "$"}
)
"""Full-width letters, digits and signs, and small ones, one for one."""

WORD: Final = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{SELECTORS}\u20E3]]"
SPACED: Final = rf"[[\p{{L}}\p{{M}}\p{{Nd}}\p{{Nl}}_]--[{SELECTORS}{UNSPACED}\u20E3]]"
"""Letters and digits that join what stands beside them to a word: ``é@bob`` is one; ``こんにちは@bob``, ``①@bob`` and ``1️⃣@bob`` are not."""

INSIDE: Final = r"[\u200C\u200D\u00B7\u30FB\uFF65\u05BE\uFF5E\u301C\u30A0\u0F0B\u0F0C]"
"""Inside of a hashtag, not at its ends: joiners (Persian, Indic scripts), middle dots, maqaf, wave dashes, Tibetan tsheg."""

AFTER: Final = r"[\u05F3\u05F4\u3003]"
"""Inside or at the end: geresh, gershayim, ditto mark."""

LETTER: Final = regex.compile(r"\p{L}")

ATOM: Final = rf"[[A-Za-z0-9\-._~:/?#@!$&'*+,;=%\p{{L}}\p{{M}}\p{{N}}\p{{Pd}}]--[{UNSPACED}{SELECTORS}]]"
PARTS: Final = rf"(?:{ATOM}|\|++(?=[A-Za-z0-9])|\((?:{ATOM}|\({ATOM}*+\))*+\)|\[{ATOM}*+\])*+"
"""Of an address after its host: no further than a bracket that was not opened in it, or a letter after which no space is written."""

MARK: Final = r"[\u200E\u200F\u061C]?+"
"""After a sign: of direction, which some keyboards write on both sides of it."""

LABEL: Final = r"[\p{L}\p{M}\p{N}_\-]"
DOMAIN: Final = (
    rf"(?:(?<!{LABEL}|[.@$#]){LABEL}++|(?<!{SPACED}|[.@$#\-]){SPACED}[[{SPACED}\-]--[{UNSPACED}]]*+)"
    rf"\.(?:{LABEL}{{1,63}}+\.){{0,8}}+(?:[A-Za-z][A-Za-z0-9\-]++|[\p{{L}}--[{UNSPACED}]]{{2,63}}+)(?::\d{{1,5}}+)?+(?=[/?])"
)
HOST: Final = rf"(?:[A-Za-z0-9.\-_~%]++(?<=\.[A-Za-z]{{2,24}})(?=[{UNSPACED}])|[\p{{L}}\p{{M}}\p{{N}}.\-_~%]*+)"
"""With letters of any script, but ``https://x.example`` ends before what follows it without a space."""

ADDRESS: Final = rf"(?<!{SPACED})[A-Za-z][A-Za-z0-9+.\-]{{1,30}}+://{HOST}{PARTS}|{DOMAIN}{PARTS}"
MENTION: Final = (
    rf"(?:(?<!{SPACED}|[!#$%&*@/])|(?<=(?<!{SPACED})(?i:rt|w/|c/))|(?<=@[A-Za-z0-9_]{{3,50}}/))"
    rf"@{MARK}(?P<mention>[A-Za-z0-9_]{{3,50}}+)(?!@|://|{SPACED}|{KEYCAP})"
)
HASHTAG: Final = (
    rf"(?<![{WORD}--\p{{No}}]|[&#])#{MARK}(?P<hashtag>{WORD}++(?:{INSIDE}{{1,2}}+{WORD}++|{AFTER}++{WORD}*+)*+)(?!://)"
)
CASHTAG: Final = rf"(?<!{SPACED}|\$)\${MARK}(?:(?:{PLACES}):)?(?P<cashtag>{symbol_pattern(UNSPACED)})"

ENTITY: Final = regex.compile(rf"{MENTION}|{HASHTAG}|{CASHTAG}|{ADDRESS}", regex.V1)


class Entities(NamedTuple):
    """Each once, in the order of the text: hashtags without ``#`` as they are compared, symbols upper-case, names lower-case.

    Whether users of these names exist is not known here.
    """

    hashtags: list[str]
    cashtags: list[str]
    mentions: list[str]


def read_entities(text: str) -> Entities:
    """The first 50 hashtags, symbols and names in a text."""
    found: dict[str, dict[str, None]] = {"hashtag": {}, "cashtag": {}, "mention": {}}
    seen = {""}
    for match in ENTITY.finditer(text.translate(WIDE)):
        kind, written = match.lastgroup, match[0]
        if kind is None or written in seen:
            continue
        seen.add(written)
        name = _name_of(kind, match[kind])
        if name and len(found[kind]) < MOST:
            found[kind][name] = None
    return Entities(*(list(names) for names in found.values()))


def fold_hashtag(tag: str) -> str:
    """A hashtag in the form in which hashtags are compared."""
    return term("hashtag", tag)[2:]


def _name_of(kind: str, written: str) -> str:
    """The hashtag in a match; nothing where it is none after all: too long, or without a letter."""
    if kind == "mention":
        return written.lower()
    if kind == "cashtag":
        return written.upper()
    if len(written) > MAX_HASHTAG or not LETTER.search(written):
        return ""
    folded = fold_hashtag(written)
    return folded if len(folded) <= MAX_HASHTAG else ""
