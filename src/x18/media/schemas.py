"""Media on the wire."""

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Meta

from x18.core.fields import Count, Moment
from x18.core.paging import Listing
from x18.core.text import described

MAX_ALT_TEXT: Final = 1_000


Pixels = Annotated[int, Meta(ge=1)]


class MediaView(msgspec.Struct, kw_only=True):
    """A file."""

    id: UUID
    user_id: UUID
    post_id: UUID | None
    type: Literal["image", "gif", "video"]
    mime_type: str
    url: Annotated[str, Meta(description="Where the bytes are, on this server.")]
    thumbnail_url: str | None
    alt_text: str
    width: Annotated[Pixels | None, Meta(description="In pixels; null while it is not known, as the height.")]
    height: Pixels | None
    duration_ms: Annotated[Count | None, Meta(description="Null for still images.")]
    size_bytes: Count
    blurhash: Annotated[str | None, Meta(description="What to show until it is loaded: https://blurha.sh.")]
    status: Literal["processing", "ready", "failed"]
    created_at: Moment


class MediaList(Listing, kw_only=True):
    """A page of files."""

    media: list[MediaView]


class UploadForm(msgspec.Struct, kw_only=True):
    """The two parts of an upload."""

    file: UploadFile | None = None
    alt_text: Annotated[str | None, described("What it shows, for those who do not see it.", most=MAX_ALT_TEXT)] = None

    async def aclose(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            await self.file.close()
