"""Media on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from x18.core.paging import Listing


class MediaView(msgspec.Struct, kw_only=True):
    """A file. Sizes in pixels, null while unknown; ``duration_ms`` is null for still images."""

    id: UUID
    user_id: UUID
    post_id: UUID | None
    type: Literal["image", "gif", "video"]
    mime_type: str
    url: str
    thumbnail_url: str | None
    alt_text: str
    width: int | None
    height: int | None
    duration_ms: int | None
    size_bytes: int
    blurhash: str | None
    status: Literal["processing", "ready", "failed"]
    created_at: datetime


class MediaList(Listing, kw_only=True):
    """A page of files."""

    media: list[MediaView]


class UploadForm(msgspec.Struct, kw_only=True):
    """The two parts of an upload."""

    file: UploadFile | None = None
    alt_text: str | None = None
