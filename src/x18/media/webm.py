"""The shape of a WebM's picture, which the library reads and cannot write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

HEAD_BYTES: Final = 64 * 1024
"""What comes before the pictures lies in here: the index of ten minutes is a few kilobytes."""

SEGMENT, TRACKS, TRACK, UID, VIDEO = b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b", b"\xae", b"\x73\xc5", b"\xe0"
WIDTH, HEIGHT = b"\x54\xb0", b"\x54\xba"
WIDEST_SIZE: Final = 8


class Element(NamedTuple):
    """A part of an EBML file (RFC 8794): its id, where it begins, and where its content lies."""

    id: bytes
    at: int
    start: int
    end: int


def write_shown_size(path: Path, size: tuple[int, int]) -> None:
    """Say as how large the picture is shown, in the file that has just been written: the first track is the picture.

    Nothing may move, since the index tells where everything is. The library writes numbers in eight bytes that need one or two: that is
    room enough.
    """
    with path.open("r+b") as file:
        data = file.read(HEAD_BYTES)
        track = _find(data, SEGMENT, TRACKS, TRACK)
        body = b"".join(_changed(data, part, size) for part in _elements(data, track.start, track.end))
        room = track.end - track.at - len(TRACK) - len(body)
        file.seek(track.at)
        file.write(TRACK + _size(len(body), room) + body)


def _changed(data: bytes, part: Element, size: tuple[int, int]) -> bytes:
    body = data[part.start : part.end]
    if part.id == UID:
        body = body.lstrip(b"\0")
    elif part.id == VIDEO:
        body += b"".join(name + b"\x82" + side.to_bytes(2) for name, side in zip((WIDTH, HEIGHT), size, strict=True))
    else:
        return data[part.at : part.end]
    return part.id + _size(len(body)) + body


def _find(data: bytes, *ids: bytes) -> Element:
    found = Element(b"", 0, 0, len(data))
    for name in ids:
        found = next(part for part in _elements(data, found.start, found.end) if part.id == name)
    return found


def _elements(data: bytes, at: int, end: int) -> Iterator[Element]:
    while at < end:
        name = data[at : at + 9 - data[at].bit_length()]
        place = at + len(name)
        width = 9 - data[place].bit_length()
        size = int.from_bytes(data[place : place + width]) & ((1 << 7 * width) - 1)
        start = place + width
        yield Element(name, at, start, min(start + size, end))
        at = start + size


def _size(number: int, width: int | None = None) -> bytes:
    """A size in so many bytes, or in as few as can be."""
    width = width or -(-(number + 1).bit_length() // 7)
    if not 0 < width <= WIDEST_SIZE:
        raise ValueError(f"a size of {width} bytes")
    return (number | 1 << 7 * width).to_bytes(width)
