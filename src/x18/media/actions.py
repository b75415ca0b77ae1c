"""Uploading and deleting. A file is stored before its row, and its row is deleted before it."""

import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from litestar.concurrency import sync_to_thread

from x18.core import db
from x18.core.clock import read_clock
from x18.core.errors import BadInput, Forbidden, NotFound, TooLarge, TooManyRequests, UnsupportedMedia
from x18.core.ids import id_floor, new_id
from x18.core.text import clean_lines
from x18.media.admission import Admission
from x18.media.kinds import HEAD_BYTES, MAX_BYTES, Kind, kind_of
from x18.media.queries import SEEN
from x18.media.results import Processed
from x18.media.schemas import MAX_ALT_TEXT, UploadForm
from x18.media.storage import Storage
from x18.media.workshop import Workshop

DAY: Final = timedelta(days=1)
MAX_FILES_A_DAY: Final = 500
MAX_BYTES_A_DAY: Final = 1024**3
"""Bytes that a user may upload within 24 hours and have kept; files that were deleted since do not count."""


@dataclass
class Upload:
    """A file that is stored, and what its row will say. ``has_row``: the row was inserted, and its transaction may have committed."""

    id: UUID
    user_id: UUID
    kind: Kind
    names: tuple[str, str]
    alt_text: str
    processed: Processed
    size: int
    has_row: bool = False


@asynccontextmanager
async def stored(
    user_id: UUID, network: str, form: UploadForm, storage: Storage, workshop: Workshop, admission: Admission
) -> AsyncIterator[Upload]:
    """Check, process and store a file, for ``describe`` to insert its row; it is deleted again where that did not happen.

    This may take seconds and must be in no transaction. Where the insertion's commit fails, it is not known whether it happened: the
    file stays, for the sweep to look at.

    Raises:
        TooLarge: more than 10 MiB.
        UnsupportedMedia: none of the six kinds.
        BadInput: no file, or one that lies about itself or cannot be decoded.
        TooManyRequests: ``media_quota_exceeded``: the user has uploaded enough for a day (OWASP ASVS 5.2.4).
    """
    if form.file is None:
        raise BadInput.of("file", "send the file as a form field named file")
    described = clean_lines("alt_text", form.alt_text or "", most=MAX_ALT_TEXT)
    await _check_quota(user_id)
    media_id = new_id()
    with tempfile.TemporaryDirectory(prefix="x18-upload-") as name:
        folder = Path(name)
        size = await sync_to_thread(_save, form.file.file, folder / "source")
        admission.charge(size, network)
        if size > MAX_BYTES:
            raise TooLarge(f"A file has at most {MAX_BYTES // 1024 // 1024} MiB.")
        kind = kind_of(await sync_to_thread(_read_head, folder / "source"))
        if kind is None:
            raise UnsupportedMedia("Send a JPG, PNG, GIF, WebP, MP4 or WebM file.")
        result = await workshop.process(folder, kind.extension, network, user_id)
        names = f"{media_id}.{kind.extension}", f"{media_id}_thumb.webp"
        upload = Upload(media_id, user_id, kind, names, described, result, (folder / "target").stat().st_size)
        try:
            await storage.put(names[0], folder / "target")
            await storage.put(names[1], folder / "thumbnail")
            yield upload
        finally:
            if not upload.has_row:
                await storage.delete(*names)


async def describe(upload: Upload) -> None:
    """Insert the row of a stored file. Parallel uploads of a user wait for each other here, so that none passes the quota.

    Raises:
        TooManyRequests: ``media_quota_exceeded``.
    """
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"media of {upload.user_id}")
        await _check_quota(upload.user_id)
        await _insert(upload)
        upload.has_row = True


async def delete(media_id: UUID, user_id: UUID, storage: Storage) -> None:
    """Delete one's file; a post that showed it goes on without.

    Raises:
        NotFound: no such file, or one that the viewer may not see.
        Forbidden: somebody else's.
    """
    row = await db.fetch_row(
        f"SELECT m.user_id, m.post_id, m.file_name, m.thumbnail_name {SEEN} AND m.id = $2", user_id, media_id
    )
    if row is None:
        raise NotFound("No such file.", code="media_not_found")
    if row["user_id"] != user_id:
        raise Forbidden("Only the owner of a file can delete it.", code="not_your_media")
    async with db.transaction():
        # The post first, as whoever deletes the post does.
        await db.execute("SELECT FROM posts WHERE id = $1 FOR UPDATE", row["post_id"])
        deleted = await db.fetch_row("DELETE FROM media WHERE id = $1 RETURNING post_id", media_id)
        if deleted is None:
            raise NotFound("No such file.", code="media_not_found")
        await db.execute("UPDATE posts SET media_count = media_count - 1 WHERE id = $1", deleted["post_id"])
    await storage.discard(row["file_name"], row["thumbnail_name"])


async def delete_of_post(post_id: UUID) -> list[str]:
    """Delete the rows of a post's files in the transaction that deletes the post; the files' names, for ``Storage.discard`` after it.

    A file that its owner's profile shows stays, and is in no post any more.
    """
    rows = await db.fetch(
        """DELETE FROM media m USING users u
           WHERE m.post_id = $1 AND u.id = m.user_id
             AND strpos(u.avatar_url, m.id::text) = 0 AND strpos(u.header_url, m.id::text) = 0
           RETURNING m.file_name, m.thumbnail_name""",
        post_id,
    )
    return [row[name] for row in rows for name in ("file_name", "thumbnail_name")]


async def _check_quota(user_id: UUID) -> None:
    now = await read_clock()
    day = await db.fetch_row(
        """SELECT count(*) AS files, COALESCE(sum(size_bytes), 0) AS bytes, min(created_at) AS since
           FROM media WHERE user_id = $1 AND order_key > $2""",
        user_id,
        id_floor(now - DAY),
    )
    if day and (day["files"] >= MAX_FILES_A_DAY or day["bytes"] >= MAX_BYTES_A_DAY):
        free_at = day["since"] + DAY
        raise TooManyRequests(
            f"At most {MAX_FILES_A_DAY} files and {MAX_BYTES_A_DAY // 1024**2} MiB a day are allowed; delete some, or try again later.",
            code="media_quota_exceeded",
            retry_after_s=max(1, int((free_at - now).total_seconds())),
        )


async def _insert(upload: Upload) -> None:
    await db.execute(
        """INSERT INTO media (id, user_id, type, mime_type, file_name, thumbnail_name, alt_text, width, height, duration_ms,
                              size_bytes, blurhash)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        upload.id,
        upload.user_id,
        upload.kind.type,
        upload.kind.mime_type,
        *upload.names,
        upload.alt_text,
        upload.processed.width,
        upload.processed.height,
        upload.processed.duration_ms,
        upload.size,
        upload.processed.blurhash,
    )


async def digest(form: UploadForm) -> bytes:
    """The fingerprint by which a repeated upload is known."""
    hashed = await sync_to_thread(_hash, form.file.file) if form.file is not None else b""
    return hashed + (form.alt_text or "").encode(errors="replace")


def _hash(file: Any) -> bytes:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").digest()


def _save(file: Any, path: Path) -> int:
    file.seek(0)
    with path.open("wb") as target:
        shutil.copyfileobj(file, target)
    return path.stat().st_size


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise BadInput.of("file", "is empty")
    return head
