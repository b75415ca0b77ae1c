"""A box for a process that decodes a stranger's file: it may compute, and write into one folder, and nothing else.

Most of it is the kernel's (Linux), and each part is used where it is there: nobody's rights instead of root's, Landlock for files,
seccomp for system calls. What a process does without is told, for the log.
"""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, Final

from x18.media.syscalls import filter_program

NOBODY: Final = 65534
MEMORY_BYTES: Final = 2 * 1024**3
FILE_BYTES: Final = 16 * 1024**2
OPEN_FILES: Final = 32

PR_SET_PDEATHSIG: Final = 1
PR_GET_SECCOMP: Final = 21
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
SECCOMP_MODE_FILTER: Final = 2

CREATE_RULESET: Final = 444
ADD_RULE: Final = 445
RESTRICT_SELF: Final = 446
ASK_VERSION: Final = 1
PATH_BENEATH: Final = 1
RIGHTS_BY_VERSION: Final = {0: 0, 1: 13, 2: 14, 3: 15, 4: 15}
"""The number of rights over files that each version of Landlock knows; 16 from the fifth on."""

READ, WRITE, LIST, REMOVE, MAKE, TRUNCATE = 1 << 2, 1 << 1, 1 << 3, 1 << 5, 1 << 8, 1 << 14
NO_TCP: Final = 0b11
NO_SIGNALS_NOR_SOCKETS: Final = 0b11

_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def missing() -> list[str]:
    """Restrictions that this machine cannot put on a process, in words."""
    lacking = []
    if _landlock_version() < 1:
        lacking.append("files outside of its folder can be opened (no Landlock)")
    if filter_program() is None or _libc is None or _libc.prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0:
        lacking.append("the network and other processes can be reached (no seccomp)")
    return lacking


def end_with(parent: int) -> None:
    """Be killed as soon as the parent is gone, also if it is already."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def enter(folder: Path, parent: int, cpu_s: int) -> list[str]:
    """Close the box around this process, which has one thread and never leaves it. What could not be held, in words.

    The folder becomes the working directory: only names relative to it can be opened.
    """
    os.chdir(folder)
    _limit(cpu_s)
    is_user = _become_nobody()
    end_with(parent)  # a change of user takes it back
    if _libc is not None:
        _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    held = {
        "it runs as root": is_user,
        "files outside of its folder can be opened (no Landlock)": _hold_files(),
        "the network and other processes can be reached (no seccomp)": _hold_calls(),
    }
    return [words for words, is_held in held.items() if not is_held]


def _limit(cpu_s: int) -> None:
    limits = [
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ]
    if hasattr(resource, "RLIMIT_NPROC"):
        limits.append((resource.RLIMIT_NPROC, 0))  # nothing is started from here on, no thread either
    for limit, most in limits:
        _, hard = resource.getrlimit(limit)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))


def _become_nobody() -> bool:
    """Whether the process is no longer root, or never was. The folder is given to nobody, with what is in it."""
    if os.geteuid() != 0:
        return True
    try:
        for path in (Path(), *Path().iterdir()):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    except OSError:  # root of a container that may not change users
        return False
    return True


def _landlock_version() -> int:
    if _libc is None:
        return 0
    return max(0, int(_libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_VERSION)))


def _hold_files() -> bool:
    """Landlock: the working directory and what is below it, to be read and written; no other file, no TCP, no signals."""
    version = _landlock_version()
    if version < 1:
        return False
    rights = RIGHTS_BY_VERSION.get(version, 16)
    rules = _Ruleset((1 << rights) - 1, NO_TCP, NO_SIGNALS_NOR_SOCKETS)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _libc.syscall(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    folder = os.open(".", os.O_PATH | os.O_DIRECTORY)
    allowed = (READ | WRITE | LIST | REMOVE | MAKE | TRUNCATE) & ((1 << rights) - 1)
    rule = _PathBeneath(allowed, folder)
    added = _libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    held = added == 0 and bool(_libc.syscall(RESTRICT_SELF, ruleset, 0) == 0)
    os.close(folder)
    os.close(ruleset)
    return held


def _hold_calls() -> bool:
    """Seccomp: the system calls that computing, memory and open files take; all others fail."""
    code = filter_program()
    if _libc is None or code is None:
        return False
    program = _Program(len(code) // 8, code)
    return int(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)) == 0
