"""Limits of a query: a search costs more with each word, and most with phrases and exclusions."""

from typing import Final

from x18.core.errors import BadInput
from x18.core.folding import fold
from x18.core.words import ASKED, QUOTES, TOKEN

MAX_WORDS: Final = 8
MAX_PARTS: Final = 32
"""Signs join the parts of a word: a name such as ``long_term_investor`` or a pasted address is one word of several parts."""

MAX_PHRASES: Final = 2
MAX_EXCLUSIONS: Final = 2


def check_terms(text: str) -> str:
    """The text, if a search for it is not too dear. What stands in quotes counts as its words too; ``or`` does not count.

    Raises:
        BadInput: too many words, phrases or exclusions.
    """
    words = parts = phrases = exclusions = 0
    for asked in ASKED.finditer(fold(text).translate(QUOTES)):
        if asked["word"] == "or" and not asked["not"]:
            continue
        found = [
            count for word in (asked["phrase"] or asked["word"] or "").split() if (count := len(TOKEN.findall(word)))
        ]
        words += len(found)
        parts += sum(found)
        phrases += bool(found and asked["phrase"])
        exclusions += bool(found and asked["not"])
    if words > MAX_WORDS:
        raise BadInput.of("q", f"has {words} words: search for at most {MAX_WORDS}")
    if parts > MAX_PARTS:
        raise BadInput.of("q", f"has words of {parts} parts in all: search for at most {MAX_PARTS}")
    if phrases > MAX_PHRASES:
        raise BadInput.of("q", f"has {phrases} phrases in quotes: search for at most {MAX_PHRASES}")
    if exclusions > MAX_EXCLUSIONS:
        raise BadInput.of("q", f"excludes {exclusions} times with a minus: use at most {MAX_EXCLUSIONS}")
    return text
