"""A program's first moments: become its user, end with the process that started us, and then be the program.

Run as a script of its own, ``launcher.py SIGNAL PARENT UID:GID|- PROGRAM [ARGUMENT …]``: code between fork and exec in a process
with threads may deadlock, so nothing of this can be done there.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Never returns."""
    number, parent, who, program = sys.argv[1:5]
    if who != "-":
        uid, gid = (int(part) for part in who.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":  # after setuid, which would forget it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != int(parent):  # it is gone already
            sys.exit(1)
    os.umask(0o077)
    os.execv(program, sys.argv[4:])  # noqa: S606  # no shell is the point


if __name__ == "__main__":
    main()
