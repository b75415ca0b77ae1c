"""Decoding in processes of their own: a decoder that dies, hangs or eats memory takes nothing with it."""

import asyncio
import multiprocessing
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from x18.core.errors import BadInput, Unavailable
from x18.media.kinds import KINDS
from x18.media.results import Processed, Rejected

WORKERS: Final = 2
WAITING: Final = 16
"""More uploads than this in the queue are turned away."""

MEMORY_BYTES: Final = 2 * 1024**3
TIME_LIMIT_S: Final = 20.0
STARTING_S: Final = 20.0
"""A process that is not there yet may take so long on a busy machine."""

FILES_BETWEEN_RESTARTS: Final = 200

Work = Callable[[Path, Path, Path, str], Processed]


class Workshop:
    """Processes that turn uploads into files to be served, each for one file at a time. Started when they are needed."""

    def __init__(self, work: Work | None = None) -> None:
        self._work = work or _work
        self._turns = asyncio.Semaphore(WORKERS)
        self._idle: list[ProcessPoolExecutor] = []
        self._busy: set[ProcessPoolExecutor] = set()
        self._waiting = 0

    async def process(self, source: Path, target: Path, thumbnail: Path, extension: str) -> Processed:
        """Check and write anew. A file that breaks its process harms none that is being processed beside it.

        Raises:
            BadInput: the file is not what it says, or cannot be taken.
            Unavailable: too many wait.
        """
        if self._waiting >= WAITING:
            raise Unavailable("Too many uploads at once; try again in a moment.", retry_after_s=5)
        self._waiting += 1
        try:
            async with self._turns:
                return await self._process_in_turn(partial(self._work, source, target, thumbnail, extension))
        except Rejected as error:
            raise BadInput(str(error), code="bad_media") from error
        except (BrokenProcessPool, TimeoutError, MemoryError) as error:
            raise BadInput("The file cannot be decoded within reasonable time and memory.", code="bad_media") from error
        finally:
            self._waiting -= 1

    def stop(self) -> None:
        """End the processes."""
        while self._idle:
            _end(self._idle.pop())
        while self._busy:
            _end(self._busy.pop())

    async def _process_in_turn(self, work: Callable[[], Processed]) -> Processed:
        worker = self._idle.pop() if self._idle else _start()
        self._busy.add(worker)
        try:
            async with asyncio.timeout(TIME_LIMIT_S + STARTING_S):
                processed = await asyncio.get_running_loop().run_in_executor(worker, work)
        except Rejected:
            self._release(worker)
            raise
        except BaseException:  # it is dead, or still at a file that nobody waits for
            self._busy.discard(worker)
            _end(worker)
            raise
        self._release(worker)
        return processed

    def _release(self, worker: ProcessPoolExecutor) -> None:
        if worker in self._busy:  # not stopped meanwhile
            self._busy.remove(worker)
            self._idle.append(worker)


def _start() -> ProcessPoolExecutor:
    """A pool of one: what breaks a pool breaks all that is in it."""
    return ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn"), initializer=_limit, max_tasks_per_child=FILES_BETWEEN_RESTARTS
    )


def _end(worker: ProcessPoolExecutor) -> None:
    processes = list((worker._processes or {}).values())
    worker.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()


def _limit() -> None:
    """In the child: Ctrl-C is the parent's affair; memory and time end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _work(source: Path, target: Path, thumbnail: Path, extension: str) -> Processed:
    from x18.media.images import process_image
    from x18.media.videos import process_video

    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT_S)  # SIGALRM ends a child that hangs in a decoder
    try:
        kind = KINDS[extension]
        work: Callable[..., Processed] = process_video if kind.type == "video" else process_image
        return work(source, target, thumbnail, kind)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
