"""``x18 doctor``: what it finds, what it advises, and how it exits."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis.asyncio import Redis

from tests.databases import new_database
from tests.runtime.test_serve import environment, free_port
from tests.server import Server
from x18.runtime.checkup import check_clock, check_database, check_redis
from x18.runtime.embedded import Servers, embedded_servers
from x18.runtime.machine import check_settings
from x18.settings import EXAMPLE_SECRETS, read_settings

X18 = [sys.executable, "-m", "x18"]


def examine(folder: Path, **settings: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code and the findings by name."""
    done = subprocess.run(
        [*X18, "doctor", "--json"], cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return done.returncode, {finding["name"]: finding for finding in json.loads(done.stdout)}


def test_all_is_well(tmp_path: Path, servers: Servers) -> None:
    code, found = examine(
        tmp_path,
        DATABASE_URL=str(servers.database_url),
        REDIS_URL=str(servers.redis_url),
        SERVER_PORT=str(free_port()),
        SERVER_ENV="production",
        JWT_ACCESS_SECRET="a" * 48,
        JWT_REFRESH_SECRET="b" * 48,
        METRICS_TOKEN="c" * 48,
    )

    assert code == 0
    assert {finding["state"] for name, finding in found.items() if name not in ("disk", "files")} == {"ok"}
    assert set(found) == {
        "settings",
        "database",
        "connections",
        "migrations",
        "clock",
        "redis",
        "disk",
        "files",
        "port",
    }
    assert found["database"]["found"].startswith("PostgreSQL 18.")
    assert found["redis"]["found"].startswith("Valkey 9.")


def test_every_fault_comes_with_advice_and_without_passwords(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with socket.create_server(("0.0.0.0", 0)) as taken:
        code, found = examine(
            tmp_path,
            DATABASE_URL=f"postgresql://me:very-secret@127.0.0.1:{free_port()}/x",
            REDIS_URL=f"redis://:very-secret@127.0.0.1:{free_port()}",
            SERVER_PORT=str(taken.getsockname()[1]),
            STORAGE_PATH=str(tmp_path / "file" / "storage"),
        )

    assert code == 1
    failed = {name: finding for name, finding in found.items() if finding["state"] == "failed"}
    assert set(failed) == {"database", "redis", "disk", "port"}
    assert all(finding["advice"] for finding in failed.values())
    assert "very-secret" not in json.dumps(found)
    assert "DATABASE_URL" in failed["database"]["advice"]
    assert "STORAGE_PATH" in failed["disk"]["advice"]


def test_wrong_settings_are_findings_too(tmp_path: Path) -> None:
    code, found = examine(tmp_path, SERVER_PORT="many")

    assert code == 1
    assert found["settings"]["advice"].startswith("SERVER_PORT is 'many'")


def test_every_weak_secret_is_named() -> None:
    findings = check_settings(read_settings({"JWT_ACCESS_SECRET": "x" * 40}))

    assert [finding.found for finding in findings if finding.name == "secrets"] == [
        "JWT_REFRESH_SECRET is not set, or is the example's"
    ]
    assert all("SERVER_ENV=production" in finding.advice for finding in findings if finding.name == "secrets")


def test_secrets_that_a_server_makes_itself_are_no_warning(tmp_path: Path) -> None:
    for set_ones, told in (
        ({}, "JWT_ACCESS_SECRET and JWT_REFRESH_SECRET not set"),
        ({"JWT_ACCESS_SECRET": "a" * 48}, "JWT_REFRESH_SECRET not set"),
    ):
        _, found = examine(tmp_path, SERVER_PORT=str(free_port()), **set_ones)
        assert found["secrets"]["state"] == "ok"
        assert found["secrets"]["found"] == f"{told}: x18 serve makes its own, kept in storage/secrets.json"


def test_published_secrets_are_a_warning_where_somebody_set_them(tmp_path: Path) -> None:
    _, found = examine(tmp_path, SERVER_PORT=str(free_port()), **EXAMPLE_SECRETS)

    assert found["secrets"]["state"] == "warning"


def test_a_server_at_the_port_is_known(tmp_path: Path, server: Server) -> None:
    port = server.url.rpartition(":")[2]

    code, found = examine(
        tmp_path,
        DATABASE_URL=server.database_url,
        REDIS_URL=server.redis_url,
        SERVER_HOST="127.0.0.1",
        SERVER_PORT=port,
    )

    assert (code, found["port"]["found"]) == (0, f"{port}: X18 runs there")


def test_without_servers_the_embedded_ones_are_named(tmp_path: Path) -> None:
    code, found = examine(tmp_path, SERVER_PORT=str(free_port()))

    assert code == 0
    assert found["embedded"]["state"] == "ok"
    assert not (tmp_path / "storage" / "postgres").exists()


@pytest.mark.parametrize(
    ("make", "found", "advice"),
    [
        (lambda storage: storage.with_name("two\nlines"), "has a control character", "STORAGE_PATH"),
        (lambda storage: half_made(storage), "contains files but no database", "Move it elsewhere"),
    ],
)
def test_a_start_that_would_fail_is_told(tmp_path: Path, make: Callable[[Path], Path], found: str, advice: str) -> None:
    code, findings = examine(tmp_path, SERVER_PORT=str(free_port()), STORAGE_PATH=str(make(tmp_path / "storage")))

    assert (code, findings["embedded"]["state"]) == (1, "failed")
    assert found in findings["embedded"]["found"] + findings["embedded"]["advice"]
    assert advice in findings["embedded"]["advice"]


def half_made(storage: Path) -> Path:
    (storage / "postgres").mkdir(parents=True)
    (storage / "postgres" / "notes.txt").write_text("mine")
    return storage


async def test_a_redis_that_would_refuse_writes_is_a_warning(tmp_path: Path) -> None:
    with embedded_servers(tmp_path, postgres=False, redis=True) as servers:
        (well,) = await check_redis(str(servers.redis_url))
        async with Redis.from_url(str(servers.redis_url)) as redis:
            await redis.config_set("maxmemory-policy", "noeviction")
        (found,) = await check_redis(str(servers.redis_url))

    assert (well.state, found.state) == ("ok", "warning")
    assert "maxmemory-policy noeviction" in found.found
    assert "allkeys-lru" in found.advice


async def test_a_database_that_takes_no_writes_is_found(servers: Servers) -> None:
    url = f"{servers.database_url}&options=-c%20default_transaction_read_only%3Don"
    found = await check_database(url)

    assert (found[0].name, found[0].state) == ("database", "failed")
    assert "takes no writes" in found[0].found


def test_people_get_a_table(tmp_path: Path) -> None:
    done = subprocess.run(
        [*X18, "doctor"],
        cwd=tmp_path,
        env=environment(REDIS_URL="redis://127.0.0.1:9"),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert "✗  redis" in done.stdout
    assert "→ Start Redis or Valkey" in done.stdout


async def test_migrations_to_come_and_missing_databases_are_told(servers: Servers) -> None:
    async with new_database(servers) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("DELETE FROM migration WHERE id = (SELECT max(id) FROM migration)")
        await connection.close()
        findings = {finding.name: finding for finding in await check_database(url)}
        assert (findings["migrations"].state, findings["migrations"].found) == ("warning", "1 to apply")

    (gone,) = await check_database(url)
    assert (gone.state, gone.advice) == ("failed", "Create it, or set DB_NAME to one that exists.")


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (5, "warning"), (20, "failed")])
async def test_a_clock_that_is_wrong_is_told(servers: Servers, seconds: int, state: str) -> None:
    """The database's answer is moved by a function of the same name that is found first."""
    async with new_database(servers) as url:
        connection = await asyncpg.connect(url)
        await connection.execute(
            f"""CREATE SCHEMA moved;
                CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
                    'SELECT pg_catalog.clock_timestamp() + interval ''{seconds} seconds''';
                ALTER ROLE postgres IN DATABASE {urlsplit(url).path[1:]}
                    SET search_path = moved, pg_catalog, public"""
        )
        await connection.close()
        (found,) = await check_clock(url)

    assert found.state == state, found


def test_few_files_are_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -n 256; {sys.executable} -m x18 doctor --json"],
        cwd=tmp_path,
        env=environment(SERVER_PORT=str(free_port())),
        capture_output=True,
        text=True,
        timeout=60,
    )
    files = next(finding for finding in json.loads(done.stdout) if finding["name"] == "files")

    assert (done.returncode, files["state"]) == (0, "warning")
    assert "LimitNOFILE" in files["advice"]
