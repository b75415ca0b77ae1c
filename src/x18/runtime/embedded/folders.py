"""The storage folder, which one X18 at a time uses, and folders for sockets that other users of the machine cannot reach."""

import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from x18.runtime.embedded.processes import StartError, SystemUser

MAX_SOCKET_PATH: Final = 100
"""Unix sockets have paths of at most 107 bytes (``sun_path``)."""

SOCKET_NAME_ROOM: Final = len("/.s.PGSQL.5432.lock")

PLAIN: Final = re.compile(r"[\w./+@:=~-]+")
"""Paths that PostgreSQL's list of socket folders, and addresses, hold as they are."""

LEAST_FREE: Final = 256 * 1024 * 1024
"""A new PostgreSQL writes about 60 MB at once; without room for more it would stop soon after."""

LEAST_TO_START: Final = 32 * 1024 * 1024
"""One that was there before makes good what was not written yet, in files of 16 MiB."""


@contextmanager
def only_user_of(storage: Path) -> Iterator[None]:
    """Hold the folder. The lock is the kernel's, so that it ends with the process however that ends.

    Raises:
        StartError: it is in use, or cannot be written.
    """
    check_name(storage)
    try:
        storage.mkdir(parents=True, exist_ok=True)
        lock = (storage / ".lock").open("w")
    except OSError as error:
        raise StartError(
            f"Cannot write to {storage} ({error.strerror}): set STORAGE_PATH to a folder that you may write to."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(f"Another x18 uses {storage}: stop it, or set STORAGE_PATH to another folder.") from error
        yield


def is_in_use(storage: Path) -> bool:
    """Whether an X18 holds the folder now."""
    try:
        lock = (storage / ".lock").open()
    except OSError:
        return False
    with lock, suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    return True


def check_room(storage: Path) -> None:
    """Nothing where PostgreSQL has room, to be made or to start.

    Raises:
        StartError: the disk is all but full.
    """
    is_new = not (storage / "postgres" / "PG_VERSION").exists()
    wanted = LEAST_FREE if is_new else LEAST_TO_START
    free = shutil.disk_usage(storage).free
    if free < wanted:
        raise StartError(
            f"Only {free / 1024**2:.0f} MiB are free for {storage}, and {'a new PostgreSQL' if is_new else 'PostgreSQL'} "
            f"needs {wanted // 1024**2}: free space{', or set STORAGE_PATH to another disk' if is_new else ''}."
        )


def socket_folder(folder: Path, owner: SystemUser | None = None) -> Path:
    """A folder for a server's socket, with mode 0700: the server's own, or one below the temporary folder where that path is too
    long or too odd. ``owner`` is whose it is if not ours.

    Raises:
        StartError: somebody else made the one below the temporary folder.
    """
    path = os.fsencode(folder)
    if len(path) + SOCKET_NAME_ROOM <= MAX_SOCKET_PATH and PLAIN.fullmatch(str(folder)) and folder.name.isprintable():
        return folder
    ours = Path(tempfile.gettempdir()) / f"x18-{os.geteuid()}"
    _make_own(ours, 0o711 if owner else 0o700)
    inner = ours / hashlib.sha256(path).hexdigest()[:16]
    _make_own(inner, 0o700, owner)
    return inner


def _make_own(folder: Path, mode: int, owner: SystemUser | None = None) -> None:
    """Make the folder, or see that the one that is there is safe: no link, ours, and closed to others."""
    uid = os.geteuid() if owner is None else owner.uid
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if owner is not None:
            os.chown(folder, owner.uid, owner.gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()) or found.st_mode & 0o022:
        raise StartError(
            f"{folder} is not safe to use, as another user made it: remove it, set TMPDIR to a folder of your own, "
            "or set STORAGE_PATH to a shorter path of plain letters."
        )
    if owner is not None and found.st_uid != owner.uid:
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(mode)


def check_name(storage: Path) -> None:
    """Nothing where PostgreSQL can keep the path, which it does as a line of a file.

    Raises:
        StartError: it cannot.
    """
    for path in (str(storage.absolute()), str(storage.resolve())):
        if any(ord(letter) < 32 or letter == "\x7f" for letter in path):
            raise StartError(
                f"The path of the storage folder has a control character: {path!r}: set STORAGE_PATH to another folder."
            )
