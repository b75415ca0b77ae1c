"""Of the tracks of a video the picture and the sound are kept: telemetry, subtitles and chapters tell where and by whom it was made."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from tests.files import picture
from tests.media.clips import decoded
from tests.media.making import process
from x18.media.kinds import MP4, WEBM, Kind

PLACE = b"+52.5200+013.4050/"
CODECS = {"mp4": ("libx264", "mov_text"), "webm": ("libvpx", "webvtt")}


def clip_with(format_: str, what: str) -> bytes:
    """Half a second of a picture, and beside it a track or chapters that tell a place."""
    buffer = io.BytesIO()
    codec, subtitles = CODECS[format_]
    with av.open(buffer, "w", format=format_) as container:
        video: Any = container.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        beside: Any = None
        if what == "telemetry":
            beside = container.add_data_stream("bin_data")
        elif what == "subtitles":
            beside = container.add_mux_stream(subtitles)
        else:
            chapter: Any = {"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000)}
            container.set_chapters([chapter | {"metadata": {"title": PLACE.decode()}}])
        for _ in range(5):
            container.mux(video.encode(av.VideoFrame.from_image(picture())))
        container.mux(video.encode())
        if beside is not None:
            told = av.Packet(len(PLACE).to_bytes(2) + PLACE if what == "subtitles" and format_ == "mp4" else PLACE)
            told.stream, told.time_base, told.pts, told.dts, told.duration = beside, Fraction(1, 1000), 0, 0, 400
            container.mux(told)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "what"),
    [(MP4, "telemetry"), (MP4, "subtitles"), (MP4, "chapters"), (WEBM, "subtitles"), (WEBM, "chapters")],
    ids=lambda value: value if isinstance(value, str) else value.format,
)
def test_what_is_neither_picture_nor_sound_goes(tmp_path: Path, kind: Kind, what: str) -> None:
    data = clip_with(kind.format, what)
    shown = process(data, kind, tmp_path)

    assert PLACE in data
    assert PLACE not in shown.data
    with av.open(io.BytesIO(shown.data)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert container.chapters() == []
    assert decoded(shown.data) == {"video": 5}
