"""From an event to bytes on many sockets: encoded and compressed once per encoding, framed once per distinct list of topics."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Final

import msgspec
from msgspec import Struct

from x18.realtime.events import Event
from x18.realtime.protocol import Gap, Heartbeat, Replayed
from x18.realtime.topics import MESSAGE_TYPES

TEXT: Final = 0x81
BINARY: Final = 0x82
COMPRESSED: Final = 0x40
"""RSV1, which RFC 7692 sets in a message that is compressed."""

WINDOW_BITS: Final = 12
"""Events are a few kilobytes: a larger window costs the client memory and finds hardly more."""

LEAST_COMPRESSED: Final = 256
"""Bytes of an event below which compressing it saves little."""

EMPTY_BLOCK: Final = b"\x00\x00\xff\xff"
MOST_STORED: Final = 65_535


class Encoding(IntEnum):
    """Encodings of a connection's messages; the value is the first byte of its frames (RFC 6455 §5.2: final, opcode).

    ``SSE`` is JSON in the blocks of an event stream, which stand where the others have WebSocket frames. The compressed ones are for
    events on connections that negotiated it.
    """

    JSON = TEXT
    MSGPACK = BINARY
    SSE = ord("e")
    JSON_COMPRESSED = TEXT | COMPRESSED
    MSGPACK_COMPRESSED = BINARY | COMPRESSED

    __hash__ = int.__hash__  # it is part of a key for each delivery, and an enum's own is written in Python


COMPRESSED_FORM: Final = {Encoding.JSON: Encoding.JSON_COMPRESSED, Encoding.MSGPACK: Encoding.MSGPACK_COMPRESSED}
PLAIN_FORM: Final = {compressed: plain for plain, compressed in COMPRESSED_FORM.items()}

_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()


def frame(payload: bytes, encoding: Encoding) -> bytes:
    """A whole, unmasked WebSocket frame."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", encoding, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", encoding, 126, size) + payload
    return struct.pack("!BBQ", encoding, 127, size) + payload


def split_frames(data: bytes) -> Iterator[bytes]:
    """The payloads of frames that ``frame`` made and that were joined."""
    at = 0
    while at < len(data):
        size, start = data[at + 1], at + 2
        if size == 126:
            size, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
        elif size == 127:
            size, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
        yield data[start : start + size]
        at = start + size


def count_frames(data: bytes) -> int:
    """The number of joined frames, or of blocks of an event stream."""
    if data[0] == Encoding.SSE:
        return data.count(b"\n\n")  # JSON has none
    return sum(1 for _ in split_frames(data))


def encode_message(message: Struct, encoding: Encoding) -> bytes:
    """A message to one connection as a frame."""
    if encoding is Encoding.MSGPACK:
        return frame(_msgpack.encode(message), encoding)
    data = _json.encode(message)
    if encoding is Encoding.JSON:
        return frame(data, encoding)
    # Only these cursors stand where everything before was sent: `connected` comes before a replay.
    cursor = message.payload.cursor if isinstance(message, Heartbeat | Gap | Replayed) else None
    return _block(str(message.__struct_config__.tag), data, cursor)


def _block(kind: str, data: bytes, cursor: str | None) -> bytes:
    """A block of an event stream (WHATWG HTML, 9.2). ``cursor`` is what the client sends as ``Last-Event-ID``."""
    name = f"event: {kind}\nid: {cursor}\n" if cursor else f"event: {kind}\n"
    return b"%sdata: %s\n\n" % (name.encode(), data)


