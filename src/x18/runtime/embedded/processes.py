"""Programs that end with us, whatever ends us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

LAUNCHER: Final = Path(__file__).with_name("launcher.py")
POLL_S: Final = 0.02
KEPT_LOG_BYTES: Final = 10 * 1024 * 1024
MAX_REASON: Final = 300


class StartError(Exception):
    """Why the process cannot start, in one line that says what to do."""


class SystemUser(NamedTuple):
    """A user of this machine, as which a program runs."""

    name: str
    uid: int
    gid: int


def launch(
    program: Path,
    arguments: Sequence[str],
    *,
    folder: Path,
    log: Path,
    user: SystemUser | None = None,
    end_with: signal.Signals,
    environment: Mapping[str, str],
) -> "subprocess.Popen[bytes]":
    """Start a program in ``folder``, with its output at the end of ``log``; Ctrl-C in our terminal does not reach it.

    The kernel sends it ``end_with`` as soon as this process is gone (Linux); ``user`` is for root, who hands it over.
    """
    who = [] if user is None else [f"{user.uid}:{user.gid}"]
    command = [sys.executable, "-I", "-S", str(LAUNCHER), str(int(end_with)), str(os.getpid()), *(who or ["-"])]
    _keep_short(log)
    with log.open("ab") as output:
        return subprocess.Popen(
            [*command, str(program), *arguments],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(process: "subprocess.Popen[bytes]", politely: signal.Signals, patience_s: float) -> None:
    """Ask the process to end, and kill it when it has not within that time."""
    process.send_signal(politely)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_leftover(pid: int, folder: Path, politely: signal.Signals, patience_s: float) -> None:
    """End the process with this number that an X18 which was killed left at work in ``folder``, if it still is there."""
    deadline = time.monotonic() + patience_s
    asked = False
    while _works_in(pid, folder):
        with suppress(ProcessLookupError):
            if not asked:
                os.kill(pid, politely)
                asked = True
            elif time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_S)


def _works_in(pid: int, folder: Path) -> bool:
    """Whether the process lives and its working folder is this one. Numbers of processes are used again."""
    place = Path(f"/proc/{pid}/cwd")
    try:
        if Path("/proc/self/cwd").exists():
            return folder.exists() and place.samefile(folder)
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def reason_in(log: Path, since: int, *signs: str) -> str:
    """The last line after byte ``since`` of a log that holds one of the signs, or the last line at all."""
    try:
        with log.open("rb") as file:
            file.seek(since)
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    told = [line.strip() for line in lines if line.strip()]
    wanted = [line for line in told if any(sign in line for sign in signs)] or told
    return wanted[-1][-MAX_REASON:] if wanted else ""


def size_of(log: Path) -> int:
    """The length of the log in bytes."""
    return log.stat().st_size if log.exists() else 0


def _keep_short(log: Path) -> None:
    if size_of(log) > KEPT_LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.old"))
