"""Colours to sRGB, which is what a picture without a profile has: profiles go, as they can hold text."""

import io
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from PIL import Image, ImageCms

from x18.media.tones import light_of

Convert = Callable[[Image.Image], Image.Image]

MAX_PROFILE: Final = 4 * 1024**2
"""Printers' profiles have half a megabyte, some two."""

SRGB_GAMMA: Final = 0.45455
SPACES: Final = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}

SRGB: Final = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
PRIMARIES: Final = {
    9: (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),  # BT.2020
    12: (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
}
"""White, red, green and blue by the number that ITU-T H.273 gives them, in PNG's ``cICP`` chunk and in videos."""

LIKE_SRGB: Final = (1, 2, 6, 13, 14, 15)
"""Transfer functions that are shown as sRGB's is, and 2, which is not told."""


def converter_of(image: Image.Image, data: bytes) -> Convert | None:
    """The transform that turns this picture, and all its frames, to sRGB; None where none is needed, or its profile is broken."""
    profile = image.info.get("icc_profile") or _described(image, data)
    if not profile or len(profile) > MAX_PROFILE:
        return None
    with suppress(Exception):  # a profile is the sender's too, and a picture without is better than none
        opened: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = SPACES.get(opened.profile.xcolor_space)
        if mode is None or not _fits(mode, image.mode):
            return None
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
        return lambda picture: _convert(picture, mode, transform)
    return None


def in_srgb(picture: Image.Image, primaries: int, transfer: int) -> Image.Image:
    """A picture in RGB whose colours are meant so, by the numbers of ITU-T H.273."""
    profile = _profile_of(primaries, transfer)
    if profile is None:
        return picture
    meant: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return _convert(picture, "RGB", ImageCms.buildTransform(meant, ImageCms.createProfile("sRGB"), "RGB", "RGB"))


def _profile_of(primaries: int, transfer: int) -> bytes | None:
    """None for what is shown as sRGB is, or not known here."""
    points, light = PRIMARIES.get(primaries), light_of(transfer)
    if light is None and (points is None or transfer not in LIKE_SRGB):
        return None
    return make_profile(points or SRGB, light)


def _fits(profile: str, picture: str) -> bool:
    """Whether a profile is one for such pictures. One for RGB is good for grey ones too, and they stay grey."""
    if picture == "CMYK" or profile == "CMYK":
        return profile == picture
    return profile == "RGB" or picture in ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L")


def _convert(picture: Image.Image, mode: str, transform: Any) -> Image.Image:
    is_grey = picture.mode in ("1", "L", "LA")
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    plain = picture if picture.mode == mode else picture.convert(mode)
    shown = ImageCms.applyTransform(plain, transform)
    assert shown is not None  # which only happens in place
    if is_grey:
        shown = shown.convert("L")
    if alpha is not None:
        shown.putalpha(alpha)
    return shown


def _described(image: Image.Image, data: bytes) -> bytes | None:
    """The profile that the small chunks of a PNG amount to (PNG, third edition, 4.3); None if that is sRGB."""
    if image.format != "PNG":
        return None
    coding = data[: data.find(b"IDAT")].partition(b"\0\0\0\x04cICP")[2][:4]
    if coding:
        return _profile_of(coding[0], coding[1])
    gamma, points = image.info.get("gamma"), image.info.get("chromaticity")
    if "srgb" in image.info or not (gamma or points):
        return None
    if gamma and abs(gamma - SRGB_GAMMA) < 0.01:
        gamma = None
    if points and all(abs(one - other) < 0.002 for one, other in zip(points, SRGB, strict=False)):
        points = None
    return make_profile(points or SRGB, gamma) if gamma or points else None


def make_profile(points: tuple[float, ...], curve: float | list[float] | None) -> bytes | None:
    """An ICC profile of a display with this white, red, green and blue, and with this gamma, these steps of light, or sRGB's curve."""
    if len(points) != 8 or not all(0 < y <= 1 and 0 <= x <= 1 for x, y in zip(points[::2], points[1::2], strict=True)):
        return None
    if isinstance(curve, float) and not 0.1 <= curve <= 4:
        return None
    white, *colours = [(x / y, 1.0, (1 - x - y) / y) for x, y in zip(points[::2], points[1::2], strict=True)]
    amounts = _solve(colours, white)
    if amounts is None:
        return None
    adapted = [
        _adapt(tuple(amount * part for part in colour), white) for colour, amount in zip(colours, amounts, strict=True)
    ]
    if curve is None:
        steps = b"para\0\0\0\0\0\3\0\0" + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    elif isinstance(curve, float):
        steps = b"curv\0\0\0\0\0\0\0\1" + struct.pack(">HH", round(256 / curve), 0)
    else:
        steps = struct.pack(f">4sII{len(curve)}H", b"curv", 0, len(curve), *(round(65535 * light) for light in curve))
    tags = {
        name: b"XYZ \0\0\0\0" + _fixed(*colour)
        for name, colour in zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted, strict=True)
    }
    tags |= {b"wtpt": b"XYZ \0\0\0\0" + _fixed(*D50)} | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), steps)
    return _assemble(tags)


D50: Final = (0.9642, 1.0, 0.8249)
BRADFORD: Final = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
Triple = tuple[float, ...]


def _solve(columns: Sequence[Triple], wanted: Triple) -> list[float] | None:
    """The share of each column in the wanted vector (Cramer's rule); None if there is no solution."""
    whole = _determinant(columns)
    if abs(whole) < 1e-9:
        return None
    return [_determinant([*columns[:at], wanted, *columns[at + 1 :]]) / whole for at in range(3)]


def _determinant(columns: Sequence[Triple]) -> float:
    (a, d, g), (b, e, h), (c, f, i) = columns
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _adapt(colour: Triple, white: Triple) -> Triple:
    """The colour as it looks beside D50, the white of profiles (Bradford)."""
    cones, here, there = (
        [sum(a * b for a, b in zip(row, point, strict=True)) for row in BRADFORD] for point in (colour, white, D50)
    )
    scaled = tuple(cone * after / before for cone, before, after in zip(cones, here, there, strict=True))
    solved = _solve([tuple(row[at] for row in BRADFORD) for at in range(3)], scaled)
    assert solved is not None
    return tuple(solved)


def _fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    """ICC.1:2010: a header, a table of tags, and the tags."""
    table, body, at = b"", b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    size = at + len(body)
    header = struct.pack(
        ">I4sI4s4s4s12s4s28s", size, b"", 0x04200000, b"mntr", b"RGB ", b"XYZ ", b"\x07\xea\0\1\0\1", b"acsp", b""
    )
    return (header + _fixed(*D50)).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
