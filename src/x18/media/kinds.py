"""The six kinds of file that are taken, told by their first bytes and by nothing else."""

import re
from typing import Final, Literal

import msgspec

MAX_BYTES: Final = 10 * 1024 * 1024
"""Of a file, as it is sent and as it is kept."""

MediaType = Literal["image", "gif", "video"]


class Kind(msgspec.Struct, frozen=True):
    """A kind of file. ``format`` is Pillow's name for images, the container's for videos."""

    type: MediaType
    mime_type: str
    extension: str
    format: str


JPEG: Final = Kind("image", "image/jpeg", "jpg", "JPEG")
PNG: Final = Kind("image", "image/png", "png", "PNG")
GIF: Final = Kind("gif", "image/gif", "gif", "GIF")
WEBP: Final = Kind("image", "image/webp", "webp", "WEBP")
MP4: Final = Kind("video", "video/mp4", "mp4", "mp4")
WEBM: Final = Kind("video", "video/webm", "webm", "webm")

KINDS: Final = {kind.extension: kind for kind in (JPEG, PNG, GIF, WEBP, MP4, WEBM)}

NAME: Final = re.compile(
    rf"[0-9a-f]{{8}}-[0-9a-f]{{4}}-7[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}(?:_thumb\.(webp)|\.({'|'.join(KINDS)}))"
)
"""The names of stored files: a UUIDv7 and the kind."""

HEAD_BYTES: Final = 64

MP4_BRAND: Final = re.compile(rb"iso[m2-9]|mp4[12]|mp71|avc1|M4V |MSNV|dash|cmf[c2]|f4v ")
"""Brands of the container (ISO 14496-12, 14496-14), of which an MP4 names one; QuickTime and M4A have others."""

PICTURE_BRAND: Final = re.compile(rb"avi[fs]|hei[cxms]|hev[cx]|mi[fa]\w|msf1|jp2 ")
"""AVIF and HEIF are pictures in the same container, and may name brands of it besides their own."""


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file by its first 64 bytes; None for a kind that is not accepted."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp" and _names_mp4(head):
        return MP4
    if head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head:
        return WEBM
    return None


def _names_mp4(head: bytes) -> bool:
    """Whether the first box of the file says MP4: its major brand, a version, and what it is compatible with."""
    size = int.from_bytes(head[:4], "big")
    major, others = head[8:12], head[16 : min(size, HEAD_BYTES)]
    brands = [major, *(others[at : at + 4] for at in range(0, len(others), 4))]
    return not PICTURE_BRAND.fullmatch(major) and any(MP4_BRAND.fullmatch(brand) for brand in brands)
