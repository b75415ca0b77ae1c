"""Videos are packed anew: picture and sound are copied packet by packet, and nothing else that the file held.

What was in it besides is private more often than it is wanted: where it was made, with which camera, a telemetry track, covers,
chapters, subtitles, and whatever was appended.
"""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from av import open as open_container
from av.bitstream import BitStreamFilterContext
from av.video.reformatter import Colorspace

from x18.media.colours import in_srgb
from x18.media.geometry import shown_size, upright
from x18.media.images import MAX_PIXELS, THUMBNAIL, write_thumbnail
from x18.media.kinds import MAX_BYTES, Kind
from x18.media.results import Processed, Rejected
from x18.media.webm import write_shown_size

MAX_SECONDS: Final = 10 * 60
CODECS: Final = {"mp4": {"h264", "hevc", "av1", "mpeg4", "vp9"}, "webm": {"vp8", "vp9", "av1"}}
SOUNDS: Final = {"mp4": {"aac", "mp3", "opus", "flac"}, "webm": {"opus", "vorbis"}}
"""Codecs that at least two of Chromium, Firefox and Safari play. Dolby's (AC-3, E-AC-3) and ALAC are Safari's alone."""

WITHOUT_MESSAGES: Final = {"h264": "6", "hevc": "39-40", "av1": "5"}
"""Units inside of the pictures' own stream that hold anything at all: cameras write place and time into them."""

UNTOLD: Final = 2
"""The matrix of a video that does not say it, by ITU-T H.273."""

HDTV_LINES: Final = 720
HEVC_MESSAGES: Final = (39, 40)
START: Final = b"\0\0\0\1"
SHAPE_INSIDE: Final = ("h264", "hevc")

HEADER: Final = {
    "mp4": {"movflags": "+faststart", "fflags": "+bitexact"},
    "webm": {"cues_to_front": "1", "fflags": "+bitexact", "avoid_negative_ts": "make_zero"},
}
"""The index first, so that a player need not fetch the end, and no name of the program that wrote it."""


def process_video(folder: Path, kind: Kind) -> Processed:
    """Copy the video, and write a frame as its thumbnail.

    Raises:
        Rejected: another container or codec than it says, too long, too large, or no frame can be decoded.
    """
    try:
        duration_ms = _pack_anew(folder / "source", folder / "target", kind)
        still, size = _first_frame(folder / "target", kind)
    except Rejected:
        raise
    except MemoryError:
        raise
    except Exception as error:  # decoders raise all sorts of things
        raise Rejected("The file claims to be a video but cannot be decoded.") from error
    if (folder / "target").stat().st_size > MAX_BYTES:
        raise Rejected("The video is larger than 10 MiB after repackaging: send a smaller one.")
    return Processed(*size, duration_ms, write_thumbnail(still, folder))


def _open(path: Path, kind: Kind) -> Any:
    """For reading. No other demuxer is tried, and none may open anything else."""
    return open_container(str(path), format=kind.format, options={"protocol_whitelist": "file"})


def _pack_anew(source: Path, target: Path, kind: Kind) -> int:
    """Copy what is seen and heard; how many milliseconds it takes."""
    with _open(source, kind) as container:
        streams = _streams_of(container, kind)
        with open_container(str(target), "w", format=kind.format, options=HEADER[kind.format]) as output:
            tracks = {stream.index: _Track(stream, output) for stream in streams}
            for packet in container.demux(*streams):
                track = tracks[packet.stream_index]
                for kept in track.kept(packet):
                    output.mux(kept)
                _check_duration(tracks.values())
        video = streams[0]
        size = shown_size(video.width, video.height, video.sample_aspect_ratio)
    if kind.format == "webm" and size != (video.width, video.height):
        write_shown_size(target, size)
    return round(_check_duration(tracks.values()) * 1000)


def _streams_of(container: Any, kind: Kind) -> list[Any]:
    """The picture, and the sound if there is one: what a browser would play."""
    if kind.format not in container.format.name.split(",") and not (
        kind.format == "webm" and "webm" in container.format.name
    ):
        raise Rejected("The file is not in the format that it claims to be.")
    videos = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not videos:
        raise Rejected("The file contains no video.")
    video, codec = videos[0], _codec_of(videos[0])
    if codec not in CODECS[kind.format]:
        raise Rejected(f"Videos with codec {codec} are not accepted in {kind.extension} files.")
    if not 0 < video.width * video.height <= MAX_PIXELS:
        raise Rejected("The picture is too large.")
    sounds = [stream for stream in container.streams.audio if _codec_of(stream) in SOUNDS[kind.format]]
    if container.streams.audio and not sounds:
        known = ", ".join(sorted(SOUNDS[kind.format])).upper()
        raise Rejected(
            f"Browsers do not play sound with codec {_codec_of(container.streams.audio[0])} in {kind.extension} files: use {known}."
        )
    return [video, *sounds[:1]]


def _is_cover(stream: Any) -> bool:
    return "attached_pic" in str(stream.disposition)


def _codec_of(stream: Any) -> str:
    return str(stream.codec_context.codec.canonical_name) if stream.codec_context is not None else "unknown"


