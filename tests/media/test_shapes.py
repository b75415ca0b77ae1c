"""Pixels that are no squares: the size that is told, the thumbnail, and the file itself, for every container and codec."""

import io
import re
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.media.clips import clip, decoded
from tests.media.making import process
from x18.media.kinds import MP4, WEBM
from x18.media.webm import write_shown_size

NEEDLESS = b"\x9c\x81\0\x22\xb5\x9c\x83und"
"""Two elements of a track, whose ten bytes can be used."""


def shown_as(webm: bytes, width: int, height: int) -> bytes:
    """A WebM whose picture is to be shown in this size."""
    at = webm.index(NEEDLESS)
    webm = webm[:at] + webm[at + len(NEEDLESS) :]
    video = re.compile(rb"\xe0(.)\xb0\x81", re.DOTALL).search(webm, at)
    assert video
    size = video[1][0] & 0x7F
    end = video.end(1) + size
    shape = b"\x54\xb0\x82%b\x54\xba\x82%b" % (width.to_bytes(2), height.to_bytes(2))
    return webm[: video.start(1)] + bytes([0x80 | size + 10]) + webm[video.end(1) : end] + shape + webm[end:]


def shape_of(data: bytes) -> Fraction | None:
    """Of one pixel, as a player reads it."""
    with av.open(io.BytesIO(data)) as container:
        return container.streams.video[0].sample_aspect_ratio


@pytest.mark.parametrize("sound", [None, "libopus"])
@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9", "libsvtav1"])
@pytest.mark.parametrize("size", [(128, 48), (64, 96), (68, 48)])
def test_a_webm_is_shown_in_its_shape(tmp_path: Path, codec: str, size: tuple[int, int], sound: str | None) -> None:
    data = shown_as(clip("webm", codec, sound), *size)
    shown = process(data, WEBM, tmp_path)

    assert (shown.told.width, shown.told.height) == shown.thumbnail.size == size
    assert shape_of(shown.data) == shape_of(data) == Fraction(size[0] * 48, size[1] * 64)
    assert decoded(shown.data) == decoded(data)


@pytest.mark.parametrize("codec", ["libvpx-vp9", "libsvtav1", "mpeg4", "libx264", "libx265"])
def test_an_mp4_is_shown_in_its_shape(tmp_path: Path, codec: str) -> None:
    data = clip("mp4", codec, pixel=Fraction(2, 1))
    shown = process(data, MP4, tmp_path)

    assert (shown.told.width, shown.told.height) == shown.thumbnail.size == (128, 48)
    assert shape_of(shown.data) == shape_of(data) == 2
    assert decoded(shown.data) == decoded(data)


@pytest.mark.parametrize("size", [(1, 1), (255, 256), (65_535, 65_535)])
def test_a_size_of_any_length_moves_nothing_in_a_file(tmp_path: Path, size: tuple[int, int]) -> None:
    written = process(clip("webm", "libvpx", "libopus"), WEBM, tmp_path).data
    path = tmp_path / "again.webm"
    path.write_bytes(written)

    write_shown_size(path, size)

    changed = path.read_bytes()
    at = written.index(b"\x1f\x43\xb6\x75")  # where the pictures begin
    assert len(changed) == len(written)
    assert changed[at:] == written[at:]
    assert decoded(changed) == decoded(written)
