"""The command, as somebody starts it who has nothing but Python."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import jwt
import psutil
import pytest

from tests.server import TLS
from x18.runtime import serve
from x18.runtime.embedded import Servers
from x18.settings import EXAMPLE_SECRETS, read_settings

X18 = [sys.executable, "-m", "x18"]
DEADLINE_S = 40.0
SECRET = "a secret of a file that nobody else knows"


def environment(**settings: str) -> dict[str, str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DB_", "REDIS_", "SERVER_", "DATABASE_", "JWT_"))
    }
    return {**clean, "BCRYPT_COST": "4", **settings}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def start(folder: Path, port: int, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*X18, "serve", "--port", str(port), *arguments],
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2, verify=TLS).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("not healthy in time")


def wait_until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def workers_of(server: "subprocess.Popen[str]") -> set[int]:
    """The processes that serve, where these are several."""
    found = set()
    for child in psutil.Process(server.pid).children():
        with suppress(psutil.Error):  # it is just ending
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


def end_while_it_is_asked(worker: psutil.Process) -> None:
    """Whether it lives it is asked twice a second. Nobody must wait for the answer, which may take a starting process 30 s."""
    worker.suspend()
    time.sleep(0.7)
    worker.kill()


def is_signed_with(secret: str, answer: httpx.Response) -> bool:
    """Whether the access token of the answer is."""
    jwt.decode(answer.json()["access_token"], secret, algorithms=["HS256"], options={"verify_aud": False})
    return True


def processes_in(folder: Path) -> list[str]:
    """Processes that work below a folder."""
    return [
        " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["cwd", "cmdline"])
        if (process.info["cwd"] or "").startswith(str(folder))
    ]


def refused(folder: Path, *arguments: str, **settings: str) -> str:
    """What a start that must fail says: one line, exit code 1."""
    done = subprocess.run(
        [*X18, "serve", *arguments], cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGHUP])  # Ctrl-C, a closed terminal
def test_everything_starts_and_nothing_stays(tmp_path: Path, ending: signal.Signals) -> None:
    port = free_port()
    body = {"username": "second_start", "email": "second@example.com", "password": "SecurePass123"}
    (tmp_path / ".env").write_text(f"JWT_ACCESS_SECRET={SECRET}\n")

    first = start(tmp_path, port)
    wait_until_healthy(port)
    answer = httpx.post(f"http://127.0.0.1:{port}/api/auth/register", json=body, verify=TLS)
    assert answer.status_code == 201
    assert is_signed_with(SECRET, answer)
    os.killpg(first.pid, ending)
    out, err = first.communicate(timeout=90)
    assert (first.returncode, err) == (0, "")
    addresses = f"http://localhost:{port}  ws://localhost:{port}/ws"
    assert out == f"X18 is ready: {addresses}  (data in {tmp_path.resolve()}/storage; Ctrl-C stops it)\n"
    assert processes_in(tmp_path) == []

    second = start(tmp_path, port, "--workers", "2")
    wait_until_healthy(port)
    assert is_signed_with(SECRET, httpx.post(f"http://127.0.0.1:{port}/api/auth/login", json=body, verify=TLS))
    if ending == signal.SIGHUP:  # of a service with several processes: a reload
        before = workers_of(second)
        second.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers_of(second)) == 2 and not workers_of(second) & before)
        wait_until_healthy(port)
    else:
        end_while_it_is_asked(psutil.Process(min(workers_of(second))))
    os.killpg(second.pid, signal.SIGINT)
    out, err = second.communicate(timeout=90)
    assert second.returncode == 0, err
    assert "(2 processes; data in " in out
    assert processes_in(tmp_path) == []


def test_embedded_servers_are_for_one_server_and_its_commands_and_taken_over_when_it_is_killed(tmp_path: Path) -> None:
    port = free_port()
    first = start(tmp_path, port)
    wait_until_healthy(port)
    assert "Another x18 uses" in refused(tmp_path, "--port", "0")
    command = [*X18, "user", "create", "beside", "beside@example.com"]
    settings = environment(X18_PASSWORD="SecurePass123")
    made = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True, timeout=60)
    assert (made.returncode, made.stdout) == (0, "beside: created.\n"), made.stderr
    first.kill()
    first.communicate()
    second = start(tmp_path, port, LOG_LEVEL="warning")
    wait_until_healthy(port)
    body = {"username": "beside", "password": "SecurePass123"}
    assert httpx.post(f"http://127.0.0.1:{port}/api/auth/login", json=body, verify=TLS).status_code == 200
    second.terminate()
    _, err = second.communicate(timeout=90)

    assert (second.returncode, err) == (0, "")
    assert processes_in(tmp_path) == []


@pytest.mark.parametrize("content", [b"SERVER_PORT=\xff\xfe\n", b"SERVER_PORT=\0\n"])
def test_settings_that_are_no_text_are_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)

    assert refused(tmp_path).startswith("x18: The file .env cannot be read (")
    (tmp_path / ".env").write_bytes(b"X18_URL=\xff\n")
    client = subprocess.run([*X18, "tail"], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert (client.returncode, client.stderr.count("the file .env cannot be read")) == (2, 1)


@pytest.mark.parametrize("name", ["valkey", "postgres", "postgres.new", "valkey/valkey.sock"])
def test_what_stands_where_a_folder_or_socket_belongs_is_told(tmp_path: Path, name: str) -> None:
    place = tmp_path / "storage" / name
    place.parent.mkdir(parents=True)
    if name.endswith(".sock"):
        place.mkdir()
    else:
        place.write_text("mine")

    said = refused(tmp_path, "--port", "0")
    assert said.startswith(f"x18: Cannot use {place} ("), said
    assert "move it elsewhere" in said


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused(tmp_path, "--port", str(port)) == (
            f"x18: Port {port} is in use: stop what uses it, or choose another with --port."
        )


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    said = refused(tmp_path, "--port", "0", STORAGE_PATH=str(tmp_path / "file" / "storage"))

    assert said.startswith(f"x18: Cannot write to {tmp_path}/file/storage")
    assert "STORAGE_PATH" in said


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    port = str(free_port())

    said = refused(
        tmp_path, "--port", "0", DB_HOST="127.0.0.1", DB_PORT=port, DB_PASSWORD="very-secret", REDIS_HOST="127.0.0.1"
    )

    assert said.startswith(f"x18: PostgreSQL at 127.0.0.1:{port} does not answer")
    assert "very-secret" not in said


def test_bad_settings_and_weak_secrets_are_told(tmp_path: Path) -> None:
    assert (
        refused(tmp_path, SERVER_PORT="many") == "x18: SERVER_PORT is 'many': set it to a whole number from 0 to 65535."
    )
    done = subprocess.run(
        [*X18, "serve"], cwd=tmp_path, env=environment(SERVER_ENV="production"), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "JWT_ACCESS_SECRET is not set, or is the example's" in done.stderr


def test_migrate_is_safe_from_two_nodes_and_says_what_it_did(tmp_path: Path, servers: Servers) -> None:
    settings = environment(DATABASE_URL=str(servers.database_url), REDIS_URL=str(servers.redis_url))
    both = [
        subprocess.Popen([*X18, "migrate"], cwd=tmp_path, env=settings, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    assert [process.communicate(timeout=60)[0] for process in both] == ["The database is up to date.\n"] * 2
    assert [process.returncode for process in both] == [0, 0]


def test_an_idle_connection_is_closed_by_the_proxy_first(tmp_path: Path) -> None:
    config = serve._config(read_settings({"STORAGE_PATH": str(tmp_path)}), 1)

    assert config.timeout_keep_alive > 120, "Caddy's default; a request that meets our closing is lost"


def listening_on(port: int) -> set[str]:
    """The addresses at which something listens on this port."""
    return {one.laddr.ip for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr.port == port}


def test_a_server_without_settings_is_for_this_machine_and_has_secrets_of_its_own(tmp_path: Path) -> None:
    port = free_port()
    first = start(tmp_path, port)
    wait_until_healthy(port)
    assert listening_on(port) == {"127.0.0.1"}
    body = {"username": "kept", "email": "kept@example.com", "password": "SecurePass123"}
    answer = httpx.post(f"http://127.0.0.1:{port}/api/auth/register", json=body, verify=TLS)
    first.terminate()
    assert first.communicate(timeout=90)[1] == ""

    file = tmp_path / "storage" / "secrets.json"
    kept = json.loads(file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600
    assert all(len(secret) >= 32 for secret in kept.values())
    assert len(set(kept.values())) == 2
    assert is_signed_with(kept["JWT_ACCESS_SECRET"], answer)
    for example in EXAMPLE_SECRETS.values():
        with pytest.raises(jwt.InvalidSignatureError):
            is_signed_with(example, answer)

    second = start(tmp_path, port, "--workers", "2", "--host", "0.0.0.0")
    wait_until_healthy(port)
    me = httpx.get(
        f"http://127.0.0.1:{port}/api/users/me",
        headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
        verify=TLS,
    )
    assert me.status_code == 200, "the secrets stay, and all processes have the same"
    second.terminate()
    _, err = second.communicate(timeout=90)
    assert "X18 listens on 0.0.0.0, so whoever reaches this machine can use it" in err


def test_ready_is_said_when_health_agrees(tmp_path: Path) -> None:
    port = free_port()
    server = start(tmp_path, port, "--workers", "2")
    assert server.stdout
    assert server.stdout.readline().startswith("X18 is ready")
    assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=10, verify=TLS).status_code == 200
    server.terminate()
    assert server.wait(90) == 0
    server.communicate()


def test_a_migration_beside_a_running_server_uses_its_database(tmp_path: Path) -> None:
    port = free_port()
    server = start(tmp_path, port)
    wait_until_healthy(port)
    done = subprocess.run(
        [*X18, "migrate"], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )
    server.terminate()
    server.communicate(timeout=90)
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n"), done.stderr
