"""Who waits for a decoder waits for his turn, and nobody's pile is before anybody else."""

import asyncio
from uuid import UUID, uuid4

import pytest

from x18.core.errors import Unavailable
from x18.media.turns import Turns

ONE, TWO, THREE = uuid4(), uuid4(), uuid4()


class Line:
    """Tasks that take a turn, note that they have it, and keep it until they are told."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.had: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    async def join(self, name: str, network: str, user_id: UUID) -> "asyncio.Task[None]":
        self.ends[name] = asyncio.Event()
        task = asyncio.create_task(self._take(name, network, user_id))
        await asyncio.sleep(0)
        return task

    async def _take(self, name: str, network: str, user_id: UUID) -> None:
        async with self._turns.take(network, user_id):
            self.had.append(name)
            await self.ends[name].wait()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        for _ in range(5):  # the place is given on in the same round of the loop
            await asyncio.sleep(0)


async def test_networks_take_turns_and_within_them_users_do() -> None:
    line = Line(Turns(2, 10))
    for name, network, user in (
        ("a1", "a", ONE), ("a2", "a", ONE), ("a3", "a", ONE), ("a4", "a", TWO), ("b1", "b", THREE), ("b2", "b", THREE), ("c1", "c", THREE),
    ):  # fmt: skip
        await line.join(name, network, user)
    assert line.had == ["a1", "b1"], "one network does not have all places"

    for name in ("a1", "b1", "a2", "c1", "a4", "b2", "a3"):
        await line.end(name)

    assert sorted(line.had) == sorted(line.ends)
    order = [name for name in line.had if name[0] == "a"]
    assert order == ["a1", "a2", "a4", "a3"], "the other user does not wait for all of the first"
    assert line.had.index("c1") < line.had.index("a4")


async def test_who_has_most_waiting_is_turned_away_and_nobody_else() -> None:
    turns = Turns(1, 4)
    line = Line(turns)
    tasks = [await line.join(f"a{at}", "a", ONE) for at in range(5)]  # one has its turn, four wait

    with pytest.raises(Unavailable):
        await (await line.join("a5", "a", ONE))
    await line.join("b0", "b", TWO)
    with pytest.raises(Unavailable):
        await tasks[4]

    for name in list(line.ends):
        await line.end(name)
    assert sorted(line.had) == ["a0", "a1", "a2", "a3", "b0"]


async def test_who_leaves_gives_the_turn_to_the_next() -> None:
    turns = Turns(1, 10)
    line = Line(turns)
    first = await line.join("first", "a", ONE)
    second = await line.join("second", "b", TWO)
    await line.join("third", "c", THREE)

    second.cancel()
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    await asyncio.sleep(0)

    assert line.had == ["first", "third"]
    await line.end("third")
    assert turns.waiting == 0
