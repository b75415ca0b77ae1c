"""What full text is made of: PostgreSQL finds words by the space between them, which Chinese and Japanese do not write.

There each character is indexed as a word, and a run of them is looked for as a phrase: ``比特币`` finds ``比特币上涨了``.
"""

import re
from typing import Final

UNSPACED: Final = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003fffd"
)
"""Kana and ideographs."""

CHARACTER: Final = re.compile(f"[{UNSPACED}]")
RUN: Final = re.compile(f"[{UNSPACED}]+")


def words_of(text: str) -> str:
    """The text as it is indexed: case-folded, characters that are words set apart."""
    return CHARACTER.sub(r" \g<0> ", text.casefold())


def query_of(text: str) -> str:
    """The same for a query of ``websearch_to_tsquery``: a run of such characters is a phrase, in quotes unless it stands in some."""
    parts = text.casefold().split('"')
    return '"'.join(words_of(part) if place % 2 else RUN.sub(_as_phrase, part) for place, part in enumerate(parts))


def _as_phrase(run: re.Match[str]) -> str:
    return f'"{" ".join(run[0])}" '
