"""Pictures as they are to be shown: upright, in sRGB, in eight bits, with nothing beside their pixels."""

import io
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from PIL import Image, ImageSequence
from PIL.JpegImagePlugin import JpegImageFile

from x18.media.apng import frames_of
from x18.media.colours import converter_of
from x18.media.cut import SHORT, as_far_as_it_goes, is_there
from x18.media.kinds import JPEG, PNG, WEBP, Kind
from x18.media.png import sound_png
from x18.media.results import Rejected

MAX_SCANS: Final = 100
"""Of a JPEG; cameras write ten. Each goes over the whole picture."""

ORIENTATION: Final = 0x0112
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

START_OF_SCAN: Final = b"\xff\xda"
ENDS_EARLY: Final = "truncated"
"""In Pillow's words. Where a file is broken instead, what comes after that is nought."""

ANIMATION_FLAG, ALPHA_FLAG = 0x02, 0x10
"""Of WebP (RFC 9649, 2.7)."""

DURATION_MS: Final = 100
"""Of a frame that does not say."""

Check = Callable[[tuple[int, int], int], None]


class Picture(NamedTuple):
    """Frames, how long each is shown in milliseconds, and how often all of them, 0 for ever. ``has_cover``: the first is for those
    who show one only.
    """

    frames: list[Image.Image]
    durations: list[int]
    loop: int
    has_cover: bool

    @property
    def duration_ms(self) -> int | None:
        """The duration of one round; None for a still picture."""
        return round(sum(self.durations)) if len(self.frames) > 1 else None


def open_picture(data: bytes, kind: Kind, check: Check) -> Picture:
    """Decode a JPEG, PNG or WebP. ``check`` is asked before, with the size and the number of frames.

    Raises:
        Rejected: by ``check``, or too little of it is there.
    """
    if kind is JPEG:
        return _still(_open_jpeg(data, check), data, kind)
    data = with_alpha_flag(_filled(data)) if kind is WEBP else sound_png(data)
    with Image.open(io.BytesIO(data), formats=[kind.format]) as image:
        frames = getattr(image, "n_frames", 1)
        check(image.size, frames)
        if frames > 1:
            return _animation(image, data)
    return _still(_open_png(data) if kind is PNG else _open_webp(data), data, kind)


def _still(image: Image.Image, data: bytes, kind: Kind) -> Picture:
    shown = _shown(image, _turn_of(image), data)
    if kind is JPEG:
        shown = shown if shown.mode == "L" else shown.convert("RGB")
    elif kind is WEBP and shown.mode not in ("RGB", "RGBA"):
        shown = shown.convert("RGBA" if shown.mode == "LA" else "RGB")
    return Picture([shown], [], 0, False)


def _shown(image: Image.Image, turn: Image.Transpose | None, data: bytes) -> Image.Image:
    convert = converter_of(image, data)
    picture = _in_eight_bits(_with_alpha(image))
    if convert is not None:
        picture = convert(picture.convert("RGB") if picture.mode == "P" else picture)
    elif picture.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        picture = picture.convert("RGB" if picture.mode == "CMYK" else "RGBA")
    if turn is not None:
        picture = picture.transpose(turn)
    picture.info = {}
    return picture


def _animation(image: Any, data: bytes) -> Picture:
    turn, convert = _turn_of(image), converter_of(image, data)
    frames: list[Image.Image] = []
    durations: list[int] = []
    try:
        for whole, duration in frames_of(data) if image.format == "PNG" else _frames_of(image):
            whole = convert(whole) if convert is not None else whole
            frames.append(whole.transpose(turn) if turn is not None else whole)
            frames[-1].info = {}
            durations += [] if duration is None else [round(duration)]
    except (OSError, SyntaxError, EOFError, ValueError):  # it ends early
        if not frames:
            raise
    if not any(map(_shines_through, frames)):
        frames = [frame.convert("RGB") for frame in frames]
    return Picture(frames, durations, image.info.get("loop", 0), len(durations) < len(frames))


def _frames_of(image: Any) -> Iterator[tuple[Image.Image, float]]:
    for frame in ImageSequence.Iterator(image):
        yield frame.convert("RGBA"), frame.info.get("duration", DURATION_MS)


def _shines_through(frame: Image.Image) -> bool:
    return frame.getchannel("A").getextrema()[0] < 255  # type: ignore[operator]


def _turn_of(image: Image.Image) -> Image.Transpose | None:
    try:
        return TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # EXIF is the sender's too, and a picture without is better than none
        return None


def _with_alpha(image: Image.Image) -> Image.Image:
    """The picture, where it names a colour that is none with that as its alpha."""
    transparent = image.info.get("transparency")
    if transparent is None:
        return image
    if image.mode.startswith("I") and isinstance(transparent, int):
        wide = image.convert("I")
        alpha = wide.point([0 if value == transparent else 255 for value in range(65536)], "L")
        grey = _in_eight_bits(image).convert("LA")
        grey.putalpha(alpha)
        return grey
    if isinstance(transparent, tuple) and any(value > 255 for value in transparent):
        image.info["transparency"] = tuple(value >> 8 for value in transparent)  # Pillow reads 8 of 16 bits
    return image.convert("RGBA")


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Pictures of 16 bits, as scanners make them; Pillow would cut off what is over 255."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def _open_jpeg(data: bytes, check: Check) -> Image.Image:
    """The first picture of a file that may hold several, as cameras' previews and HDR maps are."""
    if data.count(START_OF_SCAN) > MAX_SCANS:
        raise Rejected(f"The image has more than {MAX_SCANS} scans.")
    image: Image.Image = JpegImageFile(io.BytesIO(data))
    check(image.size, 1)
    try:
        image.load()
    except OSError as error:
        image = JpegImageFile(io.BytesIO(data))
        with as_far_as_it_goes():
            image.load()
        if not (_shows(image, data) if ENDS_EARLY in str(error) else is_there(image)):
            raise Rejected(SHORT) from None
    return image


def _shows(image: Image.Image, data: bytes) -> bool:
    """Whether enough of a JPEG that ends early was decoded: the rest is of the grey that its numbers are counted from."""
    if image.info.get("progressive"):  # then the first scan has all of it, coarsely
        return data.count(START_OF_SCAN) > 1
    return is_there(image.point([0 if 127 <= value <= 129 else 255 for value in range(256)] * len(image.getbands())))


def _open_png(data: bytes) -> Image.Image:
    image: Image.Image = Image.open(io.BytesIO(data), formats=["PNG"])
    try:
        image.load()
    except (OSError, SyntaxError, ValueError):
        image = Image.open(io.BytesIO(data), formats=["PNG"])
        with as_far_as_it_goes():
            image.load()
        if not is_there(image):
            raise Rejected(SHORT) from None
    return image


def with_alpha_flag(webp: bytes) -> bytes:
    """An animated WebP that says that its frames need not cover the whole picture; any other as it is."""
    is_animated = webp[12:16] == b"VP8X" and len(webp) > 20 and webp[20] & ANIMATION_FLAG
    return webp[:20] + bytes((webp[20] | ALPHA_FLAG,)) + webp[21:] if is_animated else webp


def _open_webp(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=["WEBP"])
    image.load()
    return image


def _filled(data: bytes) -> bytes:
    """A WebP that ends early, with noughts up to the length that it says: its decoder takes none that is short."""
    length = int.from_bytes(data[4:8], "little") + 8
    return data.ljust(length, b"\0") if length * 2 <= len(data) * 3 else data
