"""Videos are kept as they are, once container, codecs and duration were looked at and a frame was decoded."""

import shutil
from pathlib import Path
from typing import Any, Final

from x18.media.images import MAX_PIXELS, THUMBNAIL, blur
from x18.media.kinds import Kind
from x18.media.results import Processed, Rejected

MAX_SECONDS: Final = 10 * 60
CODECS: Final = {"mp4": {"h264", "hevc", "av1", "mpeg4", "vp9"}, "webm": {"vp8", "vp9", "av1"}}
AUDIO_CODECS: Final = {"mp4": {"aac", "mp3", "opus", "ac3", "alac"}, "webm": {"opus", "vorbis"}}


def process_video(source: Path, target: Path, thumbnail: Path, kind: Kind) -> Processed:
    """Copy the video, and write a frame as its thumbnail.

    Raises:
        Rejected: another container or codec than it says, too long, too large, or no frame can be decoded.
    """
    import av  # slow to import, and only here

    try:
        # No other demuxer is tried, and none may open anything else.
        with av.open(str(source), format=kind.format, options={"protocol_whitelist": "file"}) as container:
            duration_ms, frame = _look_at(container, kind)
    except Rejected:
        raise
    except Exception as error:  # decoders raise all sorts of things
        raise Rejected("The file says that it is a video but cannot be decoded.") from error
    width, height = frame.size
    shutil.copyfile(source, target)
    frame.thumbnail(THUMBNAIL)
    frame.save(thumbnail, "WEBP", quality=80)
    return Processed(width, height, duration_ms, blur(frame))


def _look_at(container: Any, kind: Kind) -> tuple[int, Any]:
    if kind.format not in container.format.name.split(",") and not (
        kind.format == "webm" and "webm" in container.format.name
    ):
        raise Rejected("The container is another one than the file says.")
    if not container.streams.video:
        raise Rejected("There is no video in it.")
    video = container.streams.video[0]
    if video.codec_context.name not in CODECS[kind.format] | {f"lib{name}" for name in ("dav1d", "vpx", "vpx-vp9")}:
        raise Rejected(f"Videos of codec {video.codec_context.name} are not taken in {kind.extension} files.")
    for audio in container.streams.audio:
        if audio.codec_context.name not in AUDIO_CODECS[kind.format] | {"libopus", "libvorbis", "mp3float"}:
            raise Rejected(f"Sound of codec {audio.codec_context.name} is not taken in {kind.extension} files.")
    if not 0 < video.width * video.height <= MAX_PIXELS:
        raise Rejected("The picture is too large.")
    seconds = (container.duration or 0) / 1_000_000
    if seconds > MAX_SECONDS:
        raise Rejected(f"The video is longer than {MAX_SECONDS // 60} minutes.")
    frame = next(container.decode(video=0), None)
    if frame is None:
        raise Rejected("No picture of the video can be decoded.")
    return round(seconds * 1000), frame.to_image()
