"""What one network has to do waits for the next turn of the loop once it had its slice, and what others have to do does not."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from x18.app import create_app_from_env
from x18.core import slices
from x18.core.slices import SLICE_S, InSlices, Slices, in_slices, is_over
from x18.realtime.calls import Calls
from x18.realtime.desk import Desk
from x18.realtime.protocol import Call, CallPayload

HEAVY, LIGHT = "192.0.2.1", "192.0.2.2"
STEPS = 5
CALL = Call(CallPayload("GET", "/api"))
SOCKET: Any = SimpleNamespace(app=SimpleNamespace(state={}), scope={"scheme": "ws"}, headers={})


class Clock:
    """The time that work takes, as the work says."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        """Now."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """In the place of the module ``time``."""
    made = Clock()
    monkeypatch.setattr(slices, "time", made)
    return made


@pytest.fixture
async def turns() -> AsyncIterator[list[int]]:
    """Holds the number of the turn that runs."""
    number, loop = [0], asyncio.get_running_loop()

    def count() -> None:
        nonlocal handle
        number[0] += 1
        handle = loop.call_soon(count)

    handle = loop.call_soon(count)
    yield number
    handle.cancel()


def scope_of(address: str) -> Any:
    return {"type": "http", "client": (address, 50_000)}


def steps_of(clock: Clock, turns: list[int], seconds: float, done: list[int]) -> Any:
    """An application that takes so long for each of its steps, and notes in which turn it took them."""

    async def work(*_: Any) -> None:
        for _step in range(STEPS):
            clock.now += seconds
            done.append(turns[0])
            await asyncio.sleep(0)

    return work


async def test_a_turn_holds_one_long_step_of_a_network_however_many_of_its_requests_are_ready(
    clock: Clock, turns: list[int]
) -> None:
    slices_of_all, done = Slices(), list[int]()
    app = InSlices(steps_of(clock, turns, SLICE_S, done), slices_of_all)
    async with asyncio.timeout(10):
        await asyncio.gather(*(app(scope_of(HEAVY), None, None) for _ in range(10)))  # type: ignore[arg-type]

    assert len(done) == 10 * STEPS
    assert len({*done}) == len(done), "two long steps in one turn"


async def test_who_does_little_is_not_kept_waiting_by_who_does_much(clock: Clock, turns: list[int]) -> None:
    slices_of_all, much, little = Slices(), list[int](), list[int]()
    heavy = InSlices(steps_of(clock, turns, SLICE_S, much), slices_of_all)
    light = InSlices(steps_of(clock, turns, SLICE_S / STEPS / 2, little), slices_of_all)
    pressing = [asyncio.create_task(heavy(scope_of(HEAVY), None, None)) for _ in range(20)]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    began = turns[0]
    await light(scope_of(LIGHT), None, None)  # type: ignore[arg-type]

    assert turns[0] - began <= STEPS + 1, "a step in each turn"
    assert len(much) < 20 * STEPS, "the others had not ended"
    async with asyncio.timeout(10):
        await asyncio.gather(*pressing)


async def test_short_steps_share_a_turn(clock: Clock, turns: list[int]) -> None:
    done = list[int]()
    app = InSlices(steps_of(clock, turns, SLICE_S / 100, done), Slices())
    await asyncio.gather(*(app(scope_of(HEAVY), None, None) for _ in range(10)))  # type: ignore[arg-type]

    assert len({*done}) <= STEPS + 1


async def test_a_task_that_serves_a_client_is_worked_on_in_slices_too(clock: Clock, turns: list[int]) -> None:
    done = list[int]()
    work = steps_of(clock, turns, SLICE_S, done)

    async def app(*_: Any) -> None:
        await asyncio.gather(*(asyncio.create_task(in_slices(work)) for _ in range(5)))

    await InSlices(app, Slices())(scope_of(HEAVY), None, None)  # type: ignore[arg-type]

    assert len({*done}) == len(done) == 5 * STEPS


async def test_messages_of_many_sockets_and_their_calls_share_the_slices_of_their_network(
    clock: Clock, turns: list[int]
) -> None:
    done = list[int]()

    async def handle(_: Any) -> None:
        await steps_of(clock, turns, SLICE_S, done)()

    async def app(*_: Any) -> None:
        calls = Calls(SOCKET)
        for desk in [Desk[int](handle) for _ in range(3)]:
            await desk.put(1, 1)
            await desk.put(2, 1, urgent=True)
            calls.start(handle, CALL)
        while len(done) < 9 * STEPS:
            await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await InSlices(app, Slices())(scope_of(HEAVY), None, None)  # type: ignore[arg-type]

    assert len({*done}) == len(done) == 9 * STEPS


def test_the_application_of_the_server_is_worked_on_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_ENV", "test")
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, f"{name.partition('_')[0].lower().replace('database', 'postgres')}://localhost")

    assert isinstance(create_app_from_env(), InSlices)


async def test_nobody_is_kept_waiting_outside_of_requests(clock: Clock, turns: list[int]) -> None:
    done = list[int]()
    work = steps_of(clock, turns, SLICE_S, done)
    await asyncio.gather(*(in_slices(work) for _ in range(5)))

    assert len({*done}) <= STEPS + 1
    assert not is_over(None)


async def test_what_is_awaited_comes_back_as_it_is(clock: Clock) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError

    async def app(*_: Any) -> None:
        clock.now += SLICE_S
        found = [await asyncio.create_task(asyncio.sleep(0, "a value")), await in_slices(asyncio.sleep, 0, "another")]
        with pytest.raises(LookupError):
            await in_slices(fail)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        assert found == ["a value", "another"]
        told.set()

    told = asyncio.Event()
    await InSlices(app, Slices())(scope_of(HEAVY), None, None)  # type: ignore[arg-type]

    assert told.is_set()


@pytest.mark.parametrize("turns_before", range(4))
async def test_who_leaves_while_it_waits_for_its_slice_is_told_so(clock: Clock, turns_before: int) -> None:
    ended = list[str]()

    async def app(*_: Any) -> None:
        try:
            while True:
                clock.now += SLICE_S
                await asyncio.sleep(0)
        finally:
            ended.append("cleaned up")

    sliced = InSlices(app, Slices())
    tasks = [asyncio.create_task(sliced(scope_of(HEAVY), None, None)) for _ in range(3)]  # type: ignore[arg-type]
    for _ in range(turns_before):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks, return_exceptions=True)

    assert all(task.cancelled() for task in tasks)
    assert len(ended) <= 3
