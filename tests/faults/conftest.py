"""Two nodes on servers of their own, which the tests may break."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conftest import Account, register
from tests.server import Server, make_server
from x18.core.migrations import migrate
from x18.runtime.embedded import Servers, embedded_servers


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the data lies."""
    return tmp_path_factory.mktemp("fragile")


@pytest.fixture(scope="module")
def own_servers(own_folder: Path) -> Iterator[Servers]:
    """PostgreSQL and Valkey that nobody else uses."""
    with embedded_servers(own_folder, postgres=True, redis=True) as servers:
        yield servers


@pytest.fixture(scope="module")
async def nodes(own_servers: Servers, own_folder: Path) -> AsyncIterator[list[Server]]:
    """Two nodes."""
    assert own_servers.database_url
    assert own_servers.redis_url
    await migrate(own_servers.database_url)
    nodes = [make_server(own_servers.database_url, own_servers.redis_url, own_folder) for _ in range(2)]
    for node in nodes:
        await node.start()
    yield nodes
    for node in nodes:
        node.stop()
        node.listener.close()


@pytest.fixture
async def authors(nodes: list[Server]) -> AsyncIterator[list[Account]]:
    """Two people on each node."""
    run = secrets.token_hex(5)
    authors = [await register(nodes[number % 2].url, f"author{number}_{run}") for number in range(4)]
    yield authors
    for author in authors:
        await author.client.aclose()
