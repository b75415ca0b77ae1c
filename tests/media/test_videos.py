"""Videos are shown upright and in their shape, as long as they are, and tell nobody where they were made."""

import io
from pathlib import Path

import av
import pytest
from PIL import Image

from tests.media.clips import box, clip, decoded, turned, with_box, with_pixels, without_duration
from tests.media.making import near, process
from x18.media import videos
from x18.media.geometry import shown_size
from x18.media.kinds import MP4, WEBM
from x18.media.results import Rejected

H264 = clip("mp4", "libx264")
VP8 = clip("webm", "libvpx")
SECRET = "+52.5200+013.4050/"


@pytest.mark.parametrize(
    ("matrix", "size", "red"),
    [
        ((1, 0, 0, 1), (64, 48), (10, 24)),
        ((0, 1, -1, 0), (48, 64), (24, 10)),
        ((-1, 0, 0, -1), (64, 48), (54, 24)),
        ((0, -1, 1, 0), (48, 64), (24, 54)),
        ((-1, 0, 0, 1), (64, 48), (54, 24)),
    ],
)
def test_a_video_of_a_phone_stands_upright(
    tmp_path: Path, matrix: tuple[int, int, int, int], size: tuple[int, int], red: tuple[int, int]
) -> None:
    shown = process(turned(H264, *matrix), MP4, tmp_path)

    assert (shown.told.width, shown.told.height) == shown.thumbnail.size == size
    assert near(shown.thumbnail.convert("RGB").getpixel(red), (255, 0, 0), by=40)
    assert near(
        shown.thumbnail.convert("RGB").getpixel((size[0] - 1 - red[0], size[1] - 1 - red[1])), (255,) * 3, by=40
    )
    again = process(shown.data, MP4, tmp_path)
    assert (again.told.width, again.told.height) == size, "who plays it turns it too"


@pytest.mark.parametrize(("pixel", "size"), [((2, 1), (128, 48)), ((1, 2), (64, 96)), ((16, 15), (68, 48))])
def test_pixels_that_are_no_squares_are_reckoned_with(
    tmp_path: Path, pixel: tuple[int, int], size: tuple[int, int]
) -> None:
    shown = process(with_pixels(H264, *pixel), MP4, tmp_path)

    assert (shown.told.width, shown.told.height) == shown.thumbnail.size == size
    assert decoded(shown.data) == {"video": 10}


def test_a_shape_that_cannot_be_meant_is_not_believed() -> None:
    from fractions import Fraction

    assert shown_size(64, 48, Fraction(1000, 1)) == (64, 48)
    assert shown_size(60_000, 48, Fraction(2, 1)) == (60_000, 48)
    assert shown_size(64, 48, Fraction(0, 1)) == (64, 48)


