"""What one sees of the command: in a terminal, and in a pipe."""

import io
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest

from tests.runtime.test_serve import environment
from x18.__main__ import COMMANDS, main

X18 = [sys.executable, "-m", "x18"]
NAMES = [name for group in COMMANDS.values() for name in group]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """What the command does, without a process for it."""
    said, warned = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(warned):
        try:
            code = main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), warned.getvalue())


def test_help_names_every_command_in_a_line_that_fits() -> None:
    shown = subprocess.run([*X18, "--help"], capture_output=True, text=True, timeout=60)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert [
        line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ") and "--" not in line
    ] == NAMES
    assert max(map(len, shown.stdout.splitlines())) <= 90


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_of_its_own(name: str) -> None:
    shown = run(name, "--help")

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"usage: x18 {name}")
    assert name == "migrate" or "examples:" in shown.stdout


def test_wrong_usage_is_2_and_says_what_there_is() -> None:
    assert (run().returncode, run("dance").returncode, run("user", "dance").returncode) == (2, 2, 2)
    assert "Run it:" in run().stderr
    for arguments in (
        ("serve", "--workers", "0"),
        ("serve", "--port", "70000"),
        ("tail", "--url", "ftp://x18.example"),
        ("tail", "--since", "garbage"),
    ):
        wrong = run(*arguments)
        assert (wrong.returncode, "Traceback" in wrong.stderr) == (2, False), arguments
        assert f"argument {arguments[1]}" in wrong.stderr
    assert "bench" in run("dance").stderr


def test_a_reader_that_has_enough_is_no_error() -> None:
    done = subprocess.run(
        ["/bin/bash", "-c", f"{sys.executable} -u -m x18 doctor --json | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(REDIS_URL="redis://127.0.0.1:9", DATABASE_URL="postgresql://127.0.0.1:9/x"),
    )

    assert (done.stdout.strip(), done.stderr) == ("141", "")


@contextmanager
def terminal() -> Iterator[tuple[int, Callable[[], str]]]:
    """A terminal's end for a program's standard error, and what was shown there once that ended."""
    ours, theirs = pty.openpty()
    shown = bytearray()

    def read() -> None:
        with suppress(OSError):  # the last program that held the other end is gone
            while piece := os.read(ours, 65_536):
                shown.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()

    def finish() -> str:
        reader.join(60)
        return shown.decode(errors="replace")

    try:
        yield theirs, finish
    finally:
        os.close(ours)


def test_long_work_is_shown_in_a_terminal_and_only_there(tmp_path: Path) -> None:
    with terminal() as (screen, finish):
        done = subprocess.run(
            [*X18, "migrate"], cwd=tmp_path, env=environment(TERM="xterm"), stdout=-1, stderr=screen, timeout=60
        )
        os.close(screen)
        shown = finish()
    assert done.returncode == 0
    assert b"migrations applied" in done.stdout
    assert "starting PostgreSQL and Valkey" in shown
    assert "migrating the database" in shown

    piped = subprocess.run(
        [*X18, "migrate"], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, "The database is up to date.\n", "")

    with terminal() as (screen, finish):
        server = subprocess.Popen(
            [*X18, "serve", "--port", "0"], cwd=tmp_path, env=environment(TERM="xterm"), stdout=-1, stderr=screen
        )
        os.close(screen)
        assert server.stdout
        assert server.stdout.readline().startswith(b"X18 is ready")
        server.send_signal(signal.SIGINT)
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
        server.communicate()
        told = finish()
    assert "Stopping. Press Ctrl-C again" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("", "http://localhost:8080"),
        ("SERVER_PORT=8099", "http://localhost:8099"),
        ("SERVER_PORT=127.0.0.1:8099", "http://localhost:8099"),
        ("SERVER_PORT=8099\nX18_URL=https://x18.example", "https://x18.example"),
    ],
)
def test_the_server_is_the_one_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, url: str
) -> None:
    (tmp_path / ".env").write_text(setting)
    monkeypatch.chdir(tmp_path)

    assert url in run("tail", "--help").stdout


def test_a_password_that_is_not_given_is_asked_for_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.delenv("X18_PASSWORD", raising=False)
    shown = run("tail", "--user", "somebody")

    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr == "x18: No password was given: type it, pipe it in, or set X18_PASSWORD.\n"
