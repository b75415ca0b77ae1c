"""Stills as cameras make them come out as they were meant: upright, in sRGB, whole or as far as they go."""

import io
import random
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from tests.files import picture, save
from tests.media.making import ADOBE, P3, mpo, near, plain, printers_profile, process, with_chunk
from x18.media.colours import make_profile
from x18.media.kinds import GIF, JPEG, PNG, WEBP, Kind
from x18.media.results import Rejected

KINDS = [(JPEG, "JPEG"), (PNG, "PNG"), (WEBP, "WEBP")]


@pytest.mark.parametrize(("kind", "name"), KINDS)
@pytest.mark.parametrize(
    ("points", "colour", "expected"),
    [
        (P3, (230, 60, 60), (250, 31, 49)),
        (ADOBE, (180, 120, 60), (199, 121, 53)),
        (P3, (128, 128, 128), (128, 128, 128)),
    ],
)
def test_colours_of_a_wide_gamut_look_the_same_in_srgb(
    tmp_path: Path, kind: Kind, name: str, points: tuple[float, ...], colour: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    gamma = 2.2 if points is ADOBE else None
    profile = make_profile(points, 1 / gamma if gamma else None)
    shown = process(save(plain(colour), name, icc_profile=profile, quality=100), kind, tmp_path)

    assert near(shown.image.convert("RGB").getpixel((8, 8)), expected, by=6)
    assert near(shown.thumbnail.convert("RGB").getpixel((8, 8)), expected, by=8)
    assert "icc_profile" not in shown.image.info


def test_alpha_stays_while_colours_are_converted(tmp_path: Path) -> None:
    seen = process(save(plain((230, 60, 60, 77), "RGBA"), "PNG", icc_profile=make_profile(P3, None)), PNG, tmp_path)

    assert seen.image.getpixel((8, 8)) == (250, 31, 49, 77)
    assert seen.thumbnail.mode == "RGBA"


def test_a_grey_picture_with_a_profile_stays_grey(tmp_path: Path) -> None:
    linear = make_profile(P3, 1.0)
    seen = process(save(plain(55, "L"), "PNG", icc_profile=linear), PNG, tmp_path)

    assert (seen.image.mode, seen.image.getpixel((8, 8))) == ("L", 128)


def test_a_palette_with_a_profile_is_converted(tmp_path: Path) -> None:
    flat = plain((230, 60, 60)).quantize(2)
    seen = process(save(flat, "PNG", icc_profile=make_profile(P3, None)), PNG, tmp_path)

    assert near(seen.image.convert("RGB").getpixel((8, 8)), (250, 31, 49))


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        make_profile(P3, None)[:200],  # type: ignore[index]
        (make_profile(P3, None) or b"").replace(b"RGB ", b"CMYK"),
        (make_profile(P3, None) or b"").replace(b"para", b"para"[::-1]),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        b"\0" * 5_000_000,
    ],
)
def test_a_profile_that_is_broken_is_left_out(tmp_path: Path, profile: bytes) -> None:
    seen = process(save(plain((230, 60, 60)), "PNG", icc_profile=profile), PNG, tmp_path)

    assert seen.image.getpixel((8, 8)) == (230, 60, 60)
    assert "icc_profile" not in seen.image.info


