"""The limit of open files, and so of connections, of a process."""

import resource
from contextlib import suppress
from typing import Final

MOST: Final = 1_048_576
"""The limit that is asked for where the hard one is infinite, which some systems refuse."""


def raise_file_limit() -> None:
    """Use what the system grants: the soft limit, often 1,024, exists for programs that use ``select``, which X18 does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def file_limit() -> int:
    """The soft limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else soft
