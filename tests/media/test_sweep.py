"""What the sweep takes, what it leaves, and in which order."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from x18.core import db, metrics
from x18.core.ids import new_id
from x18.media.storage import Storage
from x18.media.sweep import forget_abandoned, remove_orphans
from x18.runtime.jobs import Job, Jobs

pytestmark = pytest.mark.usefixtures("pool")

OLD, YOUNG = timedelta(hours=25), timedelta(hours=23)


async def make_owner() -> UUID:
    owner = new_id()
    await db.execute(
        "INSERT INTO users (id, username, email, password_hash, display_name) VALUES ($1, $2, $3, 'x', $2)",
        owner,
        f"u{owner.hex[-20:]}",
        f"{owner.hex}@example.com",
    )
    return owner


def make_file(tmp_path: Path, name: str, age: timedelta) -> str:
    path = tmp_path / "media" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"content")
    at = time.time() - age.total_seconds()
    os.utime(path, (at, at))
    return name


async def make_upload(tmp_path: Path, owner: UUID, age: timedelta) -> tuple[UUID, set[str]]:
    """A file, its thumbnail and their row, all of this age."""
    made = new_id()
    names = make_file(tmp_path, f"{made}.png", age), make_file(tmp_path, f"{made}_thumb.webp", age)
    await db.execute(
        """INSERT INTO media (id, user_id, type, mime_type, file_name, thumbnail_name, size_bytes, created_at)
           VALUES ($1, $2, 'image', 'image/png', $3, $4, 7, now() - $5::interval)""",
        made,
        owner,
        *names,
        age,
    )
    return made, set(names)


async def rows() -> set[UUID]:
    return {row["id"] for row in await db.fetch("SELECT id FROM media")}


def files(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "media").iterdir()}


async def test_only_old_files_of_ours_without_a_row_are_removed(tmp_path: Path, folder: Storage) -> None:
    foreign = {
        make_file(tmp_path, name, OLD * 100)
        for name in ("backup.dump", "photo.png", f"{uuid4()}.png", f"{new_id()}.pdf", f"{new_id()}.png.bak")
    }
    young = make_file(tmp_path, f"{new_id()}.png", YOUNG)
    writing = make_file(tmp_path, f"{new_id()}.png#1", YOUNG)
    for name in (f"{new_id()}.mp4", f"{new_id()}_thumb.webp", f"{new_id()}.png#1"):
        make_file(tmp_path, name, OLD)
    _, used = await make_upload(tmp_path, await make_owner(), OLD)
    beside = make_file(tmp_path, next(iter(used))[:36] + ".gif", OLD)

    await remove_orphans(folder)

    assert files(tmp_path) == foreign | used | {young, writing}
    assert beside not in files(tmp_path), "a row of that id, but not of that file"


async def test_more_files_than_a_page_are_removed(tmp_path: Path, folder: Storage) -> None:
    for _ in range(1_100):
        make_file(tmp_path, f"{new_id()}.png", OLD)

    await remove_orphans(folder)

    assert files(tmp_path) == set()


async def test_uploads_that_nobody_took_within_a_day_go_with_their_files(tmp_path: Path, folder: Storage) -> None:
    owner = await make_owner()
    old, _ = await make_upload(tmp_path, owner, OLD)
    young, young_names = await make_upload(tmp_path, owner, YOUNG)
    avatar, avatar_names = await make_upload(tmp_path, owner, OLD)
    header, header_names = await make_upload(tmp_path, owner, OLD)
    await db.execute(
        "UPDATE users SET avatar_url = $2, header_url = $3 WHERE id = $1",
        owner,
        f"/storage/media/{avatar}_thumb.webp",
        f"https://x18.example/storage/media/{header}.png",
    )

    await forget_abandoned()
    await remove_orphans(folder)

    left = await rows()
    assert old not in left
    assert {young, avatar, header} <= left
    assert files(tmp_path) == young_names | avatar_names | header_names


class Unlisted(Storage):
    """A store that breaks when it is listed."""

    async def pages_older(self, age: timedelta) -> AsyncIterator[list[str]]:
        """Says in which state the database was; fails."""
        self.was_in_transaction = bool(await db.fetch_value("SELECT pg_current_xact_id_if_assigned() IS NOT NULL"))
        self.rows = await rows()
        raise ConnectionError("the store is away")
        yield []


async def test_a_store_that_cannot_be_listed_leaves_no_row_without_its_file(tmp_path: Path) -> None:
    storage = Unlisted(None)
    old, names = await make_upload(tmp_path, await make_owner(), OLD)
    failed = metrics.JOBS_FAILED.labels("sweep of a test")._value
    jobs = Jobs([Job("sweep of a test", 0.01, forget_abandoned, partial(remove_orphans, storage))])

    running = asyncio.create_task(jobs.run())
    try:
        async with asyncio.timeout(30):
            while failed.get() == 0:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()

    assert not storage.was_in_transaction
    assert old not in storage.rows
    assert old not in await rows()
    assert files(tmp_path) == names, "to be found as orphans by the next sweep"


async def test_rows_that_cannot_be_deleted_keep_their_files(tmp_path: Path, folder: Storage) -> None:
    old, names = await make_upload(tmp_path, await make_owner(), OLD)

    async def fail() -> None:
        await forget_abandoned()
        raise ConnectionError("the database went away before the commit")

    failed = metrics.JOBS_FAILED.labels("commit of a test")._value
    running = asyncio.create_task(Jobs([Job("commit of a test", 0.01, fail, partial(remove_orphans, folder))]).run())
    try:
        async with asyncio.timeout(30):
            while failed.get() == 0:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()

    assert old in await rows()
    assert files(tmp_path) == names
