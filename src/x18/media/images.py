"""Images are decoded and written anew: what comes out holds pixels and nothing else."""

import errno
from pathlib import Path
from typing import Any, Final

import blurhash
from PIL import Image, ImageOps, ImageSequence

from x18.media.kinds import GIF, PNG, Kind
from x18.media.results import Processed, Rejected

MAX_PIXELS: Final = 40_000_000
MAX_SIDE: Final = 65_535
"""What JPEG can hold. A picture of one by forty million pixels takes a decoder many times as long as a square one."""

MAX_FRAMES: Final = 200
THUMBNAIL: Final = (400, 400)
BLUR_FROM: Final = (32, 32)

Image.MAX_IMAGE_PIXELS = None  # our own limit is asked before anything is decoded


def process_image(source: Path, target: Path, thumbnail: Path, kind: Kind) -> Processed:
    """Write the image and its thumbnail without EXIF, GPS or anything appended; turned as its orientation says.

    Raises:
        Rejected: too many pixels or frames, or it cannot be decoded.
    """
    try:
        with Image.open(source, formats=[kind.format]) as image:
            frames = getattr(image, "n_frames", 1)
            pixels, in_all = (
                image.width * image.height,
                MAX_PIXELS * (4 if kind is GIF else 1),
            )  # one byte each, not four
            if max(image.size) > MAX_SIDE:
                raise Rejected(f"The image has more than {MAX_SIDE} pixels on a side.")
            if pixels > MAX_PIXELS or pixels * frames > in_all or frames > MAX_FRAMES:
                raise Rejected(f"The image has more than {MAX_PIXELS // 1_000_000} megapixels or {MAX_FRAMES} frames.")
            still = _write(image, target, kind)
    except Rejected:
        raise
    except Exception as error:  # decoders raise all sorts of things
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise  # which is not the file's fault
        raise Rejected("The file says that it is an image but cannot be decoded.") from error
    still.thumbnail(THUMBNAIL)
    still.save(thumbnail, "WEBP", quality=80)
    width, height = _size_of(target, kind)
    return Processed(width, height, None, blur(still))


def blur(picture: Any) -> str:
    """The blurhash."""
    small = picture.convert("RGB")
    small.thumbnail(BLUR_FROM)
    data, row = small.tobytes(), 3 * small.width
    rows = [[data[at : at + 3] for at in range(start, start + row, 3)] for start in range(0, len(data), row)]
    code: str = blurhash.encode(rows, components_x=4, components_y=3)
    return code


def _write(image: Any, target: Path, kind: Kind) -> Any:
    """Write the pixels; a still of them for the thumbnail."""
    if kind is GIF or (kind.format != "JPEG" and getattr(image, "n_frames", 1) > 1):
        return _write_frames(image, target, kind)
    image.load()
    turned = _in_eight_bits(ImageOps.exif_transpose(image))
    if "transparency" in image.info:
        turned = turned.convert("RGBA")
    turned.info = {}
    if kind is PNG:
        clean = turned if turned.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else turned.convert("RGBA")
        clean.save(target, "PNG", optimize=False)
    elif kind.format == "JPEG":
        turned.convert("RGB").save(target, "JPEG", quality=90)
    else:
        (turned if turned.mode in ("RGB", "RGBA") else turned.convert("RGBA")).save(target, "WEBP", quality=90)
    return turned.convert("RGBA" if kind is PNG else "RGB")


def _write_frames(image: Any, target: Path, kind: Kind) -> Any:
    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        frames.append(frame.copy() if kind is GIF else frame.convert("RGBA"))
        durations.append(frame.info.get("duration", 100))
        frames[-1].info.pop("comment", None)
    frames[0].save(
        target,
        kind.format,
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=image.info.get("loop", 0),
        exif=b"",
    )
    return frames[0].convert("RGBA")


def _in_eight_bits(image: Any) -> Any:
    """Pictures of 16 bits, as scanners make them; Pillow would cut off what is over 255."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def _size_of(path: Path, kind: Kind) -> tuple[int, int]:
    with Image.open(path, formats=[kind.format]) as written:
        return written.width, written.height