class EventFrames:
    """The frames of one event, made when they are first needed.

    Compressed, the payload is a stream of two parts (RFC 1951): what names the topics as it is, and the rest, which is the same for
    everybody. So each encoding is compressed once, however many lists of topics there are.
    """

    __slots__ = ("_body", "_cursor", "_event", "_frames", "_rests")

    def __init__(self, event: Event, epoch: str) -> None:
        self._event = event
        self._cursor = f"{epoch}.{event.seq}"
        self._frames: dict[tuple[Encoding, tuple[str, ...], str | None], bytes] = {}
        self._body: bytes | None = None
        self._rests: dict[Encoding, tuple[int, bytes]] = {}

    def get(self, encoding: Encoding, topics: tuple[str, ...], client_id: str | None = None) -> bytes:
        """The frame for connections of which these topics match. ``client_id`` is given for those of the post's author."""
        made = self._frames.get((encoding, topics, client_id))
        if made is None:
            made = self._frames[encoding, topics, client_id] = self._encode(encoding, topics, client_id)
        return made

    def _encode(self, encoding: Encoding, topics: tuple[str, ...], client_id: str | None) -> bytes:
        if (plain := PLAIN_FORM.get(encoding)) is None:
            return self._encode_plain(encoding, topics, client_id)
        return self._compress(self.get(plain, topics, client_id), encoding)

    def _compress(self, whole: bytes, encoding: Encoding) -> bytes:
        """The same frame compressed; as it is where that is no gain."""
        (payload,) = split_frames(whole)
        if encoding not in self._rests:
            size = self._size_of_rest(encoding)
            self._rests[encoding] = size, deflate(payload[-size:]) if size >= LEAST_COMPRESSED else b""
        size, rest = self._rests[encoding]
        head = payload[:-size]
        if not rest or len(head) > MOST_STORED:
            return whole
        return frame(struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF) + head + rest, encoding)

    def _size_of_rest(self, encoding: Encoding) -> int:
        """All frames of an encoding end alike: with the body and, in JSON, a brace."""
        if encoding is Encoding.MSGPACK_COMPRESSED:
            return len(self._body or b"")
        return len(self._event.content.body) + 1 if self._event.content is not None else 0

    def _encode_plain(self, encoding: Encoding, topics: Sequence[str], client_id: str | None) -> bytes:
        content = self._event.content
        body = content.body if content is not None else b"null"
        kind = MESSAGE_TYPES[self._event.kind]
        head = {"type": kind, "cursor": self._cursor, "topics": topics}
        if client_id is not None:
            head["client_id"] = client_id
        if encoding is Encoding.MSGPACK:
            if self._body is None:
                self._body = _msgpack.encode(msgspec.json.decode(body))
            return frame(_msgpack.encode({**head, "payload": msgspec.Raw(self._body)}), encoding)
        data = _json.encode(head)[:-1] + b',"payload":' + body + b"}"
        return frame(data, encoding) if encoding is Encoding.JSON else _block(kind, data, self._cursor)


def deflate(data: bytes) -> bytes:
    """The end of a compressed message (RFC 7692 §7.2.1), on which nothing before it has a bearing; empty where it is longer than the data."""
    # At the first level: the others take three times as long for a tenth less.
    compressor = zlib.compressobj(1, zlib.DEFLATED, -WINDOW_BITS, 5)
    made = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return made.removesuffix(EMPTY_BLOCK) if len(made) < len(data) else b""


class Run:
    """The frames that connections get of one call, in order; connections that get the same share it."""

    __slots__ = ("_frames", "data", "following", "length", "seq")

    def __init__(self, *frames: bytes, seq: int = 0) -> None:
        self.seq = seq
        """The event of the last frame."""
        self._frames = frames
        self.length = len(frames)
        self.data = frames[0] if len(frames) == 1 else b""
        """The joined frames, once ``join`` was called."""
        self.following: dict[bytes, Run] = {}

    def then(self, frame: bytes, seq: int) -> "Run":
        """The run that goes on with this frame, which is of the event ``seq``."""
        run = self.following[frame] = Run(*self._frames, frame, seq=seq)
        return run

    def join(self) -> bytes:
        """All frames in one piece."""
        self.data = b"".join(self._frames)
        return self.data
