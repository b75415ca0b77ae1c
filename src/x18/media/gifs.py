"""GIFs frame by frame: each frame's pixels are decoded and written anew, and its place, duration and disposal are kept.

Pillow gives whole pictures of each moment, of which a GIF cannot be made again without a loss: of colours, as a frame has 256, and
of what is left of a frame when it goes. So the container is read and written here (GIF89a, CompuServe 1990), its pixels by Pillow.
"""

import io
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from PIL import Image

from x18.media.cut import SHORT, as_far_as_it_goes, is_there
from x18.media.results import MAX_SIDE, Rejected

EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
CONTROL, APPLICATION = 0xF9, 0xFF
LOOPING: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
GREYS: Final = bytes(value for value in range(256) for _ in range(3))

SHORTEST_MS: Final = 20
SHOWN_MS: Final = 100
"""Browsers take less than the former for this."""


Control = tuple[int, int, int | None]
NO_CONTROL: Final[Control] = (0, 0, None)
"""Delay in milliseconds, disposal, and the colour that is none."""


class Frame(NamedTuple):
    """A part of the picture. ``lzw`` is its pixels as they stand in the file; ``palette`` its own, else empty."""

    left: int
    top: int
    width: int
    height: int
    is_interlaced: bool
    palette: bytes
    lzw: bytes
    delay_ms: int
    disposal: int
    transparent: int | None


class Gif(NamedTuple):
    """The visible content of a file. ``loop`` is how often it is repeated, 0 for ever; None for once and no more."""

    width: int
    height: int
    palette: bytes
    loop: int | None
    frames: list[Frame]

    @property
    def duration_ms(self) -> int | None:
        """The duration of one round; None for a still picture."""
        delays = [frame.delay_ms for frame in self.frames]
        return sum(delay if delay >= SHORTEST_MS else SHOWN_MS for delay in delays) if len(delays) > 1 else None


def read_gif(data: bytes, most_frames: int) -> Gif:
    """The frames of a file, one more than the most at most; what comes after the last one that is whole is left out.

    Raises:
        Rejected: there is none.
    """
    frames: list[Frame] = []
    loop: int | None = None
    control = NO_CONTROL
    try:
        width, height, flags = struct.unpack_from("<HHB", data, 6)
        palette, at = _palette(data, 13, flags)
        while len(frames) <= most_frames:
            kind = data[at]
            if kind == EXTENSION:
                body, after = _blocks(data, at + 2)
                if data[at + 1] == CONTROL and len(body) >= 4:
                    control = _control(body)
                elif data[at + 1] == APPLICATION and body[:11] in LOOPING and len(body) >= 14 and body[11] == 1:
                    loop = int.from_bytes(body[12:14], "little")
                at = after
            elif kind == IMAGE:
                frame, at = _frame(data, at, control, is_first=not frames)
                frames.append(frame)
                control = NO_CONTROL
            else:
                break
    except (IndexError, struct.error):  # it ends early
        pass
    if not frames:
        raise Rejected("The file claims to be a GIF but contains no picture.")
    return Gif(width or frames[0].width, height or frames[0].height, palette, loop, frames)


