"""Words as they are indexed and asked for: any text makes what PostgreSQL takes, in linear time."""

from unicodedata import normalize

import asyncpg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.growth import is_linear
from x18.core.folding import MOST_PARTS, shorten
from x18.core.words import MOST, MOST_CHARACTERS, all_words_of, query_of, words_of

signs = st.sampled_from([*"'\"\\-&|!()<>:*., aB1é中กビ", "or", " or ", "\u0301", "ﷺ", "1.5", "“"])
texts = st.lists(signs | st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(texts)
@example("ก" + "\u0e48" * 4_000)
@example("a" * 5_000)
@example("ﷺ" * 5_000)
@example("' & !| :* \\")
async def test_any_text_becomes_words_and_a_query_that_finds_them(database: asyncpg.Pool, text: str) -> None:
    words = await database.fetchval("SELECT $1::text::tsvector::text", words_of(text))
    await database.fetchval("SELECT $1::text::tsquery::text", query_of(text))

    if len(text) < 100 and words:
        assert await database.fetchval(
            "SELECT $1::text::tsvector @@ $2::text::tsquery", words_of(text), all_words_of(text)
        )


@pytest.mark.parametrize("dear", ["ﷺ", "ﷺ ", "㌀", "⑴"])
def test_a_text_whose_characters_become_many_each_is_read_as_far_as_others_are_long(dear: str) -> None:
    read = shorten((dear * 5_000)[:5_000])
    words = words_of((dear * 5_000)[:5_000]).split()

    assert len(normalize("NFKD", read)) <= MOST_PARTS
    assert 0 < sum(len(word.split("'")[1]) for word in words) <= 2 * MOST_CHARACTERS
    assert len(words) <= MOST


@pytest.mark.parametrize("letter", ["a ", "ß", "ǆ", "각", "ế", "ᾂ", "が", "中", "ำ", "ﬁ", "①", "𝕏", "لا"])
def test_a_text_in_any_language_is_read_to_its_end(letter: str) -> None:
    text = (letter * 5_000)[:4_990] + " the end"

    assert shorten(text) == text


def test_the_last_words_of_a_long_german_post_are_found() -> None:
    text = "Maß und Übermaß " * 312

    assert words_of(text).endswith("'ubermass':936")


@pytest.mark.parametrize("piece", ["a", "1.", "1,2", "中", "中a", "ก\u0e48", "\u0301", '"', "-", "a-", "or ", "'"])
def test_reading_words_takes_linear_time(piece: str) -> None:
    assert [read.__name__ for read in (words_of, query_of) if not is_linear(read, piece)] == []
