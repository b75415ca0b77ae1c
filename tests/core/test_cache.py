"""Answers that are kept: computed once for all who wait, and never more of them than fit."""

import asyncio

import pytest

from x18.core.cache import CachedByKey


async def test_all_who_ask_meanwhile_wait_for_one() -> None:
    computed, go_on = list[str](), asyncio.Event()

    async def compute(key: str) -> str:
        computed.append(key)
        await go_on.wait()
        return key.upper()

    cache = CachedByKey(compute, bool, most=10)
    asked = [asyncio.create_task(cache.get(key)) for key in "aabab"]
    while len(computed) < 2:
        await asyncio.sleep(0)
    go_on.set()

    assert await asyncio.gather(*asked) == ["A", "A", "B", "A", "B"]
    assert sorted(computed) == ["a", "b"]


async def test_what_is_not_worth_keeping_takes_no_place_and_pushes_nothing_out() -> None:
    computed = list[int]()

    async def compute(key: int) -> int:
        computed.append(key)
        await asyncio.sleep(0.5 * (key % 2))  # an answer is kept for a multiple of what it took
        return key % 2

    cache = CachedByKey(compute, bool, most=2)
    for key in range(0, 100, 2):  # of what nobody keeps strangers name as much as they like
        assert await cache.get(key) == 0
    assert len(cache) == 0

    for key in (1, 3, *range(0, 100, 2), 1, 3):
        assert await cache.get(key) == key % 2

    assert len(cache) == 2
    assert [key for key in computed if key % 2] == [1, 3]


async def test_those_asked_for_last_stay() -> None:
    computed = list[str]()

    async def compute(key: str) -> str:
        computed.append(key)
        await asyncio.sleep(0.5)  # an answer is kept for a multiple of what it took
        return key

    cache = CachedByKey(compute, bool, most=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        await cache.get(key)

    assert computed == ["a", "b", "c", "b"]


async def test_what_failed_is_computed_again() -> None:
    results = iter([RuntimeError("no"), "yes"])

    async def compute(_: str) -> str:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    cache = CachedByKey(compute, bool, most=2)
    with pytest.raises(RuntimeError):
        await cache.get("a")
    assert len(cache) == 0

    assert await cache.get("a") == "yes"
