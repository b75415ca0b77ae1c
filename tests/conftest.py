"""Real servers for the tests: one PostgreSQL, one Valkey and one X18 for the whole run, each test with users of its own."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.server import TLS, Server, make_server, running
from x18.core.migrations import migrate
from x18.runtime.embedded import Servers, embedded_servers

PASSWORD = "correct horse battery"
NOBODY = UUID(int=1)
"""The id of no user and of no post."""


@dataclass(frozen=True)
class Account:
    """A registered user of one test, with a client that sends the user's token."""

    id: UUID
    username: str
    email: str
    password: str
    access_token: str
    refresh_token: str
    client: httpx.AsyncClient = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The header that logs a request in."""
        return {"Authorization": f"Bearer {self.access_token}"}


MakeUser = Callable[..., Awaitable[Account]]

FOLDER = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Give each run a temporary folder of its own.

    The one that all runs of a user share is closed to others by pytest whenever a run starts. PostgreSQL, which runs as a user of
    its own where we are root, then fails in the middle of another run, mostly in initdb.
    """
    if config.option.basetemp is None:
        config.stash[FOLDER] = config.option.basetemp = tempfile.mkdtemp(prefix="x18-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it."""
    if (folder := config.stash.get(FOLDER, None)) is not None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Embedded PostgreSQL, migrated, and Valkey."""
    with embedded_servers(tmp_path_factory.mktemp("storage"), postgres=True, redis=True) as servers:
        assert servers.database_url
        await migrate(servers.database_url)
        database = await asyncpg.connect(servers.database_url)
        # Whoever runs PostgreSQL has set it to some zone: times are told in UTC all the same.
        await database.execute("ALTER DATABASE x18_backend SET timezone TO 'Asia/Kolkata'")
        await database.close()
        yield servers


@pytest.fixture(scope="session")
async def server(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """The X18 that most tests talk to."""
    assert servers.database_url
    assert servers.redis_url
    folder = tmp_path_factory.mktemp("x18")
    async with running(make_server(servers.database_url, servers.redis_url, folder)) as server:
        yield server
    assert "Traceback" not in server.read_log(), server.read_log()


@pytest.fixture(scope="session")
async def workers(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A second X18 on the same database, of two processes behind one port."""
    folder = tmp_path_factory.mktemp("workers")
    async with running(make_server(server.database_url, server.redis_url, folder, "--workers", "2")) as second:
        yield second


@pytest.fixture(scope="session")
async def limited(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One with its limits on, that takes a page of another origin."""
    folder = tmp_path_factory.mktemp("limited")
    settings = {"RATE_LIMITS": "on", "CORS_ORIGINS": "https://app.example"}
    async with running(make_server(server.database_url, server.redis_url, folder, **settings)) as other:
        yield other


@pytest.fixture(scope="session")
async def compressing(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One on the same database that compresses events for clients that offer it."""
    folder = tmp_path_factory.mktemp("compressing")
    async with running(make_server(server.database_url, server.redis_url, folder, WS_DEFLATE="on")) as other:
        yield other
    assert "Traceback" not in other.read_log(), other.read_log()


@pytest.fixture(scope="session")
async def api(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A client without an account."""
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
async def anonymous(api: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same, where a test speaks of who asks."""
    return api


@pytest.fixture(scope="session")
async def database(server: Server) -> AsyncIterator[asyncpg.Pool]:
    """PostgreSQL beside X18, to look at what was stored and to prepare what no endpoint can."""
    async with asyncpg.create_pool(server.database_url, min_size=1, max_size=4) as pool:
        yield pool


@pytest.fixture
async def make_user(server: Server) -> AsyncIterator[MakeUser]:
    """Registers users with unique names; further arguments go to ``PATCH /users/me``."""
    accounts: list[Account] = []
    run = secrets.token_hex(5)

    async def make(name: str = "user", **profile: Any) -> Account:
        account = await register(server.url, f"{name}_{run}_{len(accounts)}")
        accounts.append(account)
        if profile:
            patched = await account.client.patch("/api/users/me", json=profile)
            assert patched.status_code == 200, patched.text
        return account

    yield make
    for account in accounts:
        await account.client.aclose()


async def register(url: str, username: str) -> Account:
    """A new user of the X18 at ``url``. Whoever asks closes the client."""
    client = httpx.AsyncClient(base_url=url, timeout=20, verify=TLS)
    body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
    answer = await client.post("/api/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    tokens = answer.json()
    token = tokens["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return Account(
        UUID(tokens["user"]["id"]), username, body["email"], PASSWORD, token, tokens["refresh_token"], client
    )