def write_gif(gif: Gif, pictures: list[Image.Image], target: io.RawIOBase) -> None:
    """Write the frames with these pixels. Colours that no pixel has are black."""
    used = [_used(picture) for picture in pictures]
    shared = set().union(*(colours for frame, colours in zip(gif.frames, used, strict=True) if not frame.palette))
    screen, bits = _cleaned(gif.palette, shared), _bits(gif.palette)
    flags = 0x80 | bits if gif.palette else 0
    target.write(b"GIF89a" + struct.pack("<HHBBB", gif.width, gif.height, flags, 0, 0) + screen)
    if gif.loop is not None and len(gif.frames) > 1:
        target.write(bytes((EXTENSION, APPLICATION, 11)) + LOOPING[0] + struct.pack("<BBHB", 3, 1, gif.loop, 0))
    for frame, picture, colours in zip(gif.frames, pictures, used, strict=True):
        control = frame.disposal << 2 | (frame.transparent is not None)
        target.write(
            struct.pack("<BBBBHBB", EXTENSION, CONTROL, 4, control, frame.delay_ms // 10, frame.transparent or 0, 0)
        )
        local = 0x80 | _bits(frame.palette) if frame.palette else 0
        target.write(struct.pack("<BHHHHB", IMAGE, frame.left, frame.top, frame.width, frame.height, local))
        target.write(_cleaned(frame.palette, colours) + _encoded(picture))
    target.write(bytes((TRAILER,)))


def decoded(gif: Gif) -> Iterator[Image.Image]:
    """The pixels of each frame, as numbers of colours; the last are left out where they cannot be decoded.

    Raises:
        Rejected: of the first there are less than two thirds.
    """
    for number, frame in enumerate(gif.frames):
        try:
            yield _decoded(frame)
        except Exception as error:
            if number:
                return
            with as_far_as_it_goes():
                picture = _decoded(frame)
            if not is_there(picture):
                raise Rejected(SHORT) from error
            yield picture


def painted(gif: Gif, picture: Image.Image) -> Image.Image:
    """The first frame on its screen."""
    frame = gif.frames[0]
    picture = picture.copy()
    picture.putpalette((frame.palette or gif.palette or GREYS).ljust(768, b"\0"))
    alpha = (
        picture.point([0 if index == frame.transparent else 255 for index in range(256)], "L")
        if (frame.transparent is not None)
        else None
    )
    screen = Image.new("RGBA", (gif.width, gif.height))
    screen.paste(picture.convert("RGB"), (frame.left, frame.top), alpha)
    return screen


def _palette(data: bytes, at: int, flags: int) -> tuple[bytes, int]:
    size = 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
    return data[at : at + size], at + size


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """The data blocks from ``at`` on, joined, and the offset of their end."""
    parts = []
    while size := data[at]:
        parts.append(data[at + 1 : at + 1 + size])
        at += size + 1
    return b"".join(parts), at + 1


def _control(body: bytes) -> Control:
    flags, delay, transparent = struct.unpack_from("<BHB", body)
    disposal = flags >> 2 & 7
    return delay * 10, disposal if disposal <= 3 else 0, transparent if flags & 1 else None


def _frame(data: bytes, at: int, control: Control, *, is_first: bool) -> tuple[Frame, int]:
    left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at + 1)
    palette, start = _palette(data, at + 10, flags)
    try:
        _, end = _blocks(data, start + 1)
    except IndexError:
        if not is_first:
            raise
        end = len(data)
    if not 0 < width <= MAX_SIDE or not 0 < height <= MAX_SIDE:
        raise Rejected("A frame of the GIF has no size.")
    return Frame(left, top, width, height, bool(flags & 0x40), palette, data[start:end], *control), end


def _decoded(frame: Frame) -> Image.Image:
    """By Pillow, as a GIF of this frame alone."""
    flags = 0x40 if frame.is_interlaced else 0
    alone = (
        b"GIF89a"
        + struct.pack("<HHBBB", frame.width, frame.height, 0xF7, 0, 0)
        + GREYS[::-1]  # no ramp, which Pillow would take for a grey picture
        + struct.pack("<BHHHHB", IMAGE, 0, 0, frame.width, frame.height, flags)
        + frame.lzw
        + bytes((0, TRAILER))
    )
    with Image.open(io.BytesIO(alone), formats=["GIF"]) as picture:
        picture.load()
        return Image.frombytes("P", picture.size, picture.tobytes())


def _encoded(picture: Image.Image) -> bytes:
    """By Pillow, taken out of the GIF that it makes of them."""
    alone = io.BytesIO()
    Image.frombytes("L", picture.size, picture.tobytes()).save(alone, "GIF", optimize=False, interlace=0)
    return read_gif(alone.getvalue(), 1).frames[0].lzw


def _used(picture: Image.Image) -> set[int]:
    return {index for index, count in enumerate(picture.histogram()) if count}


def _bits(palette: bytes) -> int:
    return max(1, (len(palette) // 3 - 1).bit_length()) - 1


def _cleaned(palette: bytes, used: set[int]) -> bytes:
    """The palette without the colours that no pixel shows: they may hold anything, such as text."""
    size = 3 * 2 ** (_bits(palette) + 1) if palette else 0
    colours = (palette[3 * at : 3 * at + 3] if at in used else bytes(3) for at in range(size // 3))
    return b"".join(colour.ljust(3, b"\0") for colour in colours)
