"""Real media files, made here."""

import io
from fractions import Fraction
from typing import Any

import av
from PIL import Image

SIZE = (64, 48)


def picture(size: tuple[int, int] = SIZE, colour: str = "red") -> Image.Image:
    """Left half in the colour, right half white."""
    image = Image.new("RGB", size, "white")
    image.paste(Image.new("RGB", (size[0] // 2, size[1]), colour), (0, 0))
    return image


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg_of_a_phone() -> bytes:
    """Lying on its side, with GPS and a serial number."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return save(picture(), "JPEG", exif=exif)


def animated_gif(frames: int = 3) -> bytes:
    images = [picture(colour=colour) for colour in ("red", "green", "blue")] * (frames // 3)
    return save(
        images[0],
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=[100, 200, 300] * (frames // 3),
        comment=b"secret",
    )


def video(kind: str, codec: str, seconds: int = 1) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = Fraction(1, 10)
        for number in range(10 * seconds):
            frame = av.VideoFrame.from_image(picture(colour=("red", "green", "blue")[number % 3]))
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return buffer.getvalue()
