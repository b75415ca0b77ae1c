"""Logs: lines for people, JSON for machines, ids in both, secrets in none."""

import asyncio
import errno
import json
import logging
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unicodedata import category

import asyncpg
import httpx
import pytest
from structlog.contextvars import bound_contextvars

from tests.conftest import PASSWORD, register
from tests.databases import new_database
from tests.growth import is_linear
from tests.live import Live
from tests.server import Server, make_server, running
from x18.core import outages
from x18.core.errors import Unavailable
from x18.core.problems import as_problem
from x18.runtime.embedded import Servers
from x18.runtime.logs import hide_secrets, make_formatter

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def render(message: str, *args: Any, as_json: bool, exc_info: Any = None, **extra: Any) -> str:
    record = logging.getLogger("some.library").makeRecord(
        "some.library", logging.WARNING, "file.py", 1, message, args, exc_info, extra=extra
    )
    return make_formatter(as_json=as_json).format(record)


def test_a_line_of_json_has_what_happened_and_the_ids_of_the_context() -> None:
    with bound_contextvars(request_id="r1", user_id="u1"):
        line = json.loads(render("it took %s ms", 7, as_json=True, status=200))

    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "it took 7 ms",
        "level": "warning",
        "logger": "some.library",
        "request_id": "r1",
        "user_id": "u1",
        "status": 200,
    }


@pytest.mark.parametrize("as_json", [True, False])
def test_no_line_holds_a_secret_wherever_it_came_from(as_json: bool) -> None:
    with bound_contextvars(path="/ws?token=abcdefgh"):
        line = render("sent %s", {"password": "open sesame"}, as_json=as_json, headers=f"Authorization: Bearer {TOKEN}")

    assert "***" in line
    assert not [secret for secret in ("abcdefgh", "open sesame", TOKEN) if secret in line]


def test_a_line_for_people_is_one_line() -> None:
    with bound_contextvars(connection_id="c1"):
        line = render("hello", as_json=False)

    assert "\n" not in line
    assert "hello" in line
    assert "c1" in line


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_shows_no_local_variables(as_json: bool) -> None:
    chosen_word = "open sesame"
    try:
        raise ValueError(len(chosen_word))
    except ValueError:
        line = render("failed", as_json=as_json, exc_info=sys.exc_info())

    assert "ValueError: 11" in line
    assert "open sesame" not in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /ws?token=abc.def&since=1", "GET /ws?token=***&since=1"),
        ("GET /ws?ticket=abc", "GET /ws?ticket=***"),
        ('{"refresh_token": "abc", "username": "bob"}', '{"refresh_token": "***", "username": "bob"}'),
        ('{"password": "correct horse battery"}', '{"password": "***"}'),
        (r'"body {\"password\": \"a b\"}"', r'"body {\"password\": \"***\"}"'),
        ("Authorization: Bearer abc.DEF-1", "Authorization: Bearer ***"),
        (f"got {TOKEN} from somewhere", "got *** from somewhere"),
        ("postgresql://me:p%40ss@db:5432/x", "postgresql://me:***@db:5432/x"),
        ("redis://:word@cache", "redis://:***@cache"),
        ("the token has expired at 12:30", "the token has expired at 12:30"),
    ],
)
def test_what_lets_somebody_in_is_hidden(text: str, shown: str) -> None:
    assert hide_secrets(text) == shown


@pytest.mark.parametrize(
    "piece", ["a+", "eyJ-", "eyJa.", "eyJ.a-", "token", "token ", "token=", 'password:"', "bearer ", "a://b:", "://:", "-eyJa.b."]
)  # fmt: skip
def test_hiding_takes_time_by_the_length_of_the_line(piece: str) -> None:
    assert is_linear(hide_secrets, piece)


