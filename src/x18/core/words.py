"""Words for full text: how they are indexed, and what a query asks of the index. PostgreSQL keeps and finds them, and splits nothing.

Words are runs of letters and digits of the folded text; any sign ends one, so ``BTC/USD``, ``AAPL.US`` and addresses are found by their
parts. What signs join in a query is a phrase: ``BTC/USD`` asks for both parts side by side. A number keeps its point (``1.5``, ``70,000``);
dates, versions and lists are words like others (``30.09.2024``, ``14,21,50``).

Where no space ends a word (``scripts.UNSPACED``), and in Korean, where particles follow it at once, a run of characters is indexed by its
pairs, each at the place of its first one, and by its last one alone. A run in a query is a phrase of pairs, a single character the beginning
of a pair: ``比特币`` finds ``比特币上涨了``, ``ราคา`` finds ``ราคาทองคำ``, ``비트코인`` finds ``비트코인이``.
"""

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Final, NamedTuple

import regex

from x18.core.folding import fold, shorten
from x18.core.scripts import UNSPACED

LONGEST: Final = 100
"""Of a longer word the beginning counts, in the index as in a query. PostgreSQL has no room for 2 KiB."""

MOST: Final = 5_000
"""So many words of a text count: one for each character of a post where no spaces are written."""

MOST_CHARACTERS: Final = 6_000
"""So much of a folded text is read: all of a post, unless its characters become several each, as ``ﷺ`` does."""

CHARACTER: Final = regex.compile(rf"[[{UNSPACED}]--\p{{M}}]\p{{M}}*+", regex.V1)
TOKEN: Final = regex.compile(
    r"(?P<number>(?<!\p{Nd}[.,])(?:\p{Nd}++\.\p{Nd}++|\p{Nd}{1,3}+,\p{Nd}{3})(?![\p{L}\p{M}\p{N}]|[.,]\p{Nd}))"
    rf"|(?P<run>(?:[[{UNSPACED}]--\p{{M}}]\p{{M}}*+)++)"
    rf"|(?P<word>[[\p{{L}}\p{{M}}\p{{N}}]--[{UNSPACED}--\p{{M}}]]++)",
    regex.V1,
)
QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»", '"') | {"\u2212": "-"})
ASKED: Final = regex.compile(r'(?P<not>(?<![^\s"])-++)?+(?:"(?P<phrase>[^"]*+)"?+|(?P<word>[^\s"]++))')


class _Lexeme(NamedTuple):
    """A lexeme and where it stands. Of a query it may be the beginning of one."""

    text: str
    place: int
    is_beginning: bool = False


def words_of(text: str) -> str:
    """The words of a text in the written form of a ``tsvector``."""
    folded = fold(shorten(text))[:MOST_CHARACTERS]
    lexemes = islice(_read(folded, for_query=False), MOST)
    return " ".join([f"'{word}':{place}" for word, place, _ in lexemes])


def query_of(text: str) -> str:
    """A query as the text of a ``tsquery``: all words, ``"phrases"``, ``-not``, and ``or`` between alternatives."""
    alternatives: list[list[str]] = [[]]
    for asked in ASKED.finditer(fold(text).translate(QUOTES)):
        if asked["word"] == "or" and not asked["not"]:
            alternatives.append([])
        elif phrase := _phrase(asked["phrase"] or asked["word"] or ""):
            alternatives[-1].append(f"!({phrase})" if asked["not"] else f"({phrase})")
    return " | ".join(f"({' & '.join(parts)})" for parts in alternatives if parts)


def all_words_of(text: str) -> str:
    """A ``tsquery`` of all words of a text, whatever signs it has."""
    phrases = (_phrase(part) for part in fold(text).split())
    return " & ".join(f"({phrase})" for phrase in phrases if phrase)


def _phrase(text: str) -> str:
    """The lexemes of a folded text at their distances; empty where there are none."""
    phrase, before = "", 0
    for lexeme in _read(text, for_query=True):
        if phrase:
            phrase += f" <{lexeme.place - before}> "
        phrase += f"'{lexeme.text}'{':*' if lexeme.is_beginning else ''}"
        before = lexeme.place
    return phrase


def _read(folded: str, *, for_query: bool) -> Iterator[_Lexeme]:
    place = 1
    for token in TOKEN.finditer(folded):
        if token.lastgroup != "run":
            yield _Lexeme(token[0][:LONGEST], place)
            place += 1
            continue
        characters = CHARACTER.findall(token[0])
        for number, pair in enumerate(pairwise(characters)):
            yield _Lexeme("".join(pair)[:LONGEST], place + number)
        place += len(characters)
        if not for_query or len(characters) == 1:
            yield _Lexeme(characters[-1][:LONGEST], place - 1, is_beginning=for_query)
