"""One field for all attacks of a run."""

from collections.abc import AsyncIterator

import pytest

from tests.attack.field import Field, open_field
from x18.runtime.embedded import Servers


@pytest.fixture(scope="module")
async def small_field(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    """Some posts, for what counts."""
    async with open_field(servers, tmp_path_factory.mktemp("attacked"), posts=2_000) as found:
        yield found


@pytest.fixture(scope="module")
async def wide_field(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    """So many that a search costs something, for what is measured."""
    async with open_field(servers, tmp_path_factory.mktemp("attacked"), posts=30_000) as found:
        found.calm.add(await found.warm_up(3))
        yield found
