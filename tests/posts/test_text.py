"""Hashtags, cashtags and mentions in any text: what a plain reading finds, in linear time."""

import unicodedata
from itertools import takewhile
from string import ascii_letters, digits

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.growth import is_linear
from x18.posts.text import JOINERS, MAX_HASHTAG, MOST, cashtags, fold, hashtags, mentions
from x18.realtime.terms import PREFIX, term

NAME = ascii_letters + digits + "_"
ALNUM = ascii_letters + digits

# Letters of many kinds among what has a meaning here: marks that join, letters that grow when they are folded.
pieces = st.sampled_from(
    [*"#＃@$_-/.&aZ9 éßİǰΐſıKﬁ한अ", "\u200c", "\u200d", "\u0301", "\u0345", "\u0338", "#a", "@abc", "$AB"]
)
texts = st.lists(pieces | st.characters(exclude_categories=["Cs"]), max_size=60).map("".join)


def is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def naive_hashtags(text: str) -> list[str]:
    found = []
    for place, character in enumerate(text):
        before = text[place - 1] if place else " "
        if character not in "#＃" or is_word(before) or before in "&/#":
            continue
        word = "".join(
            takewhile(
                lambda c: is_word(c) or c in JOINERS or unicodedata.category(c).startswith("M"), text[place + 1 :]
            )
        )
        if len(word) <= MAX_HASHTAG and any(unicodedata.category(c).startswith("L") for c in word):
            found.append(fold(word.strip(JOINERS)))
    return list(dict.fromkeys(found))[:MOST]


def naive_mentions(text: str) -> list[str]:
    found = []
    for place, character in enumerate(text):
        before = text[place - 1] if place else " "
        if character != "@" or is_word(before) or before in "@/":
            continue
        name = "".join(takewhile(lambda c: c in NAME, text[place + 1 :]))
        if 3 <= len(name) <= 50 and text[place + 1 + len(name) :][:1] != "@":
            found.append(name.lower())
    return list(dict.fromkeys(found))[:MOST]


def naive_cashtags(text: str) -> list[str]:
    found = []
    for place, character in enumerate(text):
        before = text[place - 1] if place else " "
        if character != "$" or before in NAME or before == "$":
            continue
        symbol = "".join(takewhile(lambda c: c in ALNUM, text[place + 1 :]))
        if not symbol or symbol[0] not in ascii_letters or len(symbol) > 15:
            continue
        rest = text[place + 1 + len(symbol) :]
        if suffix := naive_suffix(rest):
            found.append((symbol + suffix).upper())
        elif rest[:1] != "_":
            found.append(symbol.upper())
    return list(dict.fromkeys(found))[:MOST]


def naive_suffix(rest: str) -> str:
    """``-USD`` or ``.B`` where the text goes on like that and then ends as a word."""
    letters, most = (ascii_letters, 2) if rest[:1] == "." else (ALNUM, 15)
    suffix = "".join(takewhile(lambda c: c in letters, rest[1:]))
    ends = rest[1 + len(suffix) :][:1] not in [*NAME]
    return rest[: 1 + len(suffix)] if rest[:1] in [*"-/_."] and 1 <= len(suffix) <= most and ends else ""


@settings(max_examples=400, deadline=None)
@given(texts)
@example("#" + "a" * MAX_HASHTAG + " #" + "b" * (MAX_HASHTAG + 1))
@example(" ".join(f"#a{number} @abc{number} $A{number}" for number in range(MOST + 5)))
@example("$BRK.B $BTC-USD $A_B $A_ $A.BCD $ABCDEFGHIJKLMNOP $1A é$BTC $$A")
@example("a@example.com @@abc @abc@def /@abc é@abc @ab")
@example("&#123 a#b ##c /#d #123 #_ #1a ＃e #\u200df")
def test_a_plain_reading_finds_the_same(text: str) -> None:
    assert hashtags(text) == naive_hashtags(text)
    assert mentions(text) == naive_mentions(text)
    assert cashtags(text) == naive_cashtags(text)


@settings(max_examples=400, deadline=None)
@given(texts)
def test_what_is_found_stands_in_the_text(text: str) -> None:
    text = text[:60]
    after_hash = {
        fold(text[at + 1 : end].strip(JOINERS))
        for at in range(60)
        for end in range(61)
        if text[at : at + 1] in [*"#＃"]
    }
    assert after_hash.issuperset(hashtags(text))
    assert all("@" + name in text.lower() for name in mentions(text))
    assert all("$" + symbol in text.upper() for symbol in cashtags(text))


@settings(max_examples=500, deadline=None)
@given(texts, st.sampled_from(sorted(PREFIX)))
def test_folding_twice_is_folding_once(text: str, name: str) -> None:
    folded = term(name, text)

    assert fold(fold(text)) == fold(text) == fold(unicodedata.normalize("NFD", text))
    assert term(name, folded[2:]) == folded == term(name, unicodedata.normalize("NFD", text))


ADVERSARIAL = [
    "#", "a", "#a", "# ", "#a ", "#" + "a" * 101, "#" + "\u200d" * 101, "#\u0301", "\u0301", "＃a", "/#", "@", "@a", "@abc ",
    "@" + "a" * 51, "@abc@", "$", "$A", "$A-", "$A ", "$" + "A" * 16, "$A.", "$ABCDEFGHIJKLMNO-ABCDEFGHIJKLMNOP", "ﷺ ", "_", "\u200d",
]  # fmt: skip


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_long_texts_take_linear_time(piece: str) -> None:
    assert [read.__name__ for read in (hashtags, cashtags, mentions) if not is_linear(read, piece)] == []
