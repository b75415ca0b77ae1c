"""``x18 user``: what an operator does reaches sessions and live connections of a running server."""

import json
import subprocess
import sys
import unicodedata
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx

from tests.conftest import PASSWORD, MakeUser
from tests.live import Live
from tests.runtime.test_serve import environment
from tests.server import Server

X18 = [sys.executable, "-m", "x18"]


def user(server: Server, *arguments: str, password: str = "") -> "subprocess.CompletedProcess[str]":
    settings = environment(DATABASE_URL=server.database_url, REDIS_URL=server.redis_url)
    return subprocess.run(
        [*X18, "user", *arguments], env=settings, input=password, capture_output=True, text=True, timeout=60
    )


async def test_a_disabled_user_is_out_at_once_and_may_be_let_in_again(
    server: Server, make_user: MakeUser, api: httpx.AsyncClient
) -> None:
    mallory, witness = await make_user("mallory"), await make_user("witness")
    live, other = await Live.open(server, mallory.access_token), await Live.open(server, witness.access_token)

    done = user(server, "disable", mallory.username.upper())
    assert (done.returncode, done.stdout) == (0, f"{mallory.username}: disabled, sessions ended.\n"), done.stderr
    assert await live.wait_until_closed(3) == 4403
    assert (await mallory.client.get("/api/users/me")).status_code == 401
    body = {"username": mallory.username, "password": PASSWORD}
    assert (await api.post("/api/auth/login", json=body)).status_code == 401
    assert (await api.post("/api/auth/refresh", json={"refresh_token": mallory.refresh_token})).status_code == 401

    assert user(server, "enable", mallory.email).returncode == 0
    assert (await api.post("/api/auth/login", json=body)).status_code == 200
    assert other.close_code is None
    await other.close()


async def test_a_new_password_ends_all_sessions(server: Server, make_user: MakeUser, api: httpx.AsyncClient) -> None:
    alice = await make_user("alice")
    live = await Live.open(server, alice.access_token)

    assert user(server, "password", alice.username, password="short\n").returncode == 1
    assert (await alice.client.get("/api/users/me")).status_code == 200
    done = user(server, "password", alice.username, password="another good one\n")
    assert done.returncode == 0, done.stderr
    assert "another good one" not in done.stdout + done.stderr
    assert await live.wait_until_closed(3) == 4403
    for password, status in ((PASSWORD, 401), ("another good one", 200)):
        answer = await api.post("/api/auth/login", json={"username": alice.username, "password": password})
        assert answer.status_code == status


async def test_accounts_are_made_and_marked(server: Server, database: asyncpg.Pool, api: httpx.AsyncClient) -> None:
    done = user(server, "create", "by_operator", "by_operator@example.com", "--admin", "--json", password=PASSWORD)
    account = json.loads(done.stdout)
    assert (done.returncode, account["username"], account["is_admin"]) == (0, "by_operator", True)
    login = await api.post("/api/auth/login", json={"username": "by_operator", "password": PASSWORD})
    assert login.json()["user"]["id"] == account["id"]

    assert user(server, "admin", "by_operator", "--remove").stdout == "by_operator: no longer an administrator.\n"
    assert await database.fetchval("SELECT is_admin FROM users WHERE username = 'by_operator'") is False
    again = user(server, "create", "by_operator", "other@example.com", password=PASSWORD)
    assert (again.returncode, len(again.stderr.splitlines())) == (1, 1)
    assert user(server, "admin", "nobody_at_all").stderr == "x18: There is no user nobody_at_all.\n"


async def test_no_password_and_unknown_options_are_told(server: Server, make_user: MakeUser) -> None:
    bob = await make_user("bob")
    none = user(server, "password", bob.username)
    assert (none.returncode, none.stdout) == (1, "")
    assert "No password was given" in none.stderr
    unknown = user(server, "disable", bob.username, "--force")
    assert unknown.returncode == 2
    assert "usage: x18 user" in unknown.stderr
    assert (await bob.client.get("/api/users/me")).status_code == 200


def test_a_database_without_tables_is_named_as_that(server: Server) -> None:
    empty = urlunsplit(urlsplit(server.database_url)._replace(path="/postgres"))
    done = subprocess.run(
        [*X18, "user", "disable", "nobody"],
        env=environment(DATABASE_URL=empty, REDIS_URL=server.redis_url),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (
        1,
        "x18: The database has no tables of X18 yet: make them with x18 migrate.\n",
    )


async def test_a_password_set_here_is_the_same_from_every_keyboard(
    server: Server, make_user: MakeUser, api: httpx.AsyncClient
) -> None:
    alice, new = await make_user("alice"), "Zoë's pässwort"

    assert user(server, "password", alice.username, password=unicodedata.normalize("NFD", new)).returncode == 0

    body = {"username": alice.username, "password": new}
    assert (await api.post("/api/auth/login", json=body)).status_code == 200
