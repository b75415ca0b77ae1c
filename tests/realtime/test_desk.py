"""What waits is handled in order, a log-in at once, and no more is taken than may wait."""

import asyncio

from x18.realtime.desk import LONG, MAX_WAITING, MAX_WAITING_BYTES, Desk


class Worker:
    """Handles what comes when it is let; each piece waits for its own name, or for all to be let."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.done: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.desk: Desk[str] = Desk(self.handle)

    async def handle(self, item: str) -> None:
        self.began.append(item)
        await self.gates.setdefault(item, asyncio.Event()).wait()
        self.done.append(item)

    async def let(self, *items: str) -> None:
        for item in items:
            self.gates.setdefault(item, asyncio.Event()).set()
            await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_after_the_other() -> None:
    worker = Worker()
    for item in "abc":
        await worker.desk.put(item, 1)
    await settle()
    assert worker.began == ["a"]
    await worker.let("c", "a", "b")

    assert worker.done == ["a", "b", "c"]


async def test_what_is_urgent_waits_for_nothing_and_what_comes_later_waits_for_it() -> None:
    worker = Worker()
    await worker.desk.put("replay", 1)
    await settle()
    await worker.desk.put("log in", 1, urgent=True)
    await worker.desk.put("after", 1)
    await settle()
    assert worker.began == ["replay", "log in"]
    await worker.let("replay")
    assert "after" not in worker.began
    await worker.let("log in", "after")

    assert worker.done == ["replay", "log in", "after"]


async def test_one_message_too_many_is_waited_for_until_one_is_handled() -> None:
    worker = Worker()
    for number in range(MAX_WAITING - 1):
        await worker.desk.put(str(number), 1)
    putting = asyncio.create_task(worker.desk.put("last", 1))
    await settle()
    assert not putting.done()
    await worker.let("0")

    assert putting.done()


async def test_bytes_are_bounded_too() -> None:
    worker = Worker()
    await worker.desk.put("small", 1)
    putting = asyncio.create_task(worker.desk.put("large", MAX_WAITING_BYTES))
    await settle()
    assert not putting.done()
    await worker.let("small", "large")

    assert putting.done()


async def test_after_the_stop_nothing_is_handled_and_nobody_waits() -> None:
    worker = Worker()
    for number in range(MAX_WAITING - 1):
        await worker.desk.put(str(number), 1)
    putting = asyncio.create_task(worker.desk.put("last", 1))
    await settle()
    worker.desk.stop()
    await settle()
    await worker.let("0", "1")

    assert putting.done()
    assert worker.done == []


async def test_of_long_messages_of_all_clients_one_begins_in_a_turn_and_short_ones_do_not_wait() -> None:
    turn, began, short = 0, list[int](), list[int]()

    async def handle(message: str) -> None:
        (short if message == "short" else began).append(turn)

    desks = [Desk[str](handle) for _ in range(5)]
    for desk in desks:
        await desk.put("long", LONG + 1)
    await Desk[str](handle).put("short", LONG)
    while len(began) < 5:
        await asyncio.sleep(0)
        turn += 1

    assert len({*began}) == 5, "each in another turn"
    assert short[0] <= min(began)
