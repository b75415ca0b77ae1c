"""Decoding in processes of their own: a decoder that dies, hangs or eats memory takes nothing with it."""

import asyncio
import errno
import logging
import os
import signal
import stat
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from x18.core.errors import BadInput
from x18.core.shares import Budget
from x18.media import box
from x18.media.bench import command
from x18.media.kinds import KINDS
from x18.media.results import Answer, Job, Processed
from x18.media.turns import Turns

logger = logging.getLogger("x18.media")

WORKERS: Final = 2
WAITING: Final = 64

LEAST_CPU_S: Final = 4
CPU_S_PER_MIB: Final = 2
"""A file that is small has no need of long: 36 bytes can ask for forty million pixels."""

VIDEO_CPU_S: Final = 20
PATIENCE_S: Final = 90.0
"""Of the clock, as a busy machine gives little of a processor to what is nice."""

FILES_BETWEEN_RESTARTS: Final = 1_000

DECODING_S: Final = 60.0
DECODING_S_PER_S: Final = 0.25
"""Work of the decoders for a user at once, and in the long run; a network has five times as much."""

NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a full disk, which are not the file's fault."""

UNREADABLE: Final = "The file cannot be decoded within reasonable time and memory."


class Workshop:
    """Processes that turn uploads into files to be served, each for one file at a time. Started when they are needed."""

    def __init__(self, choose: str = "x18.media.decoding:choose", *, enforced: bool = True) -> None:
        """``choose`` names a ``bench.Choose``. Not ``enforced``, nobody's seconds end: for load tests."""
        self._command = command(choose)
        self._turns = Turns(WORKERS, WAITING)
        self._seconds = Budget("decoding", burst=DECODING_S, per_second=DECODING_S_PER_S, enforced=enforced)
        self._idle: list[_Bench] = []
        self._busy: set[_Bench] = set()
        self._told: list[str] | None = None

    def announce(self) -> None:
        """Say in the log how decoders are held on this machine."""
        self._log(box.missing())

    def check(self, network: str, user_id: UUID) -> None:
        """Nothing while this user may have more files decoded.

        Raises:
            TooManyRequests: processors were busy for it long enough.
        """
        self._seconds.check(network, user_id)

    async def process(self, folder: Path, extension: str, network: str, user_id: UUID) -> Processed:
        """Check ``source`` in a folder of its own and write ``target`` and ``thumbnail`` there. A file that breaks its process
        harms none that is being processed beside it.

        Raises:
            BadInput: the file is not what it says, or cannot be taken.
            Unavailable: too many wait, most of them of the same network.
            OSError: there is no room.
        """
        source = folder / "source"
        job = Job(str(folder), extension, _seconds_for(extension, source.stat().st_size))
        async with self._turns.take(network, user_id):
            answer = await self._charged(job, network, user_id)
        told = answer.told
        if told is None:
            raise BadInput(UNREADABLE, code="bad_media")
        self._log(told.lacking)
        if told.errno in NO_ROOM:
            raise OSError(told.errno, os.strerror(told.errno))
        if told.processed is None or not _are_files(folder / "target", folder / "thumbnail"):
            raise BadInput(told.rejected or UNREADABLE, code="bad_media")
        return told.processed

    async def stop(self) -> None:
        """End the processes."""
        for bench in (*self._idle, *self._busy):
            await bench.end()
        self._idle.clear()
        self._busy.clear()

    async def _charged(self, job: Job, network: str, user_id: UUID) -> Answer:
        loop = asyncio.get_running_loop()
        began, cpu_s = loop.time(), None
        try:
            answer = await self._run(job)
            cpu_s = answer.cpu_s
        finally:  # who leaves pays too
            self._seconds.charge(min(loop.time() - began, job.cpu_s) if cpu_s is None else cpu_s, network, user_id)
        return answer

    async def _run(self, job: Job) -> Answer:
        bench = self._idle.pop() if self._idle else _Bench(self._command)
        self._busy.add(bench)
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await bench.run(job)
        except (TimeoutError, EOFError, ConnectionError):
            await self._discard(bench)
            return Answer(None, float(job.cpu_s))
        except BaseException:  # it is still at a file that nobody waits for
            await self._discard(bench)
            raise
        if bench.files >= FILES_BETWEEN_RESTARTS:
            await self._discard(bench)
        elif bench in self._busy:  # not stopped meanwhile
            self._busy.remove(bench)
            self._idle.append(bench)
        return answer

    async def _discard(self, bench: "_Bench") -> None:
        self._busy.discard(bench)
        await bench.end()

    def _log(self, lacking: list[str]) -> None:
        """Say once how decoders are held, and again where it turns out to be otherwise."""
        if lacking == self._told:
            return
        self._told = lacking
        if lacking:
            logger.warning("decoders of uploads are held by limits of time and memory, but %s", "; ".join(lacking))
        else:
            logger.debug("decoders of uploads have no rights, no network and no files but their own")


class _Bench:
    """One process, and what it is asked."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: Process | None = None
        self.files = 0

    async def run(self, job: Job) -> Answer:
        """Have a file worked on.

        Raises:
            EOFError, ConnectionError: the process is gone.
        """
        process = self._process or await self._start()
        self.files += 1
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(job) + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise EOFError
        return msgspec.json.decode(line, type=Answer)

    async def end(self) -> None:
        """End the process, and with it the child that it has."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await asyncio.shield(self._process.wait())

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, start_new_session=True
        )
        return self._process


def _seconds_for(extension: str, size: int) -> int:
    if KINDS[extension].type == "video":
        return VIDEO_CPU_S
    return LEAST_CPU_S + CPU_S_PER_MIB * size // 1024**2


def _are_files(*paths: Path) -> bool:
    """Whether these are files, of which there is no other name: what a decoder that was taken over may have put there."""
    with suppress(OSError):
        seen = [path.lstat() for path in paths]
        return all(stat.S_ISREG(one.st_mode) and one.st_nlink == 1 for one in seen)
    return False