async def test_a_server_logs_with_ids_and_without_secrets(server: Server, tmp_path: Path) -> None:
    secrets = {"JWT_ACCESS_SECRET": "a" * 48, "JWT_REFRESH_SECRET": "b" * 48}
    settings = {"LOG_LEVEL": "debug", "SERVER_ENV": "production", **secrets}
    other = make_server(server.database_url, server.redis_url, tmp_path, **settings)
    try:
        await other.start()
        async with httpx.AsyncClient(base_url=other.url, timeout=10) as client:
            body = {"username": "in_the_log", "email": "in_the_log@example.com", "password": PASSWORD}
            tokens = (await client.post("/api/auth/register", json=body)).json()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            me = await client.get("/api/users/me?token=in-the-address", headers=bearer)
            failed = await client.post("/api/auth/login", json={**body, "password": "a wrong guess"})
            old = {"refresh_token": tokens["refresh_token"]}
            assert (await client.post("/api/auth/refresh", json=old)).status_code == 200
            assert (await client.post("/api/auth/refresh", json=old)).status_code == 200
        query = f"/ws/notifications?token={tokens['access_token']}"
        opened = await Live.open(other, path=query)
        connection_id = opened.messages[0]["payload"]["connection_id"]
        await opened.close()
        async with asyncio.timeout(30):
            while connection_id not in other.read_log():
                await asyncio.sleep(0.05)
    finally:
        other.stop()
        other.listener.close()

    log = other.read_log()
    lines = [json.loads(line) for line in log.splitlines()]
    started, ready = (
        next(line for line in lines if line["event"].startswith(f"X18 {verb}")) for verb in ("starts", "is ready")
    )
    assert (started["workers"], started["port"], started["version"]) == (1, ready_port(ready), version("x18"))
    assert lines[-1]["event"] == "X18 stopped"
    by_request = {line["request_id"]: line for line in lines if line["event"] == "answered"}
    mine = by_request[me.headers["X-Request-ID"]]
    assert (mine["user_id"], mine["status"], mine["path"]) == (tokens["user"]["id"], 200, "/api/users/me")
    refused = next(line for line in lines if line["event"].startswith("log-in failed"))
    assert refused["request_id"] == failed.headers["X-Request-ID"]
    assert refused["address"] == "127.0.0.1"
    (ended,) = [line for line in lines if line.get("connection_id") == connection_id]
    assert ended["user_id"] == tokens["user"]["id"]
    for secret in (PASSWORD, "a wrong guess", tokens["access_token"], tokens["refresh_token"], "in-the-address", "eyJ"):
        assert secret not in log


def ready_port(line: dict[str, Any]) -> int:
    return int(re.findall(r"http://localhost:(\d+)", line["event"])[0])


ACTING = [
    "\x1b]0;pwned\x07",  # sets the title of a terminal
    "\x1b[2J\x1b[H",  # clears it
    "\x9b31m",  # C1: the same in one character
    "\r\x7f",
    "\u202egnp.exe",  # turns what follows around
    "\u2066x\u2069",
    "a\u200bb\u2028c",
    "\ud800",
]


ACTING_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("sent", ACTING)
def test_what_a_client_sent_acts_on_no_terminal(sent: str, as_json: bool) -> None:
    try:
        raise ValueError(sent)
    except ValueError:
        line = render("answered %s", sent, as_json=as_json, path=sent, exc_info=sys.exc_info())
    shown = re.sub("\x1b\\[[0-9;]*m", "", line)  # without the renderer's own colours
    assert not {letter for letter in shown if category(letter) in ACTING_CATEGORIES} - {"\n"}
    assert shown.encode()


async def test_a_path_that_acts_on_a_terminal_is_written_out(limited: Server) -> None:
    async with httpx.AsyncClient(base_url=limited.url) as client:
        await client.post("/api/auth/login", json={"username": "x", "password": "y"})
        for _ in range(130):
            answer = await client.get("/api/search/hashtag/%1b%5d0;pwned%07")
            if answer.status_code == 429:
                break
    assert "\x1b]0;" not in limited.read_log()
    assert "\\x1b]0;pwned" in limited.read_log() or "\\u001b]0;pwned" in limited.read_log()


