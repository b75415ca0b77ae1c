"""Background tasks end, also those that miss a cancellation."""

import asyncio

from x18.core.tasks import end


async def test_a_task_that_lost_its_cancellation_ends_too() -> None:
    async def misses_one() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(3600)

    async def fails() -> None:
        raise ValueError

    tasks = [asyncio.create_task(one()) for one in (misses_one, fails, asyncio.Event().wait)]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await end(tasks)

    assert [task.cancelled() for task in tasks] == [True, False, True]
