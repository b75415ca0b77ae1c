"""What comes out is the picture that went in: its depth, its transparency, its frames, and nothing beside the pixels."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from tests.files import picture, save
from x18.media.images import process_image
from x18.media.kinds import GIF, HEAD_BYTES, MP4, PNG, WEBP, Kind, kind_of
from x18.media.results import Rejected


def processed(data: bytes, kind: Kind, folder: Path) -> Image.Image:
    (folder / "source").write_bytes(data)
    process_image(folder, kind)
    with Image.open(folder / "thumbnail") as small:
        assert max(small.size) <= 400
    return Image.open(io.BytesIO((folder / "target").read_bytes()))


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
    assert b"SecretCamera" not in (tmp_path / "target").read_bytes()


@pytest.mark.parametrize("size", [(1, 65_536), (65_536, 1)])
def test_a_picture_of_one_line_is_not_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(Rejected, match="on a side"):
        processed(save(Image.new("1", size), "PNG"), PNG, tmp_path)


def box(*brands: bytes) -> bytes:
    """The first box of a file: its major brand, a version, and what it is compatible with; the next box."""
    content = b"ftyp" + brands[0] + b"\0\0\2\0" + b"".join(brands[1:])
    return (len(content) + 4).to_bytes(4, "big") + content + b"\0\0\0\x08isom"


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        ([b"isom", b"isom", b"iso2", b"avc1", b"mp41"], MP4),
        ([b"mp42"], MP4),
        ([b"M4V ", b"M4V ", b"mp42"], MP4),
        ([b"XAVC", b"XAVC", b"mp42"], MP4),
        ([b"qt  ", b"qt  "], None),
        ([b"avif", b"avif", b"mif1", b"miaf"], None),
        ([b"avis", b"avis", b"msf1", b"iso8"], None),
        ([b"heic", b"mif1", b"heic"], None),
        ([b"M4A "], None),
    ],
)
def test_an_mp4_is_told_from_pictures_and_films_in_the_same_container(brands: list[bytes], kind: Kind | None) -> None:
    assert kind_of(box(*brands)[:HEAD_BYTES]) is kind
