"""From an event to bytes on many sockets: encoded once per encoding, framed once per distinct list of topics."""

import struct
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, Final

import msgspec

from x18.realtime.events import Event
from x18.realtime.topics import MESSAGE_TYPES

TEXT: Final = 0x81
BINARY: Final = 0x82


class Encoding(IntEnum):
    """How messages are written on a connection; the value is the first byte of its frames (RFC 6455 §5.2: final, opcode)."""

    JSON = TEXT
    MSGPACK = BINARY

    __hash__ = int.__hash__  # it is part of a key for each delivery, and an enum's own is written in Python


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


def encode_message(message: Any, encoding: Encoding) -> bytes:
    """A message to one connection as a frame."""
    return frame(_json.encode(message) if encoding is Encoding.JSON else _msgpack.encode(message), encoding)


class EventFrames:
    """The frames of one event, made when they are first needed."""

    __slots__ = ("_body", "_cursor", "_event", "_frames")

    def __init__(self, event: Event, epoch: str) -> None:
        self._event = event
        self._cursor = f"{epoch}.{event.seq}"
        self._frames: dict[tuple[Encoding, tuple[str, ...]], bytes] = {}
        self._body: bytes | None = None

    def get(self, encoding: Encoding, topics: tuple[str, ...]) -> bytes:
        """The frame for connections of which these topics match."""
        made = self._frames.get((encoding, topics))
        if made is None:
            made = self._frames[encoding, topics] = frame(self._encode(encoding, topics), encoding)
        return made

    def _encode(self, encoding: Encoding, topics: Sequence[str]) -> bytes:
        content = self._event.content
        body = content.body if content is not None else b"null"
        head = {"type": MESSAGE_TYPES[self._event.kind], "cursor": self._cursor, "topics": topics}
        if encoding is Encoding.JSON:
            return _json.encode(head)[:-1] + b',"payload":' + body + b"}"
        if self._body is None:
            self._body = _msgpack.encode(msgspec.json.decode(body))
        return _msgpack.encode({**head, "payload": msgspec.Raw(self._body)})
