"""Uploads side by side: what breaks a decoder, or takes it over, harms nobody else."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from tests.files import animated_gif, picture, save
from tests.media import breaking
from tests.media.clips import clip
from tests.media.making import P3, mpo
from x18.core.errors import BadInput, TooManyRequests
from x18.media import box
from x18.media import workshop as workshops
from x18.media.colours import make_profile
from x18.media.results import Processed
from x18.media.workshop import Workshop

DEADLINE_S = 60
HELD = box.missing() == []
USER = uuid4()


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    workshop = Workshop("tests.media.breaking:choose")
    yield workshop
    await workshop.stop()


def job(tmp_path: Path, wish: str) -> Path:
    folder = tmp_path / f"{wish}-{uuid4()}"
    folder.mkdir()
    (folder / "source").write_text(wish)
    return folder


async def done(workshop: Workshop, folder: Path, network: str = "a") -> Processed:
    return await workshop.process(folder, "png", network, USER)


async def wait_for(path: Path) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not path.exists():
            await asyncio.sleep(0.01)


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def test_a_file_that_kills_its_process_harms_none_beside_it(workshop: Workshop, tmp_path: Path) -> None:
    waiting = job(tmp_path, "wait")
    good = asyncio.create_task(done(workshop, waiting))
    await wait_for(waiting / "target")

    with pytest.raises(BadInput, match="cannot be decoded"):
        await done(workshop, job(tmp_path, "die"), "b")

    assert not good.done()
    (waiting / "release").touch()
    assert await good == breaking.DONE
    assert await done(workshop, job(tmp_path, "good")) == breaking.DONE


async def test_a_client_that_leaves_takes_its_process_with_it_and_no_other(workshop: Workshop, tmp_path: Path) -> None:
    one, two = job(tmp_path, "wait"), job(tmp_path, "wait")
    leaving = asyncio.create_task(done(workshop, one))
    staying = asyncio.create_task(done(workshop, two, "b"))
    await wait_for(one / "target")
    await wait_for(two / "target")
    children = [
        child for child in psutil.Process().children(recursive=True) if "tests.media.breaking:choose" in child.cmdline()
    ]

    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    (two / "release").touch()

    assert await staying == breaking.DONE
    assert await done(workshop, job(tmp_path, "good")) == breaking.DONE
    nicer = [child.nice() - psutil.Process().nice() for child in children if is_alive(child)]
    assert nicer == [10], "only the bench of the one that stayed"


@pytest.mark.parametrize("wish", ["spin", "eat", "lie", "link"])
async def test_a_decoder_that_spins_eats_memory_or_lies_gives_nothing(
    workshop: Workshop, tmp_path: Path, wish: str
) -> None:
    with pytest.raises(BadInput, match="cannot be decoded"):
        async with asyncio.timeout(DEADLINE_S):  # less than what a decoder has that computes nothing
            await done(workshop, job(tmp_path, wish))

    assert await done(workshop, job(tmp_path, "good")) == breaking.DONE


def test_only_plain_files_without_another_name_are_taken_from_a_decoder(tmp_path: Path) -> None:
    good, other, folder = tmp_path / "good", tmp_path / "other", tmp_path / "folder"
    folder.mkdir()
    for path in (good, other, tmp_path / "named twice"):
        path.touch()
    (tmp_path / "second name").hardlink_to(tmp_path / "named twice")
    (tmp_path / "link").symlink_to(other)

    assert workshops._are_files(good, other)
    for name in ("folder", "named twice", "second name", "link", "missing"):
        assert not workshops._are_files(good, tmp_path / name), name


async def test_who_leaves_pays_for_what_was_decoded_until_then(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    charged: list[float] = []
    monkeypatch.setattr(workshop._seconds, "charge", lambda seconds, *_: charged.append(seconds))
    folder = job(tmp_path, "wait")
    leaving = asyncio.create_task(done(workshop, folder))
    await wait_for(folder / "target")
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving

    assert len(charged) == 1
    assert charged[0] > 0


async def test_a_decoder_that_waits_for_ever_is_not_waited_for(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workshops, "PATIENCE_S", 0.5)
    with pytest.raises(BadInput, match="cannot be decoded"):
        async with asyncio.timeout(DEADLINE_S):
            await done(workshop, job(tmp_path, "wait"))
    monkeypatch.undo()

    assert await done(workshop, job(tmp_path, "good")) == breaking.DONE


@pytest.mark.skipif(not HELD, reason="this kernel has no Landlock or no seccomp")
@pytest.mark.parametrize(
    "wish", ["passwords", "list", "write", "connect", "socket", "fork", "signal", "run", "much", "symlink"]
)
async def test_a_decoder_that_was_taken_over_reaches_nothing(workshop: Workshop, tmp_path: Path, wish: str) -> None:
    with pytest.raises(BadInput, match=r"^refused: (PermissionError|OSError|BlockingIOError)$"):
        await done(workshop, job(tmp_path, wish))


async def test_a_decoder_knows_no_secret_and_is_not_root(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://user:secret@host/x18")

    with pytest.raises(BadInput, match=r"^done: \[") as environment:
        await done(workshop, job(tmp_path, "environment"))
    with pytest.raises(BadInput, match=r"^done: \d+$") as rights:
        await done(workshop, job(tmp_path, "who"))

    assert "DATABASE_URL" not in str(environment.value)
    assert str(rights.value) == f"done: {os.getuid() or box.NOBODY}"


PROFILE = make_profile(P3, None)


@pytest.mark.parametrize(
    ("extension", "data"),
    [
        ("jpg", save(picture().convert("CMYK"), "JPEG")),
        ("jpg", mpo(picture(), picture())[:-2]),
        ("png", save(picture(), "PNG", save_all=True, append_images=[picture(colour="blue")], icc_profile=PROFILE)),
        ("webp", save(picture(), "WEBP", save_all=True, append_images=[picture(colour="blue")], icc_profile=PROFILE)),
        ("gif", animated_gif()),
        ("mp4", clip("mp4", "libx264", "aac", title="x")),
        ("mp4", clip("mp4", "libx265", "flac")),
        ("mp4", clip("mp4", "libvpx-vp9", "libopus")),
        ("webm", clip("webm", "libvpx", "libopus")),
    ],
)
async def test_nothing_that_decoders_need_is_missing_in_their_box(tmp_path: Path, extension: str, data: bytes) -> None:
    workshop = Workshop()
    (tmp_path / "source").write_bytes(data)

    told = await workshop.process(tmp_path, extension, "a", USER)
    await workshop.stop()

    assert (told.width, told.height) == (64, 48)


async def test_seconds_of_decoding_are_a_users_own(workshop: Workshop, tmp_path: Path) -> None:
    other = uuid4()
    for _ in range(16):
        workshop._seconds.charge(4.0, "a", USER)

    with pytest.raises(TooManyRequests):
        workshop.check("a", USER)
    workshop.check("a", other)


SERVER = """
import asyncio, sys
from pathlib import Path
from uuid import uuid4
from x18.media.workshop import Workshop

async def main():
    workshop = Workshop("tests.media.breaking:choose")
    await workshop.process(Path(sys.argv[1]), "png", "a", uuid4())

asyncio.run(main())
"""


async def test_a_server_that_is_killed_leaves_no_decoder_behind(tmp_path: Path) -> None:
    folder = job(tmp_path, "wait")
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(folder)])
    await wait_for(folder / "target")
    children = psutil.Process(server.pid).children(recursive=True)

    server.kill()
    server.wait()
    gone, left = psutil.wait_procs(children, timeout=DEADLINE_S)

    assert (len(gone), left) == (2, []), "the bench and the child in its box"
