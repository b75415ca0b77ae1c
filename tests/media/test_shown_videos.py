"""Of a video that was shown to be cut, or in other colours than a screen's, the same is shown here."""

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.files import save
from tests.media.clips import box, decoded, with_box
from tests.media.making import near, plain, process, with_chunk
from x18.media.kinds import MP4, PNG, WEBM

SIGNALS = ("red", "lime", "blue", "white", "black", "yellow", "cyan", "magenta", "gray", "orange")
BRICK = (200, 30, 30)


def film(
    colours: tuple[Any, ...] = SIGNALS,
    *,
    kind: str = "mp4",
    codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
    matrix: int | None = None,
    sound: bool = False,
    start: int = 0,
    container_options: dict[str, str] | None = None,
    **told: Any,
) -> bytes:
    """Ten frames a second, each of one colour. ``matrix`` codes them, and ``told`` is what the file says of that."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind, options=container_options or {}) as container:
        video: Any = container.add_stream(
            codec, rate=10, options={"g": str(told.pop("gop", 100)), "bf": str(told.pop("b", 0))}
        )
        video.width, video.height, video.pix_fmt, video.time_base = (
            *size,
            told.pop("pixels", "yuv420p"),
            Fraction(1, 10),
        )
        for name, value in told.items():
            setattr(video.codec_context, name, value)
        audio: Any = container.add_stream("aac", rate=48_000, layout="stereo") if sound else None
        for at, colour in enumerate(colours):
            frame = av.VideoFrame.from_image(Image.new("RGB", size, colour))
            frame = frame.reformat(format=video.pix_fmt, dst_colorspace=matrix)
            frame.colorspace = told.get("colorspace", 2)
            frame.pts, frame.time_base = at + start, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for at in range(47 if sound else 0):
            silence = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            silence.rate, silence.pts, silence.time_base = 48_000, at * 1024, Fraction(1, 48_000)
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            container.mux(audio.encode(silence))
        if sound:
            container.mux(audio.encode())
    return buffer.getvalue()


def cut(mp4: bytes, start_s: float, seconds: float) -> bytes:
    """As a phone cuts without encoding anew: all packets stay, and an edit list says what is shown of each track."""
    changed, at, scale = bytearray(mp4), 0, struct.unpack_from(">I", mp4, mp4.index(b"mvhd") + 16)[0]
    while (track := mp4.find(b"trak", at)) > 0:
        at = mp4.index(b"elst", track)
        units = struct.unpack_from(">I", mp4, mp4.index(b"mdhd", track) + 16)[0]
        begins = struct.unpack_from(">i", mp4, at + 16)[0]
        struct.pack_into(">Ii", changed, at + 12, round(seconds * scale), begins + round(start_s * units))
    return bytes(changed)


def shown_by(data: bytes) -> list[tuple[int, ...]]:
    """The colour of each frame that a player shows."""
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_image().getpixel((20, 20)) for frame in container.decode(video=0)]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("start_s", "seconds", "first", "frames"), [(0, 0.5, 0, 5), (0.5, 0.5, 5, 5), (0.3, 0.4, 3, 4)]
)
@pytest.mark.parametrize("gop", [1, 5, 100])
def test_what_was_cut_off_a_video_is_not_shown_again(
    tmp_path: Path, gop: int, start_s: float, seconds: float, first: int, frames: int
) -> None:
    seen = process(cut(film(gop=gop), start_s, seconds), MP4, tmp_path)
    colours = [plain(colour).getpixel((0, 0)) for colour in SIGNALS[first : first + frames]]

    assert seen.told.duration_ms == seconds * 1000
    assert [near(one, other, by=8) for one, other in zip(shown_by(seen.data), colours, strict=True)] == [True] * frames  # type: ignore[arg-type]
    assert near(seen.thumbnail.convert("RGB").getpixel((20, 20)), colours[0], by=8)  # type: ignore[arg-type]


def test_the_end_that_was_cut_off_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    seen = process(cut(film(gop=100, sound=True), 0, 0.5), MP4, tmp_path)

    with av.open(io.BytesIO(seen.data), options={"ignore_editlist": "1"}) as container:
        assert len([packet for packet in container.demux(video=0) if packet.size]) == 5
    assert seen.told.duration_ms is not None
    assert 500 <= seen.told.duration_ms < 560, "sound is cut at its next packet"


def test_what_others_are_decoded_from_stays(tmp_path: Path) -> None:
    """A frame that is not shown may be needed by those before it that are."""
    seen = process(cut(film(b=2), 0, 0.5), MP4, tmp_path)

    assert 5 <= decoded(seen.data)["video"] <= 7
    assert seen.told.duration_ms is not None
    assert 500 <= seen.told.duration_ms <= 700


def test_a_video_in_fragments_has_its_duration(tmp_path: Path) -> None:
    in_fragments = film(gop=5, sound=True, container_options={"movflags": "frag_keyframe+empty_moov"})
    seen = process(in_fragments, MP4, tmp_path)

    assert seen.told.duration_ms == 1024, "sound has packets of 1,024 samples"
    assert decoded(seen.data)["video"] == 10


def test_a_video_whose_picture_comes_later_than_its_sound_keeps_the_wait(tmp_path: Path) -> None:
    seen = process(film(sound=True, start=7), MP4, tmp_path)

    with av.open(io.BytesIO(seen.data)) as container:
        assert container.streams.video[0].start_time * container.streams.video[0].time_base == Fraction(7, 10)  # type: ignore[operator]
    assert seen.told.duration_ms == 1700
    assert near(seen.thumbnail.convert("RGB").getpixel((20, 20)), (255, 0, 0), by=8)


def test_a_cover_beside_the_video_is_not_its_thumbnail(tmp_path: Path) -> None:
    purple = save(plain("purple"), "JPEG")
    cover = box(b"covr", box(b"data", b"\0\0\0\x0d\0\0\0\0" + purple))
    kind = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    data = with_box(film(), [b"moov"], box(b"udta", box(b"meta", bytes(4) + kind + box(b"ilst", cover))))
    with av.open(io.BytesIO(data)) as container:
        assert len(container.streams.video) == 2
    seen = process(data, MP4, tmp_path)

    assert near(seen.thumbnail.convert("RGB").getpixel((20, 20)), (255, 0, 0), by=8)
    assert purple not in seen.data


@pytest.mark.parametrize(("kind", "codec"), [("mp4", "libx264"), ("webm", "libvpx-vp9")])
def test_a_video_of_one_frame_is_one(tmp_path: Path, kind: str, codec: str) -> None:
    seen = process(film(SIGNALS[:1], kind=kind, codec=codec), MP4 if kind == "mp4" else WEBM, tmp_path)

    assert (seen.told.duration_ms, len(shown_by(seen.data))) == (100, 1)


@pytest.mark.parametrize(
    ("size", "matrix", "told"),
    [
        ((1280, 720), 1, {}),
        ((720, 1280), 1, {}),
        ((320, 240), 5, {}),
        ((320, 240), 1, {"colorspace": 1}),
        ((1280, 720), 5, {"colorspace": 5}),
        ((320, 240), 9, {"colorspace": 9, "pixels": "yuv420p10le"}),
    ],
)
def test_a_thumbnail_has_the_colours_of_its_video(
    tmp_path: Path, size: tuple[int, int], matrix: int, told: dict[str, Any]
) -> None:
    seen = process(film((BRICK,), size=size, matrix=matrix, **told), MP4, tmp_path)

    assert near(seen.thumbnail.convert("RGB").getpixel((20, 20)), BRICK, by=4)


@pytest.mark.parametrize(
    ("signal", "transfer", "primaries", "expected"),
    [
        ((148, 148, 148), 16, 1, (244, 244, 244)),
        ((80, 80, 80), 16, 9, (69, 69, 69)),
        ((191, 191, 191), 18, 9, (244, 244, 244)),
        ((200, 100, 50), 14, 9, (241, 76, 29)),
        ((200, 100, 50), 1, 12, (216, 93, 31)),
        ((200, 100, 50), 1, 1, (200, 100, 50)),
    ],
)
def test_wide_and_bright_colours_look_as_they_are_meant(
    tmp_path: Path, signal: tuple[int, int, int], transfer: int, primaries: int, expected: tuple[int, ...]
) -> None:
    """Signals of high dynamic range (16, 18) whose white is as paper's, and colours of wide gamuts, in videos and in PNG's ``cICP``."""
    video = film(
        (signal,),
        size=(320, 240),
        matrix=9,
        colorspace=9,
        color_trc=transfer,
        color_primaries=primaries,
        pixels="yuv420p10le",
    )
    coding = bytes((primaries, transfer, 0, 1))

    assert near(process(video, MP4, tmp_path).thumbnail.convert("RGB").getpixel((20, 20)), expected, by=6)
    png = process(with_chunk(save(plain(signal), "PNG"), b"cICP", coding), PNG, tmp_path)
    assert near(png.image.getpixel((8, 8)), expected, by=2)
