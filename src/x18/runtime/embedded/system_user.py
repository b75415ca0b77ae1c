"""The user as which PostgreSQL runs where X18 is started by root: PostgreSQL refuses to be root."""

import fcntl
import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import Final

from x18.runtime.embedded.processes import StartError, SystemUser

NAME: Final = "embedded_postgres"
COMMANDS: Final = (
    ("useradd", "--system", "--no-create-home", "--shell", "/bin/false", NAME),
    ("adduser", "-S", "-D", "-H", NAME),  # BusyBox
)


def system_user() -> SystemUser | None:
    """The user, added if it is not there; None where we are not root and need none.

    Raises:
        StartError: this machine lets us add none.
    """
    if os.geteuid() != 0:
        return None
    # Added twice at once the user would get another number, and the data of the first would be nobody's.
    with Path("/etc/passwd").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _find() or _add()
    return SystemUser(NAME, found.pw_uid, found.pw_gid)


def _find() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return None


def _add() -> pwd.struct_passwd:
    reason = "there is no useradd"
    for command in COMMANDS:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        except OSError:
            continue
        if (found := _find()) is not None:
            return found
        reason = done.stderr.strip() or f"{command[0]} ended with {done.returncode}"
    raise StartError(
        f"PostgreSQL does not run as root, and a user for it cannot be added ({reason}): start X18 as another user, "
        "or set DATABASE_URL to your own server."
    )


def let_in(user: SystemUser, storage: Path, programs: Path) -> None:
    """Let the user pass (not list) the folders above the data and the programs, read the programs, and keep data that it owns."""
    for folder in {*storage.parents, storage, *programs.parents}:
        _permit(folder, stat.S_IXOTH)
    install = programs.parent
    sample = install / "share"
    if not sample.stat().st_mode & stat.S_IROTH:
        for path in [install, *install.rglob("*")]:
            _permit(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))
    data = storage / "postgres"
    if data.is_dir() and data.stat().st_uid != user.uid:
        _give(data, user)


def _permit(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        path.chmod(mode | bits)


def _give(folder: Path, user: SystemUser) -> None:
    """Data that were copied or restored belong to whoever did that."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user.uid, user.gid, follow_symlinks=False)