class _Track:
    """One stream on its way from container to container, and when its first packet begins and its last one ends."""

    def __init__(self, stream: Any, output: Any) -> None:
        self._out = output.add_stream_from_template(stream, opaque=True)
        steps = _filters_of(stream)
        self._filter = BitStreamFilterContext(",".join(steps), stream, self._out) if steps else None
        if stream.type == "video" and stream.sample_aspect_ratio:
            self._out.codec_context.sample_aspect_ratio = stream.sample_aspect_ratio  # which MP4 takes over
        if _codec_of(stream) == "hevc":
            self._out.codec_context.extradata = _without_messages(self._out.codec_context.extradata)
        self._hidden: list[Any] = []
        self._last_dts: int | None = None
        self._step: Fraction | float = 0
        self.begins: Fraction | float | None = None
        self.ends: Fraction | float = 0

    def kept(self, packet: Any) -> list[Any]:
        """The packet as it is to be written. An empty one, the last of a stream, gives what was held back."""
        if packet.dts is None and packet.pts is None and not packet.size:
            packets = self._filter.filter(None) if self._filter else []
        else:
            packets = [kept for needed in self._needed(packet) for kept in self._filtered(needed)]
        for kept in packets:
            self._put_in_order(kept)
            kept.stream = self._out
        return list(packets)

    def _needed(self, packet: Any) -> list[Any]:
        """Packets that can be written now. Phones that cut a video leave the packets in, and say in an edit list that they are not shown
        (ISO 14496-12, 8.6.6), which cannot be written here: what was cut off at the end is left out, and so is what was cut out in
        between, unless what follows cannot be decoded without it. What was cut off at the beginning has times before nought.
        """
        if packet.is_discard and self.begins is not None:
            self._hidden.append(packet)
            return []
        needed = [packet] if packet.is_keyframe else [*self._hidden, packet]
        self._hidden = []
        return needed

    def _filtered(self, packet: Any) -> list[Any]:
        if not packet.is_discard:
            self._measure(packet)
        return list(self._filter.filter(packet)) if self._filter else [packet]

    def _measure(self, packet: Any) -> None:
        at = (packet.pts if packet.pts is not None else packet.dts) * packet.time_base
        if self.begins is None:
            self.begins = max(at, 0)
        if packet.duration:
            self._step = packet.duration * packet.time_base
        elif at > self.ends - self._step:
            self._step = min(at - (self.ends - self._step), 1)
        self.ends = max(self.ends, at + self._step)

    def _put_in_order(self, packet: Any) -> None:
        """Times of decoding grow from packet to packet, or nothing can be written."""
        if packet.dts is None:
            packet.dts = packet.pts
        if self._last_dts is not None and packet.dts <= self._last_dts:
            packet.dts = self._last_dts + 1
        if packet.pts is None or packet.pts < packet.dts:
            packet.pts = packet.dts
        self._last_dts = packet.dts


def _without_messages(parameters: bytes) -> bytes:
    """HEVC's parameters as the filter gives them (ITU-T H.265, annex B), which leaves such units in there."""
    units = [unit for unit in re.split(rb"\x00\x00\x00?\x01", parameters) if unit]
    return b"".join(START + unit for unit in units if unit[0] >> 1 & 0x3F not in HEVC_MESSAGES)


def _filters_of(stream: Any) -> list[str]:
    """In FFmpeg's words. The shape of pixels goes into the pictures' own stream, as no other place of it can be written here."""
    codec = _codec_of(stream)
    steps = [f"filter_units=remove_types={WITHOUT_MESSAGES[codec]}"] if codec in WITHOUT_MESSAGES else []
    pixel = stream.sample_aspect_ratio if codec in SHAPE_INSIDE else None
    if pixel and pixel != 1:
        steps.append(f"{codec}_metadata=sample_aspect_ratio={pixel.numerator}/{pixel.denominator}")
    return steps


def _check_duration(tracks: Any) -> float:
    """Seconds that were read so far."""
    begun = [track.begins for track in tracks if track.begins is not None]
    seconds = float(max(track.ends for track in tracks) - min(begun, default=0))
    if seconds > MAX_SECONDS:
        raise Rejected(f"The video is longer than {MAX_SECONDS // 60} minutes.")
    return seconds


def _first_frame(path: Path, kind: Kind) -> tuple[Any, tuple[int, int]]:
    """Of what was written: small, as it is shown; and the size of the whole."""
    with _open(path, kind) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        frame = next(container.decode(video), None)
        if frame is None:
            raise Rejected("No frame of the video can be decoded.")
        size = shown_size(frame.width, frame.height, video.sample_aspect_ratio)
        scale = min(1.0, THUMBNAIL[0] / max(size))
        width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        small = frame.to_image(width=width, height=height, threads=1, src_colorspace=_matrix_of(frame))
        return upright(in_srgb(small, frame.color_primaries, frame.color_trc), size, frame)


def _matrix_of(frame: Any) -> Colorspace | None:
    """The coding of colours where the video does not say: as browsers assume it, that of HDTV from 720 lines on, else that of SDTV."""
    return Colorspace.ITU709 if frame.colorspace == UNTOLD and frame.height >= HDTV_LINES else None
