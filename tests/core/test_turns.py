"""Work in threads: in turn for each network, bounded for each and for all."""

import asyncio
import threading

import pytest

from x18.core import turns
from x18.core.errors import Unavailable
from x18.core.turns import Turns


class Work:
    """Does one thing after the other, when it is told to; ``begun`` and ``done`` say for whom."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.begun: list[str] = []
        self.done: list[str] = []

    def __call__(self, who: str) -> str:
        self.begun.append(who)
        self.may_go_on.wait(10)
        self.done.append(who)
        return who


@pytest.fixture
def work() -> Work:
    return Work()


async def start(queue: Turns, work: Work, network: str, times: int) -> list[asyncio.Task[object]]:
    started = [asyncio.create_task(queue.run(network, work, network)) for _ in range(times)]
    await asyncio.sleep(0)
    return started


async def test_networks_take_turns_however_much_one_of_them_asks(work: Work) -> None:
    queue = Turns(1, "test")
    tasks = await start(queue, work, "greedy", 12)
    tasks += await start(queue, work, "modest", 1)
    tasks += await start(queue, work, "other", 2)
    assert queue.waiting == 15
    work.may_go_on.set()
    await asyncio.gather(*tasks)
    queue.close()

    assert work.done[1:6] == ["greedy", "modest", "other", "greedy", "other"]
    assert queue.waiting == 0


async def test_a_network_has_two_running_and_leaves_the_other_threads_to_others(work: Work) -> None:
    queue = Turns(3, "test")
    greedy, modest = await start(queue, work, "greedy", 10), await start(queue, work, "modest", 1)
    async with asyncio.timeout(30):
        while len(work.begun) < 3:
            await asyncio.sleep(0.01)
    begun = sorted(work.begun)
    work.may_go_on.set()
    await asyncio.gather(*greedy, *modest)
    queue.close()

    assert begun == ["greedy", "greedy", "modest"]


async def test_what_is_too_much_of_one_network_is_refused_and_others_are_not(work: Work) -> None:
    queue = Turns(1, "test")
    greedy = await start(queue, work, "greedy", turns.MOST_OF_A_NETWORK + 5)
    modest = await start(queue, work, "modest", 1)
    work.may_go_on.set()
    outcomes = await asyncio.gather(*greedy, return_exceptions=True)
    queue.close()

    refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    assert len(refused) == 5
    assert {(problem.code, problem.retry_after_s) for problem in refused} == {("busy", 2)}
    assert await modest[0] == "modest"


async def test_when_all_places_are_taken_who_has_most_waiting_gives_one_up(work: Work) -> None:
    queue = Turns(1, "test")
    tasks = {name: await start(queue, work, name, 16) for name in ("a", "b", "c", "d")}
    assert queue.waiting == turns.MOST
    late = await start(queue, work, "late", 2)
    work.may_go_on.set()
    outcomes = await asyncio.gather(*[task for each in tasks.values() for task in each], return_exceptions=True)
    queue.close()

    assert [await task for task in late] == ["late", "late"]
    assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 2


async def test_without_limits_one_network_has_all_places_and_no_more(work: Work) -> None:
    queue = Turns(1, "test", enforced=False)
    tasks = await start(queue, work, "load test", turns.MOST + 3)
    work.may_go_on.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    queue.close()

    assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 3


async def test_an_error_is_told_and_the_next_one_has_its_turn() -> None:
    queue = Turns(1, "test")
    with pytest.raises(ZeroDivisionError):
        await queue.run("a", lambda: 1 // 0)
    assert await queue.run("a", lambda: 1) == 1
    queue.close()


async def test_who_no_longer_waits_takes_no_turn(work: Work) -> None:
    queue = Turns(1, "test")
    first, gone, last = await start(queue, work, "a", 3)
    gone.cancel()
    work.may_go_on.set()
    await asyncio.gather(first, last)
    queue.close()

    assert len(work.done) == 2
