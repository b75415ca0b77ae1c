"""Small videos with all that cameras and strangers put into them."""

import io
import struct
from fractions import Fraction
from typing import Any

import av

from tests.files import picture

INSIDE = {b"stsd": 8, b"avc1": 78, b"meta": 4}
"""Where in a box of MP4 others begin, after its name."""


def clip(
    kind: str,
    codec: str,
    sound: str | None = None,
    *,
    frames: int = 10,
    rate: int = 10,
    pixel: Fraction = Fraction(1),
    **metadata: str,
) -> bytes:
    """A second of red and white, and of silence. MP4 tells the shape of a pixel."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        container.metadata.update(metadata)
        video: Any = container.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.time_base = Fraction(1, rate)
        video.codec_context.sample_aspect_ratio = pixel
        audio: Any = container.add_stream(sound, rate=48_000) if sound else None
        if audio is not None:
            audio.layout = "stereo"
        for _ in range(frames):
            container.mux(video.encode(av.VideoFrame.from_image(picture())))
        container.mux(video.encode())
        if audio is not None:
            form = {"libopus": "flt", "flac": "s16"}.get(str(sound), "fltp")
            for at in range(47):
                silence = av.AudioFrame(format=form, layout="stereo", samples=1024)
                silence.rate, silence.pts, silence.time_base = 48_000, at * 1024, Fraction(1, 48_000)
                for plane in silence.planes:
                    plane.update(bytes(plane.buffer_size))
                container.mux(audio.encode(silence))
            container.mux(audio.encode())
    return buffer.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def with_box(mp4: bytes, path: list[bytes], added: bytes) -> bytes:
    """An MP4, its index at the end, with one more box at the end of the box at this path."""
    changed, start, end = bytearray(mp4), 0, len(mp4)
    for name in path:
        at = start
        while changed[at + 4 : at + 8] != name:
            at += struct.unpack_from(">I", changed, at)[0]
            assert at < end, name
        size = struct.unpack_from(">I", changed, at)[0]
        struct.pack_into(">I", changed, at, size + len(added))
        start, end = at + 8 + INSIDE.get(name, 0), at + size
    changed[end:end] = added
    return bytes(changed)


def turned(mp4: bytes, a: int, b: int, c: int, d: int) -> bytes:
    """An MP4 whose track is shown through this matrix, as phones write it."""
    at = mp4.index(b"tkhd") + 44
    matrix = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    return mp4[:at] + matrix + mp4[at + 36 :]


def with_pixels(mp4: bytes, width: int, height: int) -> bytes:
    """An MP4 whose pixels have this shape."""
    path = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"]
    return with_box(mp4, path, box(b"pasp", struct.pack(">II", width, height)))


def without_duration(webm: bytes) -> bytes:
    """As browsers' recorders write it: the element is not there."""
    at = webm.index(b"\x44\x89\x88")
    return webm[:at] + b"\xec\x81\0" * 3 + b"\xec\x80" + webm[at + 11 :]  # elements that are void, as long as it was


def decoded(data: bytes) -> dict[str, int]:
    """How many frames of each stream can be decoded."""
    counts: dict[str, int] = {}
    with av.open(io.BytesIO(data)) as container:
        for packet in container.demux():
            for _ in packet.decode():
                counts[packet.stream.type] = counts.get(packet.stream.type, 0) + 1
    return counts
