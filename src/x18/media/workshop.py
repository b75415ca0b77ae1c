"""Decoding in processes of their own: a decoder that dies, hangs or eats memory takes nothing with it."""

import asyncio
import multiprocessing
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
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
FILES_BETWEEN_RESTARTS: Final = 200


class Workshop:
    """Processes that turn uploads into files to be served. Started at the first upload."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0

    async def process(self, source: Path, target: Path, thumbnail: Path, extension: str) -> Processed:
        """Check and write anew.

        Raises:
            BadInput: the file is not what it says, or cannot be taken.
            Unavailable: too many wait.
        """
        if self._waiting >= WAITING:
            raise Unavailable("Too many uploads at once; try again in a moment.", retry_after_s=5)
        self._waiting += 1
        try:
            async with asyncio.timeout(TIME_LIMIT_S * 2):
                return await asyncio.get_running_loop().run_in_executor(
                    self._started(), _work, source, target, thumbnail, extension
                )
        except Rejected as error:
            raise BadInput(str(error), code="bad_media") from error
        except (BrokenProcessPool, TimeoutError, MemoryError) as error:
            self.stop()
            raise BadInput("The file cannot be decoded within reasonable time and memory.", code="bad_media") from error
        finally:
            self._waiting -= 1

    def stop(self) -> None:
        """End the processes."""
        pool, self._pool = self._pool, None
        if pool is not None:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                with suppress(ProcessLookupError):
                    process.terminate()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                WORKERS,
                multiprocessing.get_context("spawn"),
                initializer=_limit,
                max_tasks_per_child=FILES_BETWEEN_RESTARTS,
            )
        return self._pool


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
