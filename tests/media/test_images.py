"""What comes out is the picture that went in: its depth, its transparency, its frames, and nothing beside the pixels."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from tests.files import picture, save
from x18.media.images import process_image
from x18.media.kinds import GIF, PNG, WEBP, Kind

pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata")  # of blurhash


def processed(data: bytes, kind: Kind, folder: Path) -> Image.Image:
    source, target = folder / "in", folder / "out"
    source.write_bytes(data)
    process_image(source, target, folder / "thumbnail", kind)
    with Image.open(folder / "thumbnail") as small:
        assert max(small.size) <= 400
    return Image.open(io.BytesIO(target.read_bytes()))


def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path) -> None:
    deep = Image.new("I;16", (4, 1))
    for x, value in enumerate((0, 1_000, 32_768, 65_535)):
        deep.putpixel((x, 0), value)
    shown = processed(save(deep, "PNG"), PNG, tmp_path).convert("L")

    assert [shown.getpixel((x, 0)) for x in range(4)] == [0, 3, 128, 255]


def test_a_transparent_picture_is_turned_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    flat = picture((40, 20)).quantize(8)
    shown = processed(save(flat, "PNG", transparency=0, exif=exif), PNG, tmp_path)

    assert shown.size == (20, 40)
    assert "transparency" in shown.info or shown.mode == "RGBA"
    assert not shown.getexif()


@pytest.mark.parametrize(("kind", "name"), [(GIF, "GIF"), (PNG, "PNG"), (WEBP, "WEBP")])
def test_frames_and_their_durations_stay(tmp_path: Path, kind: Kind, name: str) -> None:
    images = [picture(colour=colour) for colour in ("red", "green", "blue")]
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    options = {} if kind is GIF else {"exif": exif}
    data = save(images[0], name, save_all=True, append_images=images[1:], duration=[100, 200, 300], **options)
    shown = processed(data, kind, tmp_path)
    frames = [
        (frame.convert("RGB").getpixel((5, 5)), frame.info["duration"]) for frame in ImageSequence.Iterator(shown)
    ]

    assert [max(range(3), key=colour.__getitem__) for colour, _ in frames] == [0, 1, 2]
    assert [round(duration) for _, duration in frames] == [100, 200, 300]
    assert b"SecretCamera" not in (tmp_path / "out").read_bytes()
