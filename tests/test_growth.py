"""Growth that is too much is noticed."""

import re

from tests.growth import is_linear


def test_what_takes_the_square_of_its_length_is_noticed() -> None:
    assert not is_linear(re.compile("a+b").findall, "a", 4_000)


def test_what_is_read_once_is_not_objected_to() -> None:
    assert is_linear(re.compile("a+b").findall, "a b")
