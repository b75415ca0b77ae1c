"""The published texts of twitter-text (``data/twitter_text.json``), read by ours. Where we differ on purpose stands here."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from x18.posts.text import fold_hashtag, read_entities

FACTS = json.loads(Path(__file__).with_name("data").joinpath("twitter_text.json").read_text())

DIFFERENT = {
    # Tibetan tsheg ends a syllable; with and without it is the same word, so it is left off at the end.
    "#བོད་སྐད་ #བོད་སྐད": ["བོད་སྐད"],
    # Symbols of exchanges hold digits: $US30, $SPX500, $1INCH.
    "$123 $test123 $TE123ST": ["TEST123", "TE123ST"],
    # Traders write $BTC/$ETH, ($BTC) and 买入$BTC: any sign and any letter after which no space is written may stand before.
    "$OK$NG$BAD text$NO .$NG $$NG": ["OK", "NG"],
}
"""Also: we take names of 3 to 50 characters (theirs have up to 15), and fold hashtags (theirs are given as written)."""

OTHER_ADDRESSES = {
    # A bare domain counts as an address where a path follows and its last label is in ASCII: we keep no list of top-level domains,
    # and all that an address changes is that signs in it do not count.
    "example.comてすとですtwitter.みんなです",
}

FORMS: dict[str, Callable[[str], str]] = {"hashtags": fold_hashtag, "cashtags": str.upper, "mentions": str.lower}


@pytest.mark.parametrize(
    ("kind", "text", "expected"), [(kind, text, expected) for kind in FORMS for text, expected in FACTS[kind]]
)
def test_a_text_holds_what_twitter_text_finds(kind: str, text: str, expected: list[str]) -> None:
    ours = DIFFERENT.get(text, list(dict.fromkeys(map(FORMS[kind], expected))))

    assert getattr(read_entities(text), kind) == ours


@pytest.mark.parametrize(
    ("text", "addresses"), [fact for fact in FACTS["urls"] if fact[1] and fact[0] not in OTHER_ADDRESSES]
)
def test_signs_in_an_address_of_twitter_text_do_not_count(text: str, addresses: list[str]) -> None:
    def with_signs(address: re.Match[str]) -> str:
        has_path = "/" in address[0].partition("://")[2] or ("://" not in address[0] and "/" in address[0])
        return f"{address[0]}{'' if has_path else '/'}#Topic&x=@someone&y=$TSLA"

    longest_first = sorted(set(addresses), key=len, reverse=True)
    changed = re.sub("|".join(map(re.escape, longest_first)), with_signs, text)

    assert changed != text
    assert read_entities(changed) == read_entities(text)


@pytest.mark.parametrize("text", sorted(DIFFERENT.keys() | OTHER_ADDRESSES))
def test_each_difference_is_with_a_published_text(text: str) -> None:
    assert text in {fact[0] for kind in ("hashtags", "cashtags", "mentions", "urls") for fact in FACTS[kind]}
