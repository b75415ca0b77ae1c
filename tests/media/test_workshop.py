"""Uploads side by side: what breaks a decoder harms nobody else."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media import breaking
from x18.core.errors import BadInput
from x18.media.workshop import Workshop

DEADLINE_S = 30


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    workshop = Workshop(breaking.work)
    yield workshop
    workshop.stop()


async def wait_for(path: Path) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not path.exists():
            await asyncio.sleep(0.01)


async def test_a_file_that_kills_its_process_harms_none_beside_it(workshop: Workshop, tmp_path: Path) -> None:
    release, began, thumbnail = tmp_path / "release", tmp_path / "began", tmp_path / "thumbnail"
    good = asyncio.create_task(workshop.process(release, began, thumbnail, "waits"))
    await wait_for(began)

    with pytest.raises(BadInput, match="cannot be decoded"):
        await workshop.process(release, began, thumbnail, "dies")

    assert not good.done()
    release.touch()
    assert await good == breaking.DONE
    assert await workshop.process(release, began, thumbnail, "goes on") == breaking.DONE


async def test_a_client_that_leaves_takes_its_process_with_it_and_no_other(workshop: Workshop, tmp_path: Path) -> None:
    release, never, thumbnail = tmp_path / "release", tmp_path / "never", tmp_path / "thumbnail"
    leaving = asyncio.create_task(workshop.process(never, tmp_path / "one", thumbnail, "waits"))
    staying = asyncio.create_task(workshop.process(release, tmp_path / "two", thumbnail, "waits"))
    await wait_for(tmp_path / "one")
    await wait_for(tmp_path / "two")

    leaving.cancel()
    release.touch()

    assert await staying == breaking.DONE
    assert await workshop.process(release, tmp_path / "three", thumbnail, "goes on") == breaking.DONE
