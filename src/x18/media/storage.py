"""Storage of files: a folder, or a bucket of S3."""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import obstore
from litestar.concurrency import sync_to_thread
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from x18.core.errors import Unavailable

logger = logging.getLogger("x18.media")

CHUNK: Final = 256 * 1024
PREFIX: Final = "media"
"""The prefix of files in a bucket, which may hold other things too."""

PAGE: Final = 1_000
RETRIES: Final = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
"""obstore's own are ten in three minutes, and somebody waits."""


class StoredFile(NamedTuple):
    """Size in bytes, and a tag that changes with the content."""

    size: int
    etag: str
    modified: datetime


class Storage:
    """One interface to both. Names are ``<uuid>.<ext>``, never a client's."""

    def __init__(self, store: Any, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    def in_folder(cls, folder: Path) -> "Storage":
        """Files below a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(LocalStore(str(folder.resolve())), folder)

    @classmethod
    def in_bucket(cls, bucket: str, options: Mapping[str, Any]) -> "Storage":
        """Files below ``media/`` in a bucket; ``options`` are obstore's."""
        return cls(S3Store(bucket, prefix=PREFIX, retry_config=RETRIES, **options))

    async def put(self, name: str, path: Path) -> None:
        """Store a file, streamed; nobody sees a part of it.

        Raises:
            Unavailable: there is no room, or the bucket cannot be reached.
        """
        with _working():
            await obstore.put_async(self._store, name, path)

    async def look_up(self, name: str) -> StoredFile | None:
        """The file that is stored under a name; None for nothing.

        Raises:
            Unavailable: the bucket cannot be reached.
        """
        try:
            with _working():
                meta = await obstore.head_async(self._store, name)
        except (FileNotFoundError, ValueError):
            return None
        modified = meta["last_modified"]
        tag = meta["e_tag"] or f"{modified.timestamp():.0f}-{meta['size']}"
        return StoredFile(meta["size"], '"' + tag.strip('"') + '"', modified)

    async def read(self, name: str, start: int, length: int) -> AsyncIterator[bytes]:
        """The bytes of a range, in chunks."""
        at = start
        while at < start + length:
            size = min(CHUNK, start + length - at)
            data = await obstore.get_range_async(self._store, name, start=at, length=size)
            yield bytes(data)
            at += size

    async def delete(self, *names: str) -> None:
        """Delete files; those that are not there are not missed."""
        for name in names:
            try:
                with _working():
                    await obstore.delete_async(self._store, name)
            except FileNotFoundError:
                continue

    async def discard(self, *names: str) -> None:
        """Delete files whose rows are gone already. Where that fails now, the sweep does it later, and nobody needs to know."""
        try:
            await self.delete(*names)
        except Unavailable:
            logger.warning("%d files are left for the sweep", len(names))

    async def pages_older(self, age: timedelta) -> AsyncIterator[list[str]]:
        """Names of the files that are older than this, some at a time."""
        limit = datetime.now(UTC) - age
        async for page in obstore.list(self._store, chunk_size=PAGE):
            yield [meta["path"] for meta in page if meta["last_modified"] < limit]

    async def remove_unfinished(self, age: timedelta) -> None:
        """Delete what a process that died while storing left in the folder: the store itself never lists it."""
        if self._folder is not None:
            await sync_to_thread(_remove_unfinished, self._folder, datetime.now(UTC) - age)


def _remove_unfinished(folder: Path, limit: datetime) -> None:
    for path in folder.glob("*#*"):  # obstore writes <name>#<number>, and renames it when it is whole
        if path.stat().st_mtime < limit.timestamp():
            path.unlink(missing_ok=True)


@contextmanager
def _working() -> Iterator[None]:
    try:
        yield
    except BaseError as error:  # nothing under a name is no such error
        logger.exception("files cannot be stored or read")
        raise Unavailable("Files cannot be stored or read now; try again later.", retry_after_s=60) from error
