"""Where files are: a folder, or a bucket of S3."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import obstore
from obstore.store import LocalStore, S3Store

CHUNK: Final = 256 * 1024
PREFIX: Final = "media"
"""Where files are in a bucket, which may hold other things too."""

PAGE: Final = 1_000


class StoredFile(NamedTuple):
    """Size in bytes, and a tag that changes with the content."""

    size: int
    etag: str
    modified: datetime


class Storage:
    """One interface to both. Names are ``<uuid>.<ext>``, never a client's."""

    def __init__(self, store: Any) -> None:
        self._store = store

    @classmethod
    def in_folder(cls, folder: Path) -> "Storage":
        """Files below a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(LocalStore(str(folder.resolve())))

    @classmethod
    def in_bucket(cls, bucket: str, options: Mapping[str, Any]) -> "Storage":
        """Files below ``media/`` in a bucket; ``options`` are obstore's."""
        return cls(S3Store(bucket, prefix=PREFIX, **options))

    async def put(self, name: str, path: Path) -> None:
        """Store a file, streamed."""
        await obstore.put_async(self._store, name, path)

    async def look_up(self, name: str) -> StoredFile | None:
        """What is stored under a name; None for nothing."""
        try:
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
                await obstore.delete_async(self._store, name)
            except FileNotFoundError:
                continue

    async def pages_older(self, age: timedelta) -> AsyncIterator[list[str]]:
        """Names of the files that are older than this, some at a time."""
        limit = datetime.now(UTC) - age
        async for page in obstore.list(self._store, chunk_size=PAGE):
            yield [meta["path"] for meta in page if meta["last_modified"] < limit]
