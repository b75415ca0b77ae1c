"""Animations play as they were made: each frame as long, over or instead of the one before, as often, and no more."""

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from tests.files import save
from tests.media.making import P3, Shown, apng, gif, near, process
from x18.media.colours import make_profile
from x18.media.gifs import read_gif
from x18.media.kinds import GIF, PNG, WEBP, Kind
from x18.media.results import Rejected


def spot(left: int, colour: int = 1) -> Image.Image:
    """A square of a colour on colour 0, which is to be none: 1 is red, 2 green, 3 blue."""
    picture = Image.new("P", (40, 20), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.paste(colour, (left, 0, left + 10, 10))
    return picture


def frames_of(shown: Shown) -> list[Image.Image]:
    return [frame.convert("RGBA") for frame in ImageSequence.Iterator(shown.image)]


def seen_at(frame: Image.Image) -> list[int]:
    """Where a frame shows anything: the left edges of the four places."""
    return [left for left in (0, 10, 20, 30) if frame.getpixel((left + 5, 5))[3] > 128]  # type: ignore[index]


@pytest.mark.parametrize(
    ("disposal", "expected"),
    [
        (1, [[0], [0, 10], [0, 10, 20]]),  # stays
        (2, [[0], [10], [20]]),  # makes room
        (3, [[0], [10], [20]]),  # gives back what was there
    ],
)
def test_a_frame_goes_as_it_was_meant_to_go(tmp_path: Path, disposal: int, expected: list[list[int]]) -> None:
    data = gif([(spot(left, at + 1), 10, disposal) for at, left in enumerate((0, 10, 20))], transparent=0)
    before = Image.open(io.BytesIO(data))
    shown = process(data, GIF, tmp_path)

    assert [seen_at(frame.convert("RGBA")) for frame in ImageSequence.Iterator(before)] == expected
    assert [seen_at(frame) for frame in frames_of(shown)] == expected
    assert [frame.disposal for frame in read_gif(shown.data, 9).frames] == [disposal] * 3


def test_small_frames_keep_their_place_and_their_colours(tmp_path: Path) -> None:
    shades = [Image.new("P", (40, 20), 0) for _ in range(3)]
    for at, shade in enumerate(shades):
        shade.putpalette([channel for value in range(256) for channel in (value, (value * 7 + at) % 256, 255 - value)])
        shade.putdata([(at * 85 + number) % 256 for number in range(800)])
    data = save(shades[0], "GIF", save_all=True, append_images=shades[1:], duration=50, disposal=1)
    before = [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(Image.open(io.BytesIO(data)))]

    shown = process(data, GIF, tmp_path)

    assert [frame.convert("RGB").tobytes() for frame in frames_of(shown)] == before, "256 colours each, and all of them"


@pytest.mark.parametrize("loop", [None, 0, 1, 7])
def test_a_gif_is_repeated_as_often_as_it_says(tmp_path: Path, loop: int | None) -> None:
    shown = process(gif([(spot(0), 10, 1), (spot(10), 20, 1)], loop=loop), GIF, tmp_path)

    assert read_gif(shown.data, 9).loop == loop
    assert shown.image.info.get("loop") == loop


@pytest.mark.parametrize(("kind", "name"), [(PNG, "PNG"), (WEBP, "WEBP")])
@pytest.mark.parametrize("loop", [0, 1, 5])
def test_so_are_webp_and_png(tmp_path: Path, kind: Kind, name: str, loop: int) -> None:
    pictures = [spot(left).convert("RGB") for left in (0, 10, 20)]
    data = save(pictures[0], name, save_all=True, append_images=pictures[1:], duration=[100, 250, 400], loop=loop)
    shown = process(data, kind, tmp_path)

    assert shown.image.info["loop"] == loop
    assert shown.told.duration_ms == 750
    assert [
        round(frame.convert("RGB") and frame.info["duration"]) for frame in ImageSequence.Iterator(shown.image)
    ] == [
        100,
        250,
        400,
    ]


@pytest.mark.parametrize(
    ("delays", "expected"), [([10, 20, 30], 600), ([0, 0], 200), ([1, 5], 150), ([2, 2], 40), ([65_535], None)]
)
def test_the_duration_is_what_browsers_take(tmp_path: Path, delays: list[int], expected: int | None) -> None:
    shown = process(gif([(spot(10 * at), delay, 1) for at, delay in enumerate(delays)]), GIF, tmp_path)

    assert shown.told.duration_ms == expected
    assert [frame.delay_ms for frame in read_gif(shown.data, 9).frames] == [delay * 10 for delay in delays]


@pytest.mark.parametrize(("kind", "name"), [(PNG, "PNG"), (WEBP, "WEBP")])
def test_what_shines_through_in_one_frame_does_not_show_the_one_before(tmp_path: Path, kind: Kind, name: str) -> None:
    pictures = []
    for left in (0, 10, 20):
        picture = Image.new("RGBA", (40, 20))
        picture.paste("red", (left, 0, left + 10, 10))
        pictures.append(picture)
    options: dict[str, Any] = {"disposal": 1} if kind is PNG else {"lossless": True, "duration": 100}
    shown = process(save(pictures[0], name, save_all=True, append_images=pictures[1:], **options), kind, tmp_path)

    assert [seen_at(frame) for frame in frames_of(shown)] == [[0], [10], [20]]
    assert shown.thumbnail.mode == "RGBA"


@pytest.mark.parametrize(("blend", "expected"), [(0, (255, 0, 0, 128)), (1, (128, 0, 127, 255))])
def test_a_frame_of_a_png_lies_over_the_one_before_or_takes_its_place(
    tmp_path: Path, blend: int, expected: tuple[int, ...]
) -> None:
    under, over = Image.new("RGBA", (40, 20), "blue"), Image.new("RGBA", (40, 20), (255, 0, 0, 128))
    data = save(under, "PNG", save_all=True, append_images=[over], blend=[0, blend])

    assert [frame.getpixel((5, 5)) for frame in frames_of(process(data, PNG, tmp_path))] == [(0, 0, 255, 255), expected]


@pytest.mark.parametrize(
    ("disposal", "expected"), [(0, [[0], [0, 10], [0, 10, 20]]), (1, [[0], [10], [20]]), (2, [[0], [10], [20]])]
)
def test_a_frame_of_a_png_goes_as_it_was_meant_to_go(tmp_path: Path, disposal: int, expected: list[list[int]]) -> None:
    pictures = []
    for left in (0, 10, 20):
        picture = Image.new("RGBA", (40, 20))
        picture.paste("red", (left, 0, left + 10, 10))
        pictures.append(picture)

    assert [seen_at(frame) for frame in frames_of(process(apng(pictures, disposal), PNG, tmp_path))] == expected


@pytest.mark.parametrize("colours", [(0, 1, 0), (1, 1, 1, 2, 2), (0, 0, 3)])
def test_a_frame_that_is_empty_or_the_same_again_takes_its_time(tmp_path: Path, colours: tuple[int, ...]) -> None:
    frames = [(spot(0, colour), 10 * number + 20, 2) for number, colour in enumerate(colours)]
    shown = process(gif(frames, loop=0, transparent=0), GIF, tmp_path)

    seen = [(frame.info["duration"], seen_at(frame.convert("RGBA"))) for frame in ImageSequence.Iterator(shown.image)]
    assert seen == [(delay * 10, [0] if colour else []) for colour, (_, delay, _) in zip(colours, frames, strict=True)]


@pytest.mark.parametrize(("kind", "name"), [(PNG, "PNG"), (WEBP, "WEBP")])
def test_nothing_is_left_of_what_was_said_beside_the_frames(tmp_path: Path, kind: Kind, name: str) -> None:
    first, second = (spot(0, colour).convert("RGB") for colour in (1, 2))
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    profile = make_profile(P3, 2.2)
    data = save(first, name, save_all=True, append_images=[second], duration=100, icc_profile=profile, exif=exif)
    shown = process(data, kind, tmp_path)
    shown.image.load()

    assert not {"icc_profile", "exif", "xmp"} & shown.image.info.keys()
    assert b"SecretCamera" not in shown.data


def test_a_gif_of_1987_is_one(tmp_path: Path) -> None:
    picture = save(spot(0), "GIF")
    shown = process(b"GIF87a" + picture[6:], GIF, tmp_path)

    assert (shown.told.width, shown.told.height, shown.told.duration_ms) == (40, 20, None)
    assert near(shown.image.convert("RGB").getpixel((5, 5)), (255, 0, 0), by=0)


def test_a_cover_that_is_no_frame_stays_none(tmp_path: Path) -> None:
    cover, first, second = (spot(0, colour).convert("RGB") for colour in (1, 2, 3))
    data = save(cover, "PNG", save_all=True, append_images=[first, second], default_image=True, duration=[100, 300])
    shown = process(data, PNG, tmp_path)

    assert (shown.told.duration_ms, shown.image.info["default_image"]) == (400, True)
    assert near(shown.thumbnail.convert("RGB").getpixel((5, 5)), (255, 0, 0), by=30)


@pytest.mark.parametrize(("kind", "name"), [(PNG, "PNG"), (WEBP, "WEBP")])
def test_animations_have_their_colours_converted_and_are_turned(tmp_path: Path, kind: Kind, name: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures = [Image.new("RGB", (40, 20), colour) for colour in ((230, 60, 60), (60, 60, 60))]
    options = {"icc_profile": make_profile(P3, None), "exif": exif.tobytes(), "quality": 100, "lossless": True}
    shown = process(save(pictures[0], name, save_all=True, append_images=pictures[1:], **options), kind, tmp_path)

    assert (shown.told.width, shown.told.height) == shown.image.size == (20, 40)
    first, second = frames_of(shown)
    assert near(first.convert("RGB").getpixel((5, 5)), (250, 31, 49), by=6)
    assert near(second.convert("RGB").getpixel((5, 5)), (60, 60, 60), by=6)


def test_what_no_pixel_of_a_gif_shows_goes_too(tmp_path: Path) -> None:
    data = bytearray(gif([(spot(0), 10, 1), (spot(10), 10, 1)]))
    data[13 + 12 : 13 + 12 + 16] = b"52.5200N13.4050E"  # colours that nothing has
    at = data.index(b"\x21\xf9")
    data[at:at] = b"\x21\xfe\x08comment!\0" + b"\x21\xff\x0bXMP DataXMP\x06packet\0"
    shown = process(bytes(data) + b"appended", GIF, tmp_path)

    for secret in (b"52.5200N", b"comment", b"XMP", b"packet", b"appended"):
        assert secret not in shown.data
    assert len(frames_of(shown)) == 2


def test_an_animation_that_ends_early_keeps_its_whole_frames(tmp_path: Path) -> None:
    data = gif([(spot(10 * at), 10, 1) for at in range(4)])

    assert len(frames_of(process(data[:-20], GIF, tmp_path))) == 3


@pytest.mark.parametrize("size", [(0, 20), (40, 0)])
def test_a_frame_without_a_size_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    data = bytearray(gif([(spot(0), 10, 1)]))
    at = data.rindex(b"\x2c\0\0\0\0")
    data[at + 5 : at + 9] = struct.pack("<HH", *size)

    with pytest.raises(Rejected):
        process(bytes(data), GIF, tmp_path)


def test_frames_of_a_gif_have_bounds_of_their_own(tmp_path: Path) -> None:
    data = bytearray(gif([(spot(0), 10, 1)]))
    at = data.rindex(b"\x2c\0\0\0\0")
    data[at + 5 : at + 9] = struct.pack("<HH", 65_535, 65_535)

    with pytest.raises(Rejected, match="40 megapixels"):
        process(bytes(data), GIF, tmp_path)


@pytest.mark.parametrize("lossless", [True, False])
def test_a_last_frame_that_is_smaller_does_not_shrink_an_animation(tmp_path: Path, lossless: bool) -> None:
    """What changes from frame to frame is a small part, and only that is in the file."""
    frames = [spot(left, 1).convert("RGBA") for left in (0, 10, 30)]
    for frame in frames:
        frame.putalpha(frame.getchannel("R").point(lambda red: 255 if red else 0))
    data = save(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=lossless, minimize_size=True
    )
    shown = process(data, WEBP, tmp_path)

    assert (shown.told.width, shown.told.height) == shown.image.size == (40, 20)
    assert shown.data[20] & 0x12 == 0x12, "transparent and animated, as its head says"
    assert [seen_at(frame) for frame in frames_of(shown)] == [[0], [10], [30]]
    assert shown.told.duration_ms == 300
