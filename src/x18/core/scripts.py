"""Sets of characters that more than one reading of text needs, for character classes of ``regex`` (``[...]`` with V1 set operations)."""

from typing import Final

UNSPACED: Final = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Hangul}\p{Yi}\p{lb=SA}"
    r"\u3005-\u3007\u3031-\u3035\u303B\u303C\u30FC\uFF70\uFF9E\uFF9F"
)
"""Scripts without spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese and their kin, and Korean with its particles."""

SELECTORS: Final = r"\uFE00-\uFE0F\U000E0100-\U000E01EF"
"""Variation selectors. Marks by their category, but part of no word."""

KEYCAP: Final = r"\uFE0F?+\u20E3"
"""Behind a digit, which is an emoji then and no longer a digit of what is before it."""

UNSEEN: Final = r"\s\p{Cc}\p{Cn}\p{DI}\u2800\uFFF9-\uFFFB\U00013441\U00013442\U00016FE4\U0001D159"
"""Of these alone nothing is seen: white space, controls, what Unicode says to ignore, what is no character, and characters that are
drawn blank.
"""
