"""Work that is done now and then, and what the log says when it fails."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from tests.databases import own_pool
from x18.runtime.embedded import Servers
from x18.runtime.jobs import Job, Jobs


@pytest.fixture(autouse=True, scope="module")
async def pool(servers: Servers) -> AsyncIterator[None]:
    """What ``x18.core.db`` speaks to."""
    async with own_pool(servers):
        yield


@pytest.mark.parametrize(
    ("error", "said"),
    [(TimeoutError(), "TimeoutError"), (ConnectionError("the store\nis away"), "the store")],
)
async def test_a_job_that_fails_says_why(caplog: pytest.LogCaptureFixture, error: Exception, said: str) -> None:
    failed = asyncio.Event()

    async def fail() -> None:
        failed.set()
        raise error

    with caplog.at_level(logging.WARNING, "x18.jobs"):
        running = asyncio.create_task(Jobs([Job("of a test", 0.01, fail)]).run())
        async with asyncio.timeout(30):
            await failed.wait()
            while not caplog.records:
                await asyncio.sleep(0.01)
        running.cancel()

    assert caplog.records[0].getMessage() == f"job of a test failed: {said}"
