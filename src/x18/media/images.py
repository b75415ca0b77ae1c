"""Images are decoded and written anew: what comes out holds pixels and nothing else."""

from pathlib import Path
from typing import Any, Final

import blurhash
from PIL import Image, ImageOps, ImageSequence

from x18.media.kinds import GIF, PNG, Kind
from x18.media.results import Processed, Rejected

MAX_PIXELS: Final = 40_000_000
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
            if image.width * image.height * (frames if kind is GIF else 1) > MAX_PIXELS * (4 if kind is GIF else 1):
                raise Rejected(f"The image has more than {MAX_PIXELS // 1_000_000} megapixels.")
            if image.width * image.height > MAX_PIXELS or frames > MAX_FRAMES:
                raise Rejected(f"The image has more than {MAX_PIXELS // 1_000_000} megapixels or {MAX_FRAMES} frames.")
            still = _write(image, target, kind)
    except Rejected:
        raise
    except Exception as error:  # decoders raise all sorts of things
        raise Rejected("The file says that it is an image but cannot be decoded.") from error
    still.thumbnail(THUMBNAIL)
    still.save(thumbnail, "WEBP", quality=80)
    blurred = still.convert("RGB")
    blurred.thumbnail(BLUR_FROM)
    width, height = _size_of(target, kind)
    return Processed(width, height, None, blurhash.encode(blurred, x_components=4, y_components=3))


def _write(image: Any, target: Path, kind: Kind) -> Any:
    """Write the pixels; a still of them for the thumbnail."""
    if kind is GIF:
        frames = [frame.copy() for frame in ImageSequence.Iterator(image)]
        durations = [frame.info.get("duration", 100) for frame in frames]
        for frame in frames:
            frame.info.pop("comment", None)
        frames[0].save(
            target, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=image.info.get("loop", 0)
        )
        return frames[0].convert("RGBA")
    image.load()
    turned = ImageOps.exif_transpose(image)
    turned.info = {}
    if kind is PNG:
        clean = turned if turned.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else turned.convert("RGBA")
        if "transparency" in image.info:
            clean = image.convert("RGBA")
        clean.save(target, "PNG", optimize=False)
    elif kind.format == "JPEG":
        turned.convert("RGB").save(target, "JPEG", quality=90)
    else:
        (turned if turned.mode in ("RGB", "RGBA") else turned.convert("RGBA")).save(target, "WEBP", quality=90)
    return turned.convert("RGBA" if kind is PNG else "RGB")


def _size_of(path: Path, kind: Kind) -> tuple[int, int]:
    with Image.open(path, formats=[kind.format]) as written:
        return written.width, written.height
