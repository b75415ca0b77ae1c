"""Turns go from owner to owner, and nobody who leaves keeps one."""

import asyncio

from x18.realtime.turns import Turns


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_brings_one_piece_waits_for_one_of_the_owner_who_brings_many() -> None:
    turns, done = Turns(1), []
    busy = asyncio.Event()

    async def work(owner: str) -> None:
        async with turns.take(owner):
            await busy.wait()
            done.append(owner)

    tasks = [asyncio.create_task(work(owner)) for owner in ["many"] * 50 + ["one", "other"]]
    await settle()
    busy.set()
    await asyncio.gather(*tasks)

    assert done[:4] == ["many", "many", "one", "other"]
    assert len(done) == 52


async def test_an_owner_has_one_turn_at_a_time_though_more_are_free() -> None:
    turns, under_way, most = Turns(3), 0, 0

    async def work() -> None:
        nonlocal under_way, most
        async with turns.take("somebody"):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(work() for _ in range(5)))

    assert most == 1


async def test_who_leaves_while_waiting_or_at_work_gives_the_turn_away() -> None:
    turns, done = Turns(1), []

    async def stay() -> None:
        async with turns.take("gone"):
            await asyncio.Event().wait()

    async def work() -> None:
        async with turns.take("here"):
            done.append("here")

    leaving = [asyncio.create_task(stay()) for _ in range(20)]
    await settle()
    working = asyncio.create_task(work())
    await settle()
    for task in leaving:
        task.cancel()
    async with asyncio.timeout(30):
        await working

    assert done == ["here"]
    assert not turns._waiting
    assert not turns._busy


async def test_who_leaves_at_the_moment_of_the_turn_gives_it_away_too() -> None:
    turns = Turns(1)

    async def take() -> None:
        async with turns.take("somebody"):
            pass

    async with turns.take("first"):
        waiting = asyncio.create_task(take())
        await settle()
    waiting.cancel()  # its turn was given, and it did not run yet
    await asyncio.wait([waiting])
    async with asyncio.timeout(30):
        await take()
