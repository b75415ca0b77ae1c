"""Frames are as RFC 6455 wants them, and the same event is encoded once."""

import json
from uuid import UUID

import msgspec
import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from x18.realtime.events import Content, Event, EventKind
from x18.realtime.wire import Encoding, EventFrames, frame, split_frames

EVENT = Event(
    7, EventKind.POST, UUID(int=1), None, UUID(int=2), Content(UUID(int=1), 0, (), False, '{"content":"ü"}'.encode())
)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
@pytest.mark.parametrize("encoding", [Encoding.JSON, Encoding.MSGPACK])
def test_a_frame_is_read_back_by_websockets(size: int, encoding: Encoding) -> None:
    payload = b"x" * size
    reader = StreamReader()
    reader.feed_data(frame(payload, encoding))
    parser = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as parsed:
        next(parser)

    assert parsed.value.value.data == payload
    assert parsed.value.value.fin
    assert parsed.value.value.opcode == (1 if encoding is Encoding.JSON else 2)


def test_joined_frames_are_split_again() -> None:
    payloads = [b"a" * size for size in (0, 125, 126, 65_535, 65_536)]

    assert list(split_frames(b"".join(frame(payload, Encoding.JSON) for payload in payloads))) == payloads


def test_both_encodings_say_the_same() -> None:
    frames = EventFrames(EVENT, "e")
    (text,) = split_frames(frames.get(Encoding.JSON, ("home", "explore")))
    (binary,) = split_frames(frames.get(Encoding.MSGPACK, ("home", "explore")))

    assert json.loads(text) == msgspec.msgpack.decode(binary)
    assert json.loads(text) == {
        "type": "post",
        "cursor": "e.7",
        "topics": ["home", "explore"],
        "payload": {"content": "ü"},
    }
    assert frames.get(Encoding.JSON, ("home", "explore")) is frames.get(Encoding.JSON, ("home", "explore"))
