"""Images are decoded and written anew: what comes out holds pixels and nothing else."""

import errno
import io
from pathlib import Path
from typing import Any, Final

import blurhash
from PIL import Image

from x18.media.gifs import decoded, painted, read_gif, write_gif
from x18.media.kinds import GIF, MAX_BYTES, PNG, WEBP, Kind
from x18.media.pictures import Picture, open_picture, with_alpha_flag
from x18.media.results import MAX_SIDE, Processed, Rejected
from x18.media.writing import Bounded, TooBig

MAX_PIXELS: Final = 40_000_000
MAX_FRAMES: Final = 200
THUMBNAIL: Final = (400, 400)
BLUR_FROM: Final = (32, 32)

QUALITIES: Final = (90, 80, 65)
"""Qualities in the order in which they are tried until the file has at most 10 MiB."""

LARGE: Final = 4_000_000
"""So many pixels are written as WebP with less effort, which takes half the time and 2 % more bytes."""

Image.MAX_IMAGE_PIXELS = None  # our own limit is asked before anything is decoded
Image.init()  # all formats that there are: nothing can be imported later


def process_image(folder: Path, kind: Kind) -> Processed:
    """Write the image and its thumbnail without EXIF, GPS or anything appended; turned as its orientation says, in sRGB.

    Raises:
        Rejected: too many pixels or frames, it cannot be decoded, or is too large when written anew.
    """
    try:
        data = (folder / "source").read_bytes()
        written = (_write_gif if kind is GIF else _write)(data, folder / "target", kind)
    except TooBig as error:
        raise Rejected("The image is larger than 10 MiB after re-encoding: send a smaller one.") from error
    except Rejected:
        raise
    except Exception as error:  # decoders raise all sorts of things
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise  # which is not the file's fault
        raise Rejected("The file claims to be an image but cannot be decoded.") from error
    still, (width, height), duration_ms = written
    return Processed(width, height, duration_ms, write_thumbnail(still, folder))


def write_thumbnail(still: Image.Image, folder: Path) -> str:
    """Write the picture small; its blurhash."""
    small = still.convert("RGBA" if has_alpha(still) else "RGB")
    small.thumbnail(THUMBNAIL)
    small.save(folder / "thumbnail", "WEBP", quality=80)
    return _blur(small)


def has_alpha(picture: Image.Image) -> bool:
    """Whether something may shine through."""
    return picture.mode in ("LA", "RGBA", "PA")


def check_size(size: tuple[int, int], frames: int = 1, pixels_in_all: int | None = None) -> None:
    """Nothing for a picture that may be decoded.

    Raises:
        Rejected: too many pixels, on a side or in all, or too many frames.
    """
    if max(size) > MAX_SIDE:
        raise Rejected(f"The image has more than {MAX_SIDE} pixels on a side.")
    pixels = size[0] * size[1]
    if pixels > MAX_PIXELS or (pixels_in_all or pixels * frames) > MAX_PIXELS or frames > MAX_FRAMES:
        raise Rejected(f"The image has more than {MAX_PIXELS // 1_000_000} megapixels or {MAX_FRAMES} frames.")


_Written = tuple[Image.Image, tuple[int, int], int | None]
"""A still for the thumbnail, the size, and the duration."""


def _blur(small: Image.Image) -> str:
    """On white, where something shines through."""
    if has_alpha(small):
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small)
    small = small.convert("RGB")
    small.thumbnail(BLUR_FROM)
    data, row = small.tobytes(), 3 * small.width
    rows = [[data[at : at + 3] for at in range(start, start + row, 3)] for start in range(0, len(data), row)]
    code: str = blurhash.encode(rows, components_x=4, components_y=3)
    return code


def _write_gif(data: bytes, target: Path, _: Kind) -> _Written:
    gif = read_gif(data, MAX_FRAMES)
    # One byte a pixel, not four, and only what changes from frame to frame.
    pixels = sum(frame.width * frame.height for frame in gif.frames) // 4
    check_size((gif.width, gif.height), len(gif.frames), pixels)
    for frame in gif.frames:
        check_size((frame.width, frame.height))
    pictures = list(decoded(gif))
    gif = gif._replace(frames=gif.frames[: len(pictures)])
    with Bounded(target, MAX_BYTES) as file:
        write_gif(gif, pictures, file)
    return painted(gif, pictures[0]), (gif.width, gif.height), gif.duration_ms


def _write(data: bytes, target: Path, kind: Kind) -> _Written:
    picture = open_picture(data, kind, check_size)
    first = picture.frames[0]
    for quality in QUALITIES:
        try:
            with Bounded(target, MAX_BYTES) as file:
                if len(picture.frames) > 1 and kind is WEBP:
                    file.write(_animated_webp(picture, _options(picture, kind, quality)))
                else:
                    first.save(file, kind.format, **_options(picture, kind, quality))
            break
        except (TooBig, ValueError):  # the latter is libwebp's, of a picture that is too rich for the quality
            if quality == QUALITIES[-1] or kind is PNG:
                raise
    return first, first.size, picture.duration_ms


def _animated_webp(picture: Picture, options: dict[str, Any]) -> bytes:
    """Libwebp forgets to say that there is alpha where each frame has none inside of its own rectangle."""
    buffer = io.BytesIO()
    picture.frames[0].save(buffer, "WEBP", **options)
    return with_alpha_flag(buffer.getvalue()) if has_alpha(picture.frames[0]) else buffer.getvalue()


def _options(picture: Picture, kind: Kind, quality: int) -> dict[str, Any]:
    options: dict[str, Any] = {"quality": quality} if kind is not PNG else {}
    if kind.format == "WEBP":
        pixels = picture.frames[0].width * picture.frames[0].height * len(picture.frames)
        options["method"] = 2 if pixels > LARGE else 4
    if len(picture.frames) > 1:
        options |= {
            "save_all": True,
            "append_images": picture.frames[1:],
            "duration": picture.durations,
            "loop": picture.loop,
        }
        if kind is PNG:
            options |= {"default_image": picture.has_cover}
    return options
