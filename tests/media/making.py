"""Files to be processed, and what comes out of them."""

import io
import struct
import zlib
from itertools import product
from pathlib import Path

from PIL import Image

from tests.files import save
from x18.media.decoding import choose
from x18.media.kinds import Kind
from x18.media.results import Processed

P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
ADOBE = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


class Shown:
    """What became of a file."""

    def __init__(self, told: Processed, data: bytes, thumbnail: bytes) -> None:
        self.told = told
        self.data = data
        self.thumbnail = Image.open(io.BytesIO(thumbnail))

    @property
    def image(self) -> Image.Image:
        """The file, freshly opened."""
        return Image.open(io.BytesIO(self.data))


def process(data: bytes, kind: Kind, folder: Path) -> Shown:
    """Have it processed in this process."""
    (folder / "source").write_bytes(data)
    told = choose(kind.extension)(folder)
    assert len((folder / "target").read_bytes()) <= 10 * 1024**2
    return Shown(told, (folder / "target").read_bytes(), (folder / "thumbnail").read_bytes())


def plain(colour: object, mode: str = "RGB", size: tuple[int, int] = (16, 16)) -> Image.Image:
    return Image.new(mode, size, colour)  # type: ignore[arg-type]


def near(one: object, other: tuple[int, ...], by: int = 4) -> bool:
    """Whether two colours are as good as the same."""
    assert isinstance(one, tuple)
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    return png[:33] + chunk(kind, body) + png[33:]


def printers_profile(inks: dict[tuple[int, int, int, int], tuple[int, int, int]]) -> bytes:
    """An ICC profile of a printer: colours in Lab by mixtures of whole inks (cyan, magenta, yellow, black). Others are black."""
    ramp = bytes(range(256))
    mixtures = product((0, 1), repeat=4)
    colours = b"".join(
        bytes((round(light * 2.55), a + 128, b + 128))
        for light, a, b in (inks.get(mixture, (0, 0, 0)) for mixture in mixtures)
    )
    matrix = struct.pack(">9i", *(65536 if place % 4 == 0 else 0 for place in range(9)))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + ramp * 4 + colours + ramp * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(part * 65536) for part in (0.9642, 1.0, 0.8249)))
    tags = struct.pack(">I4sII4sII", 2, b"A2B0", 156, len(table), b"wtpt", 156 + len(table), len(white))
    size = 156 + len(table) + len(white)
    head = struct.pack(
        ">I4sI4s4s4s12s4s28s", size, b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"\x07\xea\0\1\0\1", b"acsp", b""
    )
    return (head + white[8:]).ljust(128, b"\0") + tags + table + white


def mpo(first: Image.Image, second: Image.Image) -> bytes:
    """As phones write it: a picture, and another for its depth or its highlights."""
    return save(first, "MPO", save_all=True, append_images=[second])


def gif(
    frames: list[tuple[Image.Image, int, int]], *, loop: int | None = None, transparent: int | None = None
) -> bytes:
    """By hand, of (pixels in mode P, hundredths of a second, disposal); all of one size and one palette."""
    first = frames[0][0]
    palette = bytes(first.getpalette() or []).ljust(768, b"\0")[:768]
    parts = [b"GIF89a", struct.pack("<HHBBB", *first.size, 0xF7, 0, 0), palette]
    if loop is not None:
        parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", loop) + b"\0")
    for picture, delay, disposal in frames:
        flags = disposal << 2 | (transparent is not None)
        parts.append(b"\x21\xf9\x04" + struct.pack("<BHBB", flags, delay, transparent or 0, 0))
        alone = save(Image.frombytes("L", picture.size, picture.tobytes()), "GIF", optimize=False, interlace=0)
        at = alone.rindex(b"\x2c\0\0\0\0")
        parts.append(alone[at : at + 9] + b"\0" + alone[at + 10 : -1])
    return b"".join(parts) + b"\x3b"


def apng(frames: list[Image.Image], disposal: int) -> bytes:
    """By hand, of whole frames that lie over each other, each for a tenth of a second."""
    first = save(frames[0], "PNG")
    parts, number = [first[:33], chunk(b"acTL", struct.pack(">II", len(frames), 0))], 0
    for picture in frames:
        control = struct.pack(">5IHHBB", number, *picture.size, 0, 0, 1, 10, disposal, 1)
        parts.append(chunk(b"fcTL", control))
        data = save(picture, "PNG")
        at = data.index(b"IDAT")
        pixels = data[at + 4 : at + 4 + int.from_bytes(data[at - 4 : at], "big")]
        if number:
            parts.append(chunk(b"fdAT", struct.pack(">I", number + 1) + pixels))
            number += 2
        else:
            parts.append(chunk(b"IDAT", pixels))
            number = 1
    return b"".join(parts) + chunk(b"IEND", b"")