def outages_in(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.name == "x18.outages"]


def test_each_reason_of_an_outage_is_logged_once_a_second_with_how_many_were_not(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "_told", {})
    full = asyncpg.DiskFullError('could not extend file "base/1/2": No space left on device')
    for _ in range(5):
        assert isinstance(as_problem(full), Unavailable)
        assert isinstance(as_problem(ConnectionRefusedError(111, "Connection refused")), Unavailable)
    outages._told["disk_full"].logged_at -= outages.EVERY_S
    assert isinstance(as_problem(full), Unavailable)

    first, refused, again = outages_in(caplog)
    assert (first["reason"], first["error_class"], first["sqlstate"]) == ("disk_full", "DiskFullError", "53100")
    assert "No space left on device" in first["said"]
    assert "not_logged" not in first
    assert (refused["reason"], refused["error_class"]) == ("unreachable", "ConnectionRefusedError")
    assert (again["reason"], again["not_logged"]) == ("disk_full", 4)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "storage_full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "storage_full"),
        (asyncpg.QueryCanceledError("canceling statement due to statement timeout"), "statement_timeout"),
        (asyncpg.TooManyConnectionsError("sorry, too many clients already"), "too_many_connections"),
        (asyncpg.AdminShutdownError("terminating connection"), "stopped"),
        (TimeoutError(), "timeout"),
    ],
)
def test_every_outage_has_a_name_and_advice(
    error: Exception, reason: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "_told", {})
    assert isinstance(as_problem(error), Unavailable)
    (told,) = outages_in(caplog)
    assert told["reason"] == reason
    assert told["msg"] % told["args"] == outages.ADVICE[reason]
    assert outages.current_reasons() == [reason]


FAILING_POSTS = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION USING ERRCODE = NEW.content, MESSAGE = 'could not extend file "base/1/2": No space left on device';
END $$;
CREATE TRIGGER fail BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION fail();
"""


async def test_a_full_disk_is_told_by_log_health_and_metrics(servers: Servers, tmp_path: Path) -> None:
    """PostgreSQL's errors come from a trigger here: over the wire they are the same."""
    async with new_database(servers) as url, running(make_server(url, str(servers.redis_url), tmp_path)) as server:
        author = await register(server.url, "author")
        database = await asyncpg.connect(url)
        await database.execute(FAILING_POSTS)
        await database.close()
        for state in ("53100", "53300", "57014"):
            answer = await author.client.post("/api/posts", json={"content": state})
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert "No space left" not in answer.text
        async with asyncio.timeout(10):
            while not (health := (await author.client.get("/health")).json())["trouble"]:
                await asyncio.sleep(0.1)
        numbers = (await author.client.get("/metrics", headers={"Authorization": ""})).text
        await author.client.aclose()

    assert (health["status"], health["trouble"]) == ("ok", ["disk_full", "statement_timeout", "too_many_connections"])
    for reason in health["trouble"]:
        assert f'x18_outages_total{{reason="{reason}"}} 1.0' in numbers
    told = [json.loads(line) for line in server.read_log().splitlines() if line.startswith("{")]
    (full,) = [line for line in told if line.get("reason") == "disk_full"]
    assert full["sqlstate"] == "53100"
    assert full["said"].endswith("No space left on device")
    assert full["event"] == "The disk of PostgreSQL is full: free space there."


async def test_a_database_that_takes_no_writes_is_unavailable_and_says_why(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = "options=-c%20default_transaction_read_only%3Don"
    async with running(make_server(f"{servers.database_url}&{options}", str(servers.redis_url), tmp_path)) as server:
        async with httpx.AsyncClient(base_url=server.url) as client:
            body = {"username": "unwritten", "email": "unwritten@example.com", "password": PASSWORD}
            assert (await client.post("/api/auth/register", json=body)).status_code == 503
        assert "25006" in server.read_log()
