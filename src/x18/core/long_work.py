"""Work of some milliseconds that cannot be left to a thread, as it holds the interpreter: one piece of it in each turn of the loop.

Several that become ready at the same time would run in one turn, and everybody else would wait for all of them.
"""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_turn: Final = asyncio.Lock()


async def in_turn(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call the function when no other such work runs in this turn of the loop, and return its result."""
    async with _turn:
        try:
            return function(*args, **options)
        finally:
            await asyncio.sleep(0)