@pytest.mark.parametrize(
    ("path", "added"),
    [
        ([b"moov"], box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7" + SECRET.encode()))),
        ([b"moov"], box(b"udta", box(b"loci", bytes(6) + SECRET.encode() + bytes(20)))),
        ([b"moov"], box(b"uuid", b"\xbez\xcf\xcb\x97\xa9B\xe8\x9cq\x99\x94\x91\xe3\xaf\xac" + SECRET.encode())),
        (
            [b"moov"],
            box(b"meta", bytes(4) + box(b"hdlr", bytes(8) + b"mdta" + bytes(13)) + box(b"ilst", SECRET.encode())),
        ),
        ([b"moov", b"trak"], box(b"udta", box(b"name", SECRET.encode()))),
        ([], box(b"uuid", bytes(16) + SECRET.encode())),
        ([], box(b"free", SECRET.encode())),
        ([], SECRET.encode()),
    ],
)
def test_nothing_but_picture_and_sound_is_left_of_an_mp4(tmp_path: Path, path: list[bytes], added: bytes) -> None:
    data = with_box(H264, path, added) if path else H264 + added
    shown = process(data, MP4, tmp_path)

    assert SECRET.encode() in data
    assert SECRET.encode() not in shown.data
    assert shown.data.index(b"moov") < shown.data.index(b"mdat"), "it begins to play before all of it is there"
    assert decoded(shown.data) == {"video": 10}


@pytest.mark.parametrize(("kind", "name", "codec"), [(MP4, "mp4", "libx264"), (WEBM, "webm", "libvpx")])
def test_titles_and_comments_go(tmp_path: Path, kind: object, name: str, codec: str) -> None:
    data = clip(name, codec, title=SECRET, comment=SECRET, location=SECRET)
    shown = process(data, MP4 if kind is MP4 else WEBM, tmp_path)

    assert SECRET.encode() in data
    assert SECRET.encode() not in shown.data


def test_chapters_attachments_and_what_was_appended_go_from_a_webm(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with av.open(io.BytesIO(VP8)) as source, av.open(buffer, "w", format="matroska") as container:
        container.add_attachment("place.txt", "text/plain", SECRET.encode())
        track = container.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                container.mux(packet)
    data = buffer.getvalue().replace(b"matroska", b"webm\xec\x81\0\xec"[:4] + b"\0" * 4) + SECRET.encode()
    shown = process(data, WEBM, tmp_path)

    assert SECRET.encode() not in shown.data
    assert decoded(shown.data) == {"video": 10}


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_what_an_encoder_writes_into_the_pictures_goes(tmp_path: Path, codec: str) -> None:
    data = clip("mp4", codec)
    shown = process(data, MP4, tmp_path)

    assert b"x26" in data
    assert b"x264 - core" not in shown.data
    assert b"x265 (build" not in shown.data
    assert decoded(shown.data) == {"video": 10}


@pytest.mark.parametrize("seconds", [1, 3])
def test_a_webm_that_does_not_say_how_long_it_is_is_measured(tmp_path: Path, seconds: int) -> None:
    data = without_duration(clip("webm", "libvpx", frames=10 * seconds))
    with av.open(io.BytesIO(data)) as container:
        assert container.duration is None

    shown = process(data, WEBM, tmp_path)

    assert shown.told.duration_ms == seconds * 1000
    with av.open(io.BytesIO(shown.data)) as container:
        assert container.duration == seconds * 1_000_000


@pytest.mark.parametrize("frames", [601, 900])
def test_ten_minutes_are_the_most_whatever_the_header_says(tmp_path: Path, frames: int) -> None:
    long = clip("webm", "libvpx", frames=frames, rate=1)

    for data in (long, without_duration(long)):
        with pytest.raises(Rejected, match="longer than 10 minutes"):
            process(data, WEBM, tmp_path)


@pytest.mark.parametrize(
    ("kind", "video", "sound"),
    [
        ("mp4", "libx264", "aac"),
        ("mp4", "libx264", "libmp3lame"),
        ("mp4", "libx264", "libopus"),
        ("mp4", "libx264", "flac"),
        ("mp4", "libx265", None),
        ("mp4", "libvpx-vp9", "libopus"),
        ("webm", "libvpx", "libopus"),
        ("webm", "libvpx-vp9", "libopus"),
    ],
)
def test_what_browsers_play_is_kept_to_the_last_packet(
    tmp_path: Path, kind: str, video: str, sound: str | None
) -> None:
    data = clip(kind, video, sound)
    shown = process(data, MP4 if kind == "mp4" else WEBM, tmp_path)

    assert decoded(shown.data) == decoded(data)
    assert shown.told.duration_ms == pytest.approx(1000, abs=40)


@pytest.mark.parametrize("sound", ["ac3", "eac3", "alac"])
def test_sound_that_browsers_do_not_play_is_refused_and_told_why(tmp_path: Path, sound: str) -> None:
    with pytest.raises(
        Rejected, match=f"Browsers do not play sound with codec {sound} in mp4 files: use AAC, FLAC, MP3, OPUS"
    ):
        process(clip("mp4", "libx264", sound), MP4, tmp_path)


def test_a_video_without_a_picture_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        audio = container.add_stream("aac", rate=48_000)
        container.mux(audio.encode())  # type: ignore[attr-defined]

    with pytest.raises(Rejected):
        process(buffer.getvalue(), MP4, tmp_path)


def test_a_thumbnail_of_a_large_video_is_small(tmp_path: Path) -> None:
    shown = process(H264, MP4, tmp_path)

    assert isinstance(shown.thumbnail, Image.Image)
    assert max(shown.thumbnail.size) <= 400


def test_a_codec_that_browsers_do_not_play_is_refused_and_named(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="Videos with codec mpeg2video are not accepted in mp4 files"):
        process(clip("mp4", "mpeg2video"), MP4, tmp_path)


def test_what_is_too_large_when_it_is_packed_anew_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert process(H264, MP4, tmp_path).data
    monkeypatch.setattr(videos, "MAX_BYTES", len(H264) // 2)

    with pytest.raises(Rejected, match="after repackaging"):
        process(H264, MP4, tmp_path)
