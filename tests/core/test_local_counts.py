"""Counting without Redis: windows slide, memory is bounded, and inventing owners gains nothing."""

import pytest

from x18.core import local_counts
from x18.core.local_counts import LocalCounts


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 6_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counts(clock: Clock) -> LocalCounts:
    return LocalCounts(clock)


def take(counts: LocalCounts, *names: str, limit: int = 3) -> bool:
    return counts.take(60, [(name, limit) for name in names], shared="all others").allowed


def test_a_limit_lets_through_exactly_so_many_and_slides(counts: LocalCounts, clock: Clock) -> None:
    assert [take(counts, "a") for _ in range(5)] == [True] * 3 + [False] * 2
    clock.now += 60
    assert not take(counts, "a"), "the last window still counts in full"
    clock.now += 21
    assert [take(counts, "a") for _ in range(3)] == [True, False, False]
    clock.now += 120
    assert [take(counts, "a") for _ in range(4)] == [True] * 3 + [False]


def test_what_one_owner_refuses_is_not_counted_for_the_other(counts: LocalCounts) -> None:
    assert all(take(counts, "network", f"user {number}") for number in range(3))
    assert not take(counts, "network", "somebody else")
    assert [take(counts, "somebody else") for _ in range(4)] == [True] * 3 + [False]


def test_what_is_given_back_may_be_taken_again(counts: LocalCounts, clock: Clock) -> None:
    for _ in range(3):
        take(counts, "a")
    counts.give_back("a")
    assert [take(counts, "a"), take(counts, "a")] == [True, False]
    clock.now += 60
    counts.give_back("a")
    assert take(counts, "a"), "of the last window too"
    counts.give_back("nobody")


def test_invented_owners_take_no_memory_without_end_and_gain_nothing(
    counts: LocalCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_counts, "MAX_OWNERS", 50)
    allowed = [take(counts, f"invented {number}") for number in range(1_000)]

    assert sum(allowed) == 50 + 3
    assert len(counts._counts) == 51
    assert take(counts, "invented 0"), "who was known before has a count of his own"


def test_who_is_away_for_two_windows_is_forgotten(counts: LocalCounts, clock: Clock) -> None:
    for number in range(100):
        take(counts, f"early {number}")
    clock.now += 120
    for number in range(100):
        take(counts, f"late {number}")

    assert len(counts._counts) <= 100
