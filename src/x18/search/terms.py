"""What may be looked for at once: a search costs more with each word, and most with phrases and exclusions."""

import re
from typing import Final

from x18.core.errors import BadInput
from x18.core.folding import fold
from x18.core.words import ASKED, QUOTES, TOKEN

MAX_WORDS: Final = 8
MAX_ADDRESS_WORDS: Final = 32
"""Of an address that is all that is looked for: nobody counts its words, and few posts have them all."""

MAX_PHRASES: Final = 2
MAX_EXCLUSIONS: Final = 2

ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s\"]+")


def check_terms(text: str) -> str:
    """The text, if a search for it is not too dear. What stands in quotes counts as its words too; ``or`` does not count.

    Raises:
        BadInput: too many words, phrases or exclusions.
    """
    words = phrases = exclusions = 0
    for asked in ASKED.finditer(fold(text).translate(QUOTES)):
        if asked["word"] == "or" and not asked["not"]:
            continue
        found = len(TOKEN.findall(asked["phrase"] or asked["word"] or ""))
        words += found
        phrases += bool(found and asked["phrase"])
        exclusions += bool(found and asked["not"])
    most = MAX_ADDRESS_WORDS if ADDRESS.fullmatch(text) else MAX_WORDS
    if words > most:
        raise BadInput.of("q", f"has {words} words: look for at most {most}")
    if phrases > MAX_PHRASES:
        raise BadInput.of("q", f"has {phrases} phrases in quotes: look for at most {MAX_PHRASES}")
    if exclusions > MAX_EXCLUSIONS:
        raise BadInput.of("q", f"excludes {exclusions} times with a minus: at most {MAX_EXCLUSIONS}")
    return text
