"""Ending background tasks."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

AGAIN_S: Final = 0.5


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until all have ended, whatever with.

    Once is not enough: ``wait_for`` of Python 3.11, which redis uses, loses a cancellation that comes together with its result
    (python/cpython#86296).
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
