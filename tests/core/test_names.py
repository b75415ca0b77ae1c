"""What may stand in names, and how posts keep their direction to themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.growth import is_linear
from x18.core.bidi import close_directions
from x18.core.errors import BadInput
from x18.core.text import clean_lines, clean_name, clean_text

UNSEEN = [
    "\u200b", "\u2060", "\u3164", "\u2800", "\ufe0f", "\U000e0041", "\u00ad", "\u115f", "\uffa0", "\u034f", "\u180e", "\ufeff", "\u200d",
    "\x1b", "\u202e", "\u2066\u2069", "\u17b4", "\U000e0100", "\u2063", " \u200b\t\u2800 ", "\ufff9",
    "\uffef", "\ufdd0", "\uffff", "\u0378 \U000e0fff",
]  # fmt: skip


@pytest.mark.parametrize("text", UNSEEN)
def test_a_text_that_shows_nothing_is_refused(text: str) -> None:
    for clean in (clean_text, clean_name, clean_lines):
        with pytest.raises(BadInput):
            clean("field", text, most=100)


@pytest.mark.parametrize(
    "name",
    [
        "a\nb", "a\rb", "a\tb", "a\x1b[31mb", "a\x9bb", "a\u2028b", "ad\u200bmin", "ad\u00admin", "admin\u200d", "a\u200cb", "a\u202egnp.exe",
        "\u2067a", "a\u2066b\u2069", "a\u200eb", "a\ufeffb", "a\u3164b", "a\u2060b", "a\U000e0061", "a\ufe0f\ufe0f", "a \ufe0fb", "😀\u200d",
        "\u200dक", "😀\U000e0067\U000e007f", "e\u0300\u0301\u0302\u0303\u0304\u0305", "Z\u0334\u0334", "\u0e01" + "\u0e49" * 8,
        "\U00011cad" * 7 + "vldNN", "b\ufe0fob", "bo\U000e0110b", "a\ufe00", "bob1\ufe0f", "ж\ufe0e", "中\ufe0f", "😀\ufe01", "😀\U000e0141",
        "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "buy bob's coin") + "\U000e007f", "\u0301bob", "\u20dd", "\u093f", "\u0e49x",
    ],
)  # fmt: skip
def test_a_name_hides_and_turns_nothing(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        clean_name("display_name", name, most=100)

    assert "a single line" in refused.value.detail


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Müller-Lüdenscheidt", "علی‌رضا", "ශ්‍රී", "क्‍ष", "നന്‍", "👨‍👩‍👧", "🏴󠁧󠁢󠁳󠁣󠁴󠁿 Scot", "❤️‍🔥", "👩🏽‍💻", "1️⃣", "עברית", "比特币 先生", "葛󠄀",
        "ย่า", "O'Neil & Sons", "⠓⠊", "ᠮᠣᠩᠭᠣᠯ", "Nguyễn Thị Ngọc", "בְּרֵאשִׁ֖ית", "ཧྲཱིཿ བསྒྲུབས", "ကြွို့ ကျွန်ုပ်", "ក្រ៉ែម", "مُحَمَّدٌ",
        "葛\U000e0101城", "邉\ufe00", "ᠠ\u180b",
        "#️⃣ 1️⃣", "❤︎ ✈️ ☠️", "\U0001faef",
    ],
)  # fmt: skip
def test_names_of_all_scripts_and_emoji_are_taken(name: str) -> None:
    assert clean_name("display_name", name, most=100)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("buy \u202ellams", "buy \u202ellams\u202c"),
        ("\u2067a\u202eb", "\u2067a\u202eb\u202c\u2069"),
        ("a\u2069b\u202cc", "abc"),
        ("\u2067a\u202eb\u2069c", "\u2067a\u202eb\u202c\u2069c"),
        ("\u202aa\u2066b\u202cc", "\u202aa\u2066bc\u2069\u202c"),
        ("\u202ea\nb\u202c", "\u202ea\u202c\nb"),
        ("\u2068עברית\u2069 and \u200fa", "\u2068עברית\u2069 and \u200fa"),
    ],
)
def test_a_post_closes_what_it_opens(sent: str, kept: str) -> None:
    assert close_directions(sent) == kept
    assert clean_lines("content", sent, most=100) == kept


@given(
    st.lists(st.sampled_from(["a", "\n", *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]), max_size=30).map(
        "".join
    )
)
def test_a_balanced_text_stays_and_any_line_is_balanced(text: str) -> None:
    closed = close_directions(text)

    assert close_directions(closed) == closed
    for line in closed.split("\n"):
        count = {sign: line.count(sign) for sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
        assert count["\u2069"] == count["\u2066"] + count["\u2067"] + count["\u2068"]
        assert count["\u202c"] == count["\u202a"] + count["\u202b"] + count["\u202d"] + count["\u202e"]


def test_what_is_closed_counts_as_characters() -> None:
    with pytest.raises(BadInput):
        clean_lines("content", "\u202e" * 60 + "a", most=100)


@pytest.mark.parametrize("piece", ["\u202e", "\u2067\u202c", "\u2067\u202e", "\u2069", "\u2066\n", "é"])
def test_closing_takes_linear_time(piece: str) -> None:
    assert is_linear(close_directions, piece)
