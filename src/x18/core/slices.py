"""The event loop in slices: in each of its turns a network gets two milliseconds, and what it has to do beyond them waits for the next turn.

The loop runs whatever is ready, one after the other, before it looks for more: with a hundred requests of one client ready, each step
of everybody else's request waits for a hundred steps. With slices it waits for one. That is no limit: who is alone gets all of the loop
and is refused nothing.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any, Final, Generic, ParamSpec, TypeVar

from litestar.types import ASGIApp, Receive, Scope, Send

from x18.core.addresses import network_of

SLICE_S: Final = 0.002
"""A step is not cut in pieces: the last one of a slice may take longer."""

P = ParamSpec("P")
T = TypeVar("T")


class Slices:
    """What each network has had of the turn that runs."""

    def __init__(self) -> None:
        self._had: dict[str, float] = {}

    def of(self, network: str) -> "Slice":
        """That of a network, which is a new one in each turn."""
        return Slice(self._had, network)


class Slice:
    """A network's part of the turn that runs."""

    __slots__ = ("_had", "_network")

    def __init__(self, had: dict[str, float], network: str) -> None:
        self._had = had
        self._network = network

    @property
    def is_over(self) -> bool:
        """Whether the network has had it."""
        return self._had.get(self._network, 0.0) >= SLICE_S

    def spend(self, began: float) -> None:
        """Charge the time since then (``time.perf_counter``)."""
        if not self._had:
            asyncio.get_running_loop().call_soon(self._had.clear)
        self._had[self._network] = self._had.get(self._network, 0.0) + time.perf_counter() - began


def is_over(part: Slice | None) -> bool:
    """Whether there is nothing left of it in this turn. None is nobody's in particular, and without end."""
    return part is not None and part.is_over


_payer: ContextVar[Slice | None] = ContextVar("payer", default=None)


async def in_slices(function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **options: P.kwargs) -> T:
    """What the function returns, worked on in slices of the network for which this is done; for tasks that serve one client."""
    payer = _payer.get()
    work = function(*args, **options)
    return await (work if payer is None else _Sliced(work, payer))


class InSlices:
    """The application, each request and each connection of which is worked on in slices of its network."""

    def __init__(self, app: ASGIApp, slices: Slices) -> None:
        self._app: Any = app
        self._slices = slices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if client := scope.get("client"):
            _payer.set(self._slices.of(network_of(client[0])))
        await in_slices(self._app, scope, receive, send)


class _Sliced(Generic[T]):
    """Runs a coroutine step by step as asyncio does, each step when its network has not had its slice."""

    __slots__ = ("_slice", "_work")

    def __init__(self, work: Coroutine[Any, Any, T], payer: Slice) -> None:
        self._work = work
        self._slice = payer

    def __await__(self) -> Generator[Any, Any, T]:
        value: Any = None
        error: BaseException | None = None
        while True:
            while error is None and self._slice.is_over:
                try:
                    yield  # to the next turn
                except BaseException as thrown:
                    error = thrown
            began = time.perf_counter()
            try:
                awaited = self._work.send(value) if error is None else self._work.throw(error)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                value = error = None  # an error that is kept would keep this frame
                self._slice.spend(began)
            try:
                value = yield awaited
            except BaseException as thrown:
                error = thrown
