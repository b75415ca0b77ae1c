"""The process in which files are worked on. It reads jobs from its standard input, forks a child in a box for each, and answers.

A child sees one file and ends with it, so that a decoder that was taken over by one upload never meets another; forking saves it
the second that importing the decoders takes. This process itself never looks into a file.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from x18.media import box
from x18.media.results import Answer, Job, Processed, Rejected, Told

MOST_TOLD: Final = 4096
"""A child's answer has so many bytes at most."""

NICE: Final = 10
"""Requests and delivery go first."""

BOOT: Final = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from x18.media.bench import main; main()"

Work = Callable[[Path], Processed]
Choose = Callable[[str], Work]
"""The work for a kind of file. It imports all that the work needs: in its box nothing can be imported any more."""


def command(choose: str) -> list[str]:
    """The command that starts a bench for a ``Choose``, named as ``module:name``. To be run with an empty environment."""
    return [sys.executable, "-I", "-c", BOOT, json.dumps(sys.path), choose, str(os.getpid())]


def main() -> None:
    """Work until the parent closes the pipe, or is gone."""
    _, _, named, parent = sys.argv
    box.end_with(int(parent))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    module, _, name = named.partition(":")
    choose: Choose = getattr(import_module(module), name)
    for line in sys.stdin.buffer:
        answer = _answer(choose, msgspec.json.decode(line, type=Job))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


def _answer(choose: Choose, job: Job) -> Answer:
    work = choose(job.extension)
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _work_in_box(work, job, parent, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read(MOST_TOLD)
    os.kill(child, signal.SIGKILL)  # it has said what it had to say; what else it does is not wanted
    _, _, used = os.wait4(child, 0)
    return Answer(_read(told), used.ru_utime + used.ru_stime)


def _read(told: bytes) -> Told | None:
    try:
        return msgspec.json.decode(told, type=Told)
    except msgspec.DecodeError:  # it died before, or says what it should not
        return None


def _work_in_box(work: Work, job: Job, parent: int, writing: int) -> NoReturn:
    """In the child."""
    with suppress(BaseException):
        os.dup2(writing, 1)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        lacking = box.enter(Path(job.folder), parent, job.cpu_s)
        os.write(1, msgspec.json.encode(_told(work, job, lacking))[:MOST_TOLD])
    os._exit(0)


def _told(work: Work, job: Job, lacking: list[str]) -> Told:
    try:
        return Told(processed=work(Path()), lacking=lacking)
    except Rejected as error:
        return Told(rejected=str(error)[:500], lacking=lacking)
    except OSError as error:
        return Told(errno=error.errno, lacking=lacking)
