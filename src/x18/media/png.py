"""PNG as browsers read it: what is broken beside the pixels does not cost the picture."""

import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from PIL import Image

PACKED: Final = frozenset({b"iCCP", b"zTXt", b"iTXt", b"tEXt"})
"""Texts and profiles, which may unpack to more than is taken."""

SHORT: Final = frozenset({b"pHYs", b"gAMA", b"cHRM", b"sRGB"})
"""Of which Pillow wants all bytes."""


def sound_png(data: bytes) -> bytes:
    """A PNG that Pillow opens, if leaving something out makes it one: what has a wrong checksum, then what else it may stumble over."""
    for without in (None, frozenset[bytes](), PACKED, PACKED | SHORT):
        kept = data if without is None else _without(without, data)
        with suppress(Exception):  # decoders raise all sorts of things
            Image.open(io.BytesIO(kept), formats=["PNG"]).close()
            return kept
    return data


def _without(names: frozenset[bytes], data: bytes) -> bytes:
    """The critical chunks, and of the others those with a right checksum and another name than these."""
    kept = (chunk for chunk in _chunks(data) if chunk[4:5].isupper() or (chunk[4:8] not in names and _is_whole(chunk)))
    return b"".join((data[:8], *kept))


def _is_whole(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _chunks(data: bytes) -> Iterator[bytes]:
    at = 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at:end]
        at = end
