"""Work that holds the loop runs once in a turn, whoever else is ready."""

import asyncio

import pytest

from x18.core.long_work import in_turn


async def test_one_piece_runs_in_each_turn_of_the_loop() -> None:
    turns, done = 0, list[int]()
    works = [asyncio.create_task(in_turn(lambda: done.append(turns))) for _ in range(5)]
    while len(done) < 5:
        before = len(done)
        await asyncio.sleep(0)
        turns += 1
        assert len(done) <= before + 1
    await asyncio.gather(*works)

    assert len({*done}) == 5, "each in another turn"


async def test_what_fails_lets_the_next_one_run() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_turn(lambda: 1 // 0)

    assert await in_turn(max, 1, 2, key=lambda number: -number) == 1


async def test_who_gives_up_lets_the_next_one_run() -> None:
    waiting = [asyncio.create_task(in_turn(list)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()

    async with asyncio.timeout(30):
        assert await waiting[2] == []
