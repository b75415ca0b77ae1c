"""Mistakes are forgotten with good messages and with time; who makes many in a row is closed."""

import time

import pytest

from x18.realtime.protocol import MAX_ERRORS
from x18.realtime.refusals import Mistakes


def test_ten_in_a_row_are_too_many() -> None:
    mistakes = Mistakes()

    assert [mistakes.add() for _ in range(MAX_ERRORS)] == [*[False] * (MAX_ERRORS - 1), True]


@pytest.mark.parametrize("good", [10, 20])
def test_one_among_good_messages_is_forgotten(good: int) -> None:
    mistakes = Mistakes()
    for _ in range(100):
        assert not mistakes.add()
        for _ in range(good):
            mistakes.forgive()


def test_too_few_good_messages_do_not_make_up_for_the_mistakes() -> None:
    mistakes = Mistakes()
    for _ in range(100):
        if mistakes.add():
            return
        for _ in range(3):
            mistakes.forgive()
    raise AssertionError("it goes on for ever")


def test_one_is_forgotten_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    mistakes = Mistakes()
    for _ in range(100):
        assert not mistakes.add()
        now += 61
