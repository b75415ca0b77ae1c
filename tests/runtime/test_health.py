"""A part that does not answer is down, and is not waited for."""

import asyncio

import msgspec
import pytest

from x18.runtime import health
from x18.runtime.health import Checks, SystemController


async def well() -> None:
    """At once."""


async def broken() -> None:
    raise ConnectionError("away")


async def stubborn() -> None:
    """Takes its time also to give up."""
    try:
        await asyncio.sleep(3_600)
    finally:
        await asyncio.sleep(3_600)


async def test_every_part_is_told_also_when_one_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.01)
    checks = Checks({"postgres": stubborn, "redis": broken, "relay": well})

    async with asyncio.timeout(5):
        answer = await SystemController.health.fn(None, checks)

    assert answer.status_code == 503
    assert msgspec.to_builtins(answer.content) == {
        "status": "down",
        "checks": {"postgres": "down", "redis": "down", "relay": "ok"},
    }
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
