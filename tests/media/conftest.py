"""The pool of this process, on a database of its own, and a folder for files."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import own_pool
from x18.media.storage import Storage
from x18.runtime.embedded import Servers


@pytest.fixture(scope="module")
async def pool(servers: Servers) -> AsyncIterator[None]:
    """What ``x18.core.db`` speaks to."""
    async with own_pool(servers, max_size=4):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Storage:
    """Files in ``tmp_path / "media"``."""
    return Storage.in_folder(tmp_path / "media")
