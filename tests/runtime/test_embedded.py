"""Embedded servers: folders with odd names, other people of the machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from x18.runtime.embedded import Servers, StartError, embedded_servers, find_running, folders
from x18.runtime.embedded.postgres import find_programs

ODD = """it's "x18" a&b;c|d $HOME `id` back\\slash a,b 50% #tag?x=1 *star?[a-z] ~ (x) {y} !z <v>"""
LONG = "a-folder-with-quite-a-long-name/" * 5
START = """
import sys
from pathlib import Path
from x18.runtime.embedded import StartError, embedded_servers
try:
    with embedded_servers(Path(sys.argv[1]), postgres=True, redis=True):
        print("up", flush=True)
        sys.stdin.read()
except StartError as error:
    sys.exit(str(error))
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")


def start(folder: Path) -> "subprocess.Popen[str]":
    """A process that runs both servers until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", START, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def start_up(folder: Path) -> "subprocess.Popen[str]":
    """The same, once both servers are up; fails with what was said where they do not come."""
    process = start(folder)
    assert process.stdout
    if process.stdout.readline() != "up\n":
        raise AssertionError(process.communicate()[1])
    return process


def must_start(folder: Path) -> None:
    """A start that works, or this test fails with what was said."""
    process = start(folder)
    out, err = process.communicate("", timeout=120)
    assert (process.returncode, out) == (0, "up\n"), err


def processes_in(folder: Path) -> list[psutil.Process]:
    place = str(folder.resolve())
    return [one for one in psutil.process_iter(["cwd"]) if (one.info["cwd"] or "").startswith(place)]


def wait_until_gone(folder: Path) -> None:
    psutil.wait_procs(processes_in(folder), timeout=60)
    assert [process.cmdline() for process in processes_in(folder)] == []


def socket_folder_of(servers: Servers) -> Path:
    return Path(parse_qs(urlsplit(str(servers.database_url)).query)["host"][0])


async def use(servers: Servers) -> None:
    connection = await asyncpg.connect(servers.database_url)
    assert await connection.fetchval("SELECT current_database()") == "x18_backend"
    await connection.close()
    redis = Redis.from_url(str(servers.redis_url))
    assert await redis.ping()
    await redis.aclose()


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "storage"
    yield folder
    wait_until_gone(folder)


@pytest.mark.parametrize(
    "name",
    [
        "my x18",
        ODD,
        "-dash",
        "mü_ドル",
        os.fsdecode(b"no utf-8 \xff\xfe"),
        "l" * 200,
        LONG,
    ],
)
async def test_any_name_of_a_folder_will_do(storage: Path, name: str) -> None:
    folder = storage / name
    with embedded_servers(folder, postgres=True, redis=True) as servers:
        await use(servers)
        assert find_running(folder) == servers
    assert find_running(folder) is None


def test_a_name_that_postgres_cannot_keep_is_told_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(StartError, match="control character"),
        embedded_servers(tmp_path / "two\nlines", postgres=True, redis=True),
    ):
        pass


async def test_after_everything_was_killed_at_once_a_start_works_at_once(storage: Path) -> None:
    first = start_up(storage)
    for process in [psutil.Process(first.pid), *processes_in(storage)]:
        with suppress(psutil.NoSuchProcess):  # the first one's end ends the others
            process.kill()
    first.communicate()
    with embedded_servers(storage, postgres=True, redis=True) as servers:
        await use(servers)


def test_servers_end_with_the_process_that_started_them_however_that_ends(storage: Path) -> None:
    first = start_up(storage)
    assert processes_in(storage)
    first.kill()
    first.communicate()
    wait_until_gone(storage)


async def test_a_folder_that_was_moved_starts(storage: Path, tmp_path: Path) -> None:
    first = start_up(storage)
    first.kill()
    first.communicate()
    moved = tmp_path / "moved"
    storage.rename(moved)
    with embedded_servers(moved, postgres=True, redis=True) as servers:
        await use(servers)


async def test_a_number_that_another_process_has_now_does_not_matter(storage: Path) -> None:
    with embedded_servers(storage, postgres=True, redis=True):
        pass
    stale = f"{os.getpid()}\n{storage}/postgres\n1\n5432\n/tmp\n\n0 0\nready\n"
    (storage / "postgres" / "postmaster.pid").write_text(stale)
    (storage / "valkey" / "valkey.pid").write_text(f"{os.getpid()}\n")
    with embedded_servers(storage, postgres=True, redis=True) as servers:
        await use(servers)


