"""Work for threads, done in turn for each network: who asks for much waits for himself, not before everybody else."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple

from x18.core.errors import Unavailable

MOST: Final = 64
"""So much runs and waits at once. When that is reached, the network that has most waiting loses the last of it."""

MOST_OF_A_NETWORK: Final = 16
MOST_RUNNING_OF_A_NETWORK: Final = 2


class _Job(NamedTuple):
    function: Callable[..., Any]
    args: tuple[Any, ...]
    result: "asyncio.Future[Any]"


class Turns:
    """Threads and those who wait for them. Not ``enforced``, a network may have as much as all: for load tests."""

    def __init__(self, threads: int, name: str, *, enforced: bool = True) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self._most_of_a_network = MOST_OF_A_NETWORK if enforced else MOST
        self._most_running = MOST_RUNNING_OF_A_NETWORK if enforced else threads
        self._running: Counter[str] = Counter()
        self._queues: OrderedDict[str, deque[_Job]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Calls that run or wait."""
        return self._running.total() + sum(map(len, self._queues.values()))

    async def run(self, network: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call the function in a thread, and return its result.

        Raises:
            Unavailable: ``busy``: too much waits already, of this network or of all.
        """
        if self._running[network] + len(self._queues.get(network, ())) >= self._most_of_a_network:
            raise _busy()
        if self.waiting >= MOST:
            self._make_room_for(network)
        job = _Job(function, args, asyncio.get_running_loop().create_future())
        self._queues.setdefault(network, deque()).append(job)
        self._start()
        return await job.result

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _make_room_for(self, network: str) -> None:
        longest = max(self._queues, key=lambda name: len(self._queues[name]), default=network)
        if len(self._queues.get(longest, ())) <= len(self._queues.get(network, ())) + 1:
            raise _busy()
        job = self._queues[longest].pop()
        if not job.result.done():
            job.result.set_exception(_busy())

    def _start(self) -> None:
        while self._running.total() < self._threads and (network := self._next()) is not None:
            queue = self._queues.pop(network)
            job = queue.popleft()
            if queue:
                self._queues[network] = queue  # the last in turn now
            if not job.result.done():  # else nobody waits for it any more
                self._running[network] += 1
                work = asyncio.get_running_loop().run_in_executor(self._pool, job.function, *job.args)
                work.add_done_callback(partial(self._finish, network, job))

    def _next(self) -> str | None:
        return next((name for name in self._queues if self._running[name] < self._most_running), None)

    def _finish(self, network: str, job: _Job, done: "asyncio.Future[Any]") -> None:
        self._running[network] -= 1
        if not self._running[network]:
            del self._running[network]
        if done.cancelled():
            job.result.cancel()
        elif (error := done.exception()) is not None:
            if not job.result.done():
                job.result.set_exception(error)
        elif not job.result.done():
            job.result.set_result(done.result())
        if not done.cancelled():
            self._start()


def _busy() -> Unavailable:
    return Unavailable("Too many log-ins at once; try again in a moment.", code="busy", retry_after_s=2)
