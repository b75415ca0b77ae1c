"""What Linux says of a process, and which processor it runs on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")

_processors = sorted(os.sched_getaffinity(0))
SERVERS = {_processors[0]}
OTHERS = set(_processors[1:]) or SERVERS
"""Servers have a processor to themselves, where there are two; the client and everything else use the others."""


def cpu_s(pid: int) -> float:
    """User and system time of all threads so far, to 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_kb(pid: int) -> int:
    """Proportional set size: what is shared with other processes counts in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@contextmanager
def on_server_processor() -> Iterator[None]:
    """Processes started in the block run on the servers' processor."""
    os.sched_setaffinity(0, SERVERS)
    try:
        yield
    finally:
        os.sched_setaffinity(0, OTHERS)