def test_no_room_is_told_before_anything_is_made_or_started(storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(folders, "LEAST_FREE", 2**60)
        with (
            pytest.raises(StartError, match=r"free for .* a new PostgreSQL needs .*: free space, or set STORAGE_PATH"),
            embedded_servers(storage, postgres=True, redis=False),
        ):
            pass
    assert not (storage / "postgres").exists()
    must_start(storage)
    monkeypatch.setattr(folders, "LEAST_TO_START", 2**60)
    with (
        pytest.raises(StartError, match=r"free for .* and PostgreSQL needs .*: free space\.$"),
        embedded_servers(storage, postgres=True, redis=False),
    ):
        pass


def test_a_failing_initdb_is_told_with_its_reason(storage: Path) -> None:
    command = ["/bin/bash", "-c", 'ulimit -f 64; exec "$@"', "limited", sys.executable, "-c", START, str(storage)]
    failed = subprocess.run(command, input="", capture_output=True, text=True, timeout=120)
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1, failed.stderr
    assert "PostgreSQL cannot make its folder (" in failed.stderr
    assert "postgres.log" in failed.stderr
    must_start(storage)


def test_files_that_are_no_database_are_left_alone_and_told(storage: Path) -> None:
    kept = storage / "postgres" / "notes.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    with (
        pytest.raises(StartError, match="no database: move it elsewhere"),
        embedded_servers(storage, postgres=True, redis=False),
    ):
        pass
    assert kept.read_text() == "mine"


@only_root
@pytest.mark.parametrize("name", ["short", LONG])
def test_other_users_of_the_machine_reach_neither_server(storage: Path, name: str) -> None:
    with embedded_servers(storage / name, postgres=True, redis=True) as servers:
        for place in (f"{socket_folder_of(servers)}/.s.PGSQL.5432", unquote(urlsplit(str(servers.redis_url)).path)):
            assert Path(place).is_socket()
            theirs = subprocess.run(["/bin/ls", place], capture_output=True, text=True, timeout=60, user="nobody")
            assert "Permission denied" in theirs.stderr, (theirs.stdout, theirs.stderr)


@only_root
def test_the_kernel_vouches_for_who_connects_to_postgres(storage: Path) -> None:
    """Whoever gets past the folder of the socket, as by a careless chmod, is still not let in."""
    with embedded_servers(storage, postgres=True, redis=False) as servers:
        sockets = socket_folder_of(servers)
        for folder in (sockets, *sockets.parents):
            folder.chmod(folder.stat().st_mode | 0o755)
        (sockets / ".s.PGSQL.5432").chmod(0o777)
        psql = [
            str(find_programs() / "psql"),
            "-h",
            str(sockets),
            "-U",
            "postgres",
            "-d",
            "x18_backend",
            "-c",
            "SELECT 1",
        ]
        asked = subprocess.run(psql, capture_output=True, text=True, timeout=60, user="nobody", group="nogroup", env={})
        sockets.chmod(0o700)
        assert "Peer authentication failed" in asked.stderr, asked.stderr


@only_root
def test_postgres_runs_with_the_rights_of_its_user_only(storage: Path) -> None:
    with embedded_servers(storage, postgres=True, redis=False):
        server = next(one for one in processes_in(storage) if "postgres" in one.name())
        assert 0 not in (*server.uids(), *server.gids())
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert "Groups:\t \n" in status or "Groups:\t\n" in status, status


@only_root
def test_a_folder_for_sockets_that_somebody_else_made_is_refused(
    storage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    trap = tmp_path / "x18-0"
    trap.mkdir(mode=0o700)
    shutil.chown(trap, "nobody")
    with (
        pytest.raises(StartError, match="not safe to use"),
        embedded_servers(storage / "a b", postgres=False, redis=True),
    ):
        pass
    trap.rmdir()
    trap.symlink_to("/tmp")
    with (
        pytest.raises(StartError, match="not safe to use"),
        embedded_servers(storage / "a b", postgres=True, redis=False),
    ):
        pass
