"""The attacker: a process of its own that is told by standard input whom to attack how, and says what came of it.

Run as ``python -m tests.attack.attacker``. Each line in is a ``Job`` as JSON, each line out a report.
"""

import asyncio
import importlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from tests.attack.wire import Wire

ATTACKS = ("requests", "uploads", "sockets", "writes")
"""Modules of ``tests.attack`` whose functions are attacks."""

NICENESS = 19
"""It shares the machine with what it attacks: what is measured is the cost to the server, not who gets the processor."""


@dataclass
class Job:
    """One attack, from one address, with accounts of its own."""

    module: str
    name: str
    port: int
    source: str
    seconds: float
    tokens: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


class Attacker:
    """What an attack works with. Whatever is asked is counted by its status."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.facts = job.facts
        self.statuses: Counter[str] = Counter()
        self._ends_at = time.monotonic() + job.seconds
        self._turns = count()

    @property
    def is_on(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self._ends_at

    @property
    def number(self) -> int:
        """Another one each time."""
        return next(self._turns)

    def login(self, number: int) -> dict[str, str]:
        """The header of one of the accounts."""
        return {"Authorization": f"Bearer {self.job.tokens[number % len(self.job.tokens)]}"}

    def wire(self) -> Wire:
        """A new connection."""
        return Wire(self.job.port, self.job.source)

    def saw(self, what: object) -> None:
        """Count an outcome."""
        self.statuses[str(what)] += 1

    async def crowd(self, size: int, work: Callable[[int, Wire], Awaitable[None]], share: float = 1.0) -> None:
        """So many at once, until a share of the time is up or they are done. It begins when each has a connection, however long that
        takes on a busy machine."""
        wires = [self.wire() for _ in range(size)]
        for opened in await asyncio.gather(*(wire.open() for wire in wires), return_exceptions=True):
            self.saw("turned away" if isinstance(opened, BaseException) else "opened")
        self._ends_at = time.monotonic() + self.job.seconds * share

        async def one(number: int) -> None:
            async with wires[number] as wire:
                try:
                    await work(number, wire)
                except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
                    self.saw("broken")

        tasks = [asyncio.create_task(one(number)) for number in range(size)]
        _, late = await asyncio.wait(tasks, timeout=max(0.0, self._ends_at - time.monotonic()))
        for task in late:
            task.cancel()
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(done, Exception):
                raise done

    async def flood(self, size: int, ask: Callable[[int, Wire], Awaitable[int]]) -> None:
        """So many at once that ask again as soon as they are answered."""

        async def press(number: int, wire: Wire) -> None:
            while self.is_on:
                self.saw(await ask(number, wire))

        await self.crowd(size, press)


async def _attack(job: Job) -> dict[str, int]:
    attacker = Attacker(job)
    attack = getattr(importlib.import_module(f"tests.attack.{job.module}"), job.name)
    await attack(attacker)
    return dict(attacker.statuses)


def order(job: Job) -> bytes:
    """A job as the process reads it."""
    return json.dumps(asdict(job)).encode() + b"\n"


def main() -> None:
    """Attack as told until nothing more is said."""
    os.nice(NICENESS)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(asyncio.run(_attack(Job(**json.loads(line))))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
