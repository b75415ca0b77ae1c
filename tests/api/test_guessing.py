"""Guessing passwords, from one address and from many."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from types import SimpleNamespace

import asyncpg
import httpx
import pytest

from tests.conftest import PASSWORD, Account, MakeUser
from tests.server import TLS, Server, make_server, running


@pytest.fixture(scope="module")
async def guessed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with its limits on, that believes what a proxy here says of addresses."""
    folder = tmp_path_factory.mktemp("guessed")
    other = make_server(server.database_url, server.redis_url, folder, RATE_LIMITS="on", TRUSTED_PROXIES="127.0.0.1")
    async with running(other), httpx.AsyncClient(base_url=other.url, timeout=20, verify=TLS) as client:
        yield client


async def guess(
    client: httpx.AsyncClient,
    user: Account | SimpleNamespace,
    address: str,
    password: str = "wrong password",
    *,
    by: str = "username",
) -> int:
    """The status of one log-in from an address."""
    body = {by: getattr(user, by), "password": password}
    return (await client.post("/api/auth/login", json=body, headers={"X-Forwarded-For": address})).status_code


def new_network() -> str:
    """A network of IPv6 that nobody has used."""
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"


async def test_guesses_at_once_are_no_more_than_guesses_one_by_one(
    guessed: httpx.AsyncClient, make_user: MakeUser
) -> None:
    user, network = await make_user(), new_network()
    passwords = ["wrong password"] * 29 + [PASSWORD]

    codes = await asyncio.gather(
        *(guess(guessed, user, f"{network}::{place}", password) for place, password in enumerate(passwords, start=1))
    )

    # The right one, where it came early, gave its place back.
    assert codes.count(429) >= 19
    assert codes.count(401) <= 10


async def test_the_name_the_address_and_other_hosts_of_a_network_share_one_count(
    guessed: httpx.AsyncClient, make_user: MakeUser
) -> None:
    user, network = await make_user(), new_network()
    codes = [await guess(guessed, user, f"{network}::{host}", by="username") for host in range(5)]
    codes += [await guess(guessed, user, f"{network}:ffff::{host}", by="email") for host in range(6)]

    assert codes == [401] * 10 + [429]
    assert await guess(guessed, user, f"{new_network()}::1", PASSWORD) == 200


async def test_the_right_password_uses_nothing_up(guessed: httpx.AsyncClient, make_user: MakeUser) -> None:
    user, network = await make_user(), new_network()

    assert [await guess(guessed, user, f"{network}::1", PASSWORD) for _ in range(12)] == [200] * 12


async def test_guesses_from_everywhere_meet_a_limit_that_does_not_lock_the_owner_out(
    guessed: httpx.AsyncClient, make_user: MakeUser
) -> None:
    user, home = await make_user(), f"{new_network()}::1"
    assert await guess(guessed, user, home, PASSWORD) == 200
    codes: list[int] = []
    while 429 not in codes and len(codes) < 200:
        codes += await asyncio.gather(*(guess(guessed, user, f"{new_network()}::1") for _ in range(10)))

    assert 100 <= codes.count(401) < 120
    assert await guess(guessed, user, f"{new_network()}::1", PASSWORD) == 429
    assert await guess(guessed, user, home, PASSWORD) == 200


@pytest.mark.parametrize(
    ("said", "kept"),
    [("x" * 60, ""), ("fe80::1%" + "e" * 60, "fe80::1"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:DB8::0:1", "2001:db8::1")],
)  # fmt: skip
async def test_whatever_a_proxy_says_of_the_address_an_account_can_be_made(
    guessed: httpx.AsyncClient, database: asyncpg.Pool, said: str, kept: str
) -> None:
    name = f"forwarded_{secrets.token_hex(6)}"
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}

    answer = await guessed.post("/api/auth/register", json=body, headers={"X-Forwarded-For": said})

    assert answer.status_code == 201, answer.text
    assert (
        await database.fetchval("SELECT ip FROM auth_sessions WHERE user_id = $1", answer.json()["user"]["id"]) == kept
    )


async def test_wrong_passwords_of_a_network_are_counted_whatever_the_account(
    guessed: httpx.AsyncClient, make_user: MakeUser
) -> None:
    owner, home = await make_user(), new_network()
    assert await guess(guessed, owner, f"{home}::1", PASSWORD) == 200
    names = [SimpleNamespace(username=f"nobody_{secrets.token_hex(6)}") for _ in range(35)]

    codes = [await guess(guessed, name, f"{home}::{place}") for place, name in enumerate(names)]

    assert codes == [401] * 30 + [429] * 5
    assert await guess(guessed, owner, f"{home}::abcd", PASSWORD) == 200, "who lives here is not kept out"
    other = await make_user()
    assert await guess(guessed, other, f"{home}::2", PASSWORD) == 429
    assert await guess(guessed, other, f"{new_network()}::2", PASSWORD) == 200


async def test_an_owner_is_known_by_the_network_not_by_the_last_bit_of_the_address(
    guessed: httpx.AsyncClient, make_user: MakeUser
) -> None:
    user, home = await make_user(), new_network()
    assert await guess(guessed, user, f"{home}::1", PASSWORD) == 200
    codes: list[int] = []
    while 429 not in codes and len(codes) < 200:
        codes += await asyncio.gather(*(guess(guessed, user, f"{new_network()}::1") for _ in range(20)))

    assert await guess(guessed, user, f"{home}:aaaa:bbbb:cccc:dddd", PASSWORD) == 200
    assert await guess(guessed, user, f"{home[:-1]}{'0' if home[-1] != '0' else '1'}::1", PASSWORD) == 429


async def register_from(client: httpx.AsyncClient, address: str, name: str | None = None) -> httpx.Response:
    name = name or f"new_{secrets.token_hex(6)}"
    body = {"username": name, "email": f"{secrets.token_hex(6)}@example.com", "password": PASSWORD}
    return await client.post("/api/auth/register", json=body, headers={"X-Forwarded-For": address})


async def test_a_network_makes_ten_accounts_an_hour(guessed: httpx.AsyncClient, make_user: MakeUser) -> None:
    network, known = new_network(), await make_user()
    taken = [await register_from(guessed, f"{network}::1", known.username) for _ in range(5)]
    answers = [await register_from(guessed, f"{network}::{place}") for place in range(12)]
    refresh = {"refresh_token": answers[0].json()["refresh_token"]}
    refreshed = await guessed.post("/api/auth/refresh", json=refresh, headers={"X-Forwarded-For": f"{network}::1"})
    elsewhere = await register_from(guessed, f"{new_network()}::1")

    assert [answer.status_code for answer in taken] == [409] * 5
    assert [answer.status_code for answer in answers] == [201] * 10 + [429] * 2, "what failed did not count"
    # The window, and until the first of the ten has slid out.
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600 + 3600 // 10 + 1
    assert (refreshed.status_code, elsewhere.status_code) == (200, 201)


async def test_who_has_no_account_is_counted_with_the_own_network_only(guessed: httpx.AsyncClient) -> None:
    async def left(address: str) -> int:
        answer = await guessed.get("/api/timeline/explore?limit=1", headers={"X-Forwarded-For": address})
        return int(answer.headers["ratelimit-remaining"])

    one, other = new_network(), new_network()
    first = [await left(f"{one}::{host}") for host in range(1, 4)]

    assert first == [first[0], first[0] - 1, first[0] - 2]
    assert await left(f"{other}::1") == first[0]