@pytest.mark.parametrize(
    ("chunks", "before", "after"),
    [
        ([(b"gAMA", struct.pack(">I", 100_000))], (55, 55, 55), (128, 128, 128)),
        ([(b"gAMA", struct.pack(">I", 45_455))], (55, 55, 55), (55, 55, 55)),
        ([(b"cHRM", struct.pack(">8I", *(round(100_000 * at) for at in P3)))], (230, 60, 60), (250, 31, 49)),
        ([(b"cICP", bytes((12, 13, 0, 1)))], (230, 60, 60), (250, 31, 49)),
        ([(b"cICP", bytes((1, 13, 0, 1)))], (230, 60, 60), (230, 60, 60)),
        ([(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))], (55, 55, 55), (55, 55, 55)),
        ([(b"gAMA", struct.pack(">I", 0))], (55, 55, 55), (55, 55, 55)),
        ([(b"cHRM", bytes(32))], (230, 60, 60), (230, 60, 60)),
    ],
)
def test_what_a_png_says_of_its_colours_is_heard(
    tmp_path: Path, chunks: list[tuple[bytes, bytes]], before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    data = save(plain(before), "PNG")
    for kind, body in reversed(chunks):
        data = with_chunk(data, kind, body)

    seen = process(data, PNG, tmp_path)

    assert near(seen.image.getpixel((8, 8)), after, by=1)
    assert not seen.image.info.keys() & {"gamma", "chromaticity", "srgb"}


def test_a_cmyk_photo_is_shown_in_its_colours(tmp_path: Path) -> None:
    seen = process(save(plain((0, 255, 255, 0), "CMYK"), "JPEG", quality=100), JPEG, tmp_path)

    assert seen.image.mode == "RGB"
    assert near(seen.image.getpixel((8, 8)), (255, 0, 0), by=6)


VIOLET_INK = printers_profile({(0, 0, 0, 0): (100, 0, 0), (1, 0, 0, 0): (40, 60, -60), (0, 1, 0, 0): (60, 0, 60)})


@pytest.mark.parametrize(
    ("inks", "shown"),
    [((255, 0, 0, 0), (146, 41, 195)), ((0, 255, 0, 0), (165, 143, 20)), ((0, 0, 0, 0), (255, 255, 255))],
)
def test_the_inks_of_a_cmyk_photo_are_those_of_its_profile(
    tmp_path: Path, inks: tuple[int, ...], shown: tuple[int, int, int]
) -> None:
    plainly = save(plain(inks, "CMYK"), "JPEG", quality=100)
    printed = save(plain(inks, "CMYK"), "JPEG", quality=100, icc_profile=VIOLET_INK)
    seen = process(printed, JPEG, tmp_path)

    assert seen.image.mode == "RGB"
    assert "icc_profile" not in seen.image.info
    for each in (seen.image, seen.thumbnail.convert("RGB")):
        assert near(each.getpixel((8, 8)), shown, by=8)
    if inks != (0, 0, 0, 0):
        assert not near(process(plainly, JPEG, tmp_path).image.getpixel((8, 8)), shown, by=40)


@pytest.mark.parametrize(("kind", "name"), KINDS)
@pytest.mark.parametrize("orientation", [2, 3, 4, 5, 6, 7, 8])
def test_every_orientation_stands_upright(tmp_path: Path, kind: Kind, name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    marked = Image.new("RGB", (40, 20), "white")
    marked.paste("red", (0, 0, 20, 10))  # where it begins
    seen = process(save(marked, name, exif=exif, quality=100), kind, tmp_path)
    size = (20, 40) if orientation > 4 else (40, 20)
    left, top = {2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]
    spot = (5 if not left else size[0] - 5, 5 if not top else size[1] - 5)

    assert (seen.told.width, seen.told.height) == seen.image.size == seen.thumbnail.size == size
    assert near(seen.image.convert("RGB").getpixel(spot), (255, 0, 0), by=12)
    assert not seen.image.getexif()


def test_of_a_phones_several_pictures_the_first_is_taken_whatever_the_others_are(tmp_path: Path) -> None:
    large = Image.new("RGB", (5100, 4100), "navy")
    seen = process(mpo(large, Image.new("RGB", (5100, 4100))), JPEG, tmp_path)

    assert (seen.told.width, seen.told.height, seen.told.duration_ms) == (5100, 4100, None)
    assert (getattr(seen.image, "n_frames", 1), seen.image.format) == (1, "JPEG")


def test_the_first_of_several_pictures_has_a_bound_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="40 megapixels"):
        process(mpo(Image.new("L", (8000, 5001)), plain(0, "L")), JPEG, tmp_path)


NOISE = Image.effect_noise((96, 96), 60)


@pytest.mark.parametrize(
    ("kind", "data", "missing"),
    [
        (JPEG, save(NOISE, "JPEG"), 2),
        (JPEG, save(NOISE, "JPEG"), 300),
        (JPEG, save(NOISE, "JPEG", progressive=True), 1500),
        (JPEG, save(NOISE.convert("CMYK"), "JPEG"), 2),
        (PNG, save(NOISE, "PNG"), 12),
        (PNG, save(NOISE, "PNG"), 1000),
        (WEBP, save(NOISE.convert("RGB"), "WEBP"), 1),
        (WEBP, save(NOISE.convert("RGB"), "WEBP"), 700),
        (GIF, save(NOISE, "GIF"), 1),
        (GIF, save(NOISE, "GIF"), 1000),
    ],
)
def test_a_file_that_ends_early_shows_what_is_there(tmp_path: Path, kind: Kind, data: bytes, missing: int) -> None:
    seen = process(data[:-missing], kind, tmp_path)

    assert (seen.told.width, seen.told.height) == (96, 96)
    top = seen.image.convert("L").crop((0, 0, 96, 48))
    assert max(abs(a - b) for a, b in zip(top.tobytes(), NOISE.crop((0, 0, 96, 48)).tobytes(), strict=True)) < 160
    seen.image.load()


def beside(kind: bytes, body: bytes, *, is_right: bool = True) -> bytes:
    """A PNG that is to be turned, with one more chunk, whose checksum may be wrong."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = with_chunk(save(Image.new("RGB", (40, 20), "red"), "PNG", exif=exif), kind, body)
    at = data.index(kind) + 4 + len(body)
    return data if is_right else data[:at] + bytes(4) + data[at + 4 :]


@pytest.mark.parametrize(
    "data",
    [
        beside(b"tEXt", b"Comment\0hello", is_right=False),
        beside(b"iCCP", b"sRGB\0\0" + zlib.compress(bytes(200)), is_right=False),
        beside(b"tRNS", b"\0\xff\0\0\0\0", is_right=False),
        beside(b"gAMA", struct.pack(">I", 100_000), is_right=False),
        beside(b"pHYs", b"\0"),
        beside(b"gAMA", b"\0"),
        beside(b"sRGB", b""),
        beside(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2_000_000))),
    ],
)
def test_what_is_broken_beside_the_pixels_does_not_cost_the_picture(tmp_path: Path, data: bytes) -> None:
    seen = process(data, PNG, tmp_path)

    assert near(seen.image.convert("RGBA").getpixel((5, 5)), (255, 0, 0, 255), by=0)
    assert seen.image.size == (20, 40), "what is whole counts"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (JPEG, save(NOISE, "JPEG")),
        (PNG, save(NOISE, "PNG")),
        (WEBP, save(NOISE, "WEBP")),
        (GIF, save(NOISE, "GIF", interlace=0)),
    ],
)
def test_a_file_of_which_little_is_there_is_refused(tmp_path: Path, kind: Kind, data: bytes) -> None:
    with pytest.raises(Rejected):
        process(data[: len(data) * 2 // 5], kind, tmp_path)


PHOTO = save(NOISE, "JPEG", quality=95)
SECOND_START = PHOTO[:2] + PHOTO


@pytest.mark.parametrize("data", [SECOND_START, SECOND_START[:-2], PHOTO[:2] + save(NOISE, "JPEG", progressive=True)])
def test_a_photo_of_which_nothing_can_be_decoded_is_refused_and_not_black(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Rejected):
        process(data, JPEG, tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        PHOTO[:-2] + b"\0\0\1\x0aImage_UTC_Data" + random.Random(1).randbytes(5_000) + b"SEFT",
        PHOTO[:2] + b"\xff\xe1\0\x0eExif\0\0MM\xff\xff" + bytes(2) + PHOTO[2:],
        PHOTO[:2] + b"\xff\xe1\0\2" + PHOTO[2:],
        save(Image.new("RGB", (96, 96)), "JPEG")[:-2],
    ],
)
def test_what_phones_write_around_a_photo_does_not_cost_it(tmp_path: Path, data: bytes) -> None:
    """A trailer in place of the end, as panoramas have it, and EXIF that is none. The last is black, and ends early."""
    assert process(data, JPEG, tmp_path).image.size == (96, 96)


@pytest.mark.parametrize(("kind", "name"), [(PNG, "PNG"), (WEBP, "WEBP"), (GIF, "GIF")])
def test_a_thumbnail_shines_through_where_the_picture_does(tmp_path: Path, kind: Kind, name: str) -> None:
    seen = process(save(plain((0, 0, 0, 0), "RGBA"), name), kind, tmp_path)

    assert seen.thumbnail.mode == "RGBA"
    assert seen.thumbnail.getpixel((8, 8))[3] == 0  # type: ignore[index]
    assert seen.told.blurhash == process(save(plain("white"), "PNG"), PNG, tmp_path).told.blurhash, "on white"


def test_a_colour_that_is_none_is_none_in_sixteen_bits_too(tmp_path: Path) -> None:
    deep = Image.new("I;16", (2, 1))
    deep.putpixel((0, 0), 1000)
    deep.putpixel((1, 0), 1001)
    seen = process(with_chunk(save(deep, "PNG"), b"tRNS", struct.pack(">H", 1000)), PNG, tmp_path)

    assert [seen.image.convert("LA").getpixel((x, 0)) for x in (0, 1)] == [(3, 0), (3, 255)]


def rich(side: int) -> Image.Image:
    """Nothing of it can be left out."""
    noise = Image.effect_noise((side, side), 200)
    return Image.merge("RGB", [noise, noise.rotate(90), noise.rotate(180)])


def test_what_would_be_too_large_is_written_with_less_quality(tmp_path: Path) -> None:
    data = save(rich(3400), "JPEG", quality=60)
    assert len(data) < 10 * 1024**2 < len(save(Image.open(io.BytesIO(data)), "JPEG", quality=90))

    assert process(data, JPEG, tmp_path).image.size == (3400, 3400)


def test_what_cannot_be_written_small_enough_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="larger than 10 MiB after re-encoding"):
        process(
            save(
                Image.frombytes("RGB", (1900, 1900), random.Random(1).randbytes(3 * 1900**2)), "PNG", compress_level=1
            ),
            PNG,
            tmp_path,
        )


def test_a_picture_is_not_scanned_without_end(tmp_path: Path) -> None:
    data = save(plain("red"), "JPEG", progressive=True)
    at = data.index(b"\xff\xda")

    with pytest.raises(Rejected, match="scans"):
        process(data[:at] + data[at:-2] * 60, JPEG, tmp_path)


SECRET = b"52.5200N 13.4050E"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (JPEG, save(picture(), "JPEG", comment=SECRET, icc_profile=SECRET * 20) + SECRET),
        (PNG, with_chunk(with_chunk(save(picture(), "PNG"), b"tEXt", b"a\0" + SECRET), b"prVt", SECRET) + SECRET),
        (WEBP, save(picture(), "WEBP", exif=b"Exif\0\0" + SECRET, xmp=SECRET, icc_profile=SECRET * 20) + SECRET),
        (GIF, save(picture(), "GIF", comment=SECRET) + SECRET),
        (
            PNG,
            save(picture(), "PNG", save_all=True, append_images=[plain("red", size=(64, 48))], icc_profile=SECRET * 20),
        ),
        (
            WEBP,
            save(
                picture(), "WEBP", save_all=True, append_images=[plain("red", size=(64, 48))], icc_profile=SECRET * 20
            ),
        ),
        (JPEG, mpo(picture(), picture()) + SECRET),
    ],
)
def test_what_comes_out_holds_pixels_and_nothing_else(tmp_path: Path, kind: Kind, data: bytes) -> None:
    seen = process(data, kind, tmp_path)
    seen.image.load()

    assert SECRET not in data or SECRET not in seen.data
    assert not {"icc_profile", "exif", "xmp", "comment", "a"} & seen.image.info.keys()
    thumbnail = (tmp_path / "thumbnail").read_bytes()
    assert b"ICCP" not in thumbnail
    assert b"EXIF" not in thumbnail
    assert Image.open(io.BytesIO(thumbnail)).format == "WEBP"
