"""Frames of an animated PNG, put over each other as the specification says (PNG, third edition, 11.3.6).

Pillow lays a frame that shines through over one that does not so that both shine through. So it is asked for the bare frames here.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from PIL import Image

CONTROL: Final = b"fcTL"
TO_NOTHING, TO_BEFORE = 1, 2
OVER: Final = 1


class _Control(NamedTuple):
    left: int
    top: int
    width: int
    height: int
    disposal: int
    blend: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left + self.width, self.top + self.height


def frames_of(data: bytes) -> Iterator[tuple[Image.Image, float | None]]:
    """Each frame as it is shown, and its duration in milliseconds. A cover that is no frame comes first, and has none."""
    bare, controls = _bare(data)
    with Image.open(io.BytesIO(bare), formats=["PNG"]) as image:
        canvas = Image.new("RGBA", image.size)
        has_cover = bool(image.info.get("default_image"))
        for number in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(number)
            picture = image.convert("RGBA")
            if has_cover and not number:
                yield picture, None
                continue
            control = controls[number - has_cover]
            before = canvas
            canvas = _painted(canvas, picture.crop(control.box), control)
            yield canvas, image.info.get("duration")
            canvas = _disposed(canvas, before, control, is_first=number == has_cover)


def _painted(canvas: Image.Image, part: Image.Image, control: _Control) -> Image.Image:
    canvas = canvas.copy()
    under = canvas.crop(control.box)
    canvas.paste(Image.alpha_composite(under, part) if control.blend == OVER else part, control.box)
    return canvas


def _disposed(canvas: Image.Image, before: Image.Image, control: _Control, *, is_first: bool) -> Image.Image:
    if control.disposal == TO_BEFORE and not is_first:
        return before
    if control.disposal in (TO_NOTHING, TO_BEFORE):
        canvas = canvas.copy()
        canvas.paste((0, 0, 0, 0), control.box)
    return canvas


def _bare(data: bytes) -> tuple[bytes, list[_Control]]:
    """The file with frames that replace what they cover and stay, and how they were meant to be."""
    parts, controls, at = [data[:8]], [], 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        chunk = data[at:end]
        if chunk[4:8] == CONTROL and len(chunk) == 38:
            width, height, left, top = struct.unpack_from(">4I", chunk, 12)
            controls.append(_Control(left, top, width, height, chunk[32], chunk[33]))
            body = chunk[4:32] + b"\0\0"
            chunk = chunk[:4] + body + zlib.crc32(body).to_bytes(4, "big")
        parts.append(chunk)
        at = end
    return b"".join(parts), controls
