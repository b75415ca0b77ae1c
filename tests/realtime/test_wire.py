"""Frames are as RFC 6455 wants them, and the same event is encoded once."""

import json
import os
from uuid import UUID

import msgspec
import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame
from websockets.streams import StreamReader

from x18.realtime import wire
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.wire import (
    COMPRESSED_FORM,
    LEAST_COMPRESSED,
    MOST_STORED,
    WINDOW_BITS,
    Encoding,
    EventFrames,
    count_frames,
    frame,
    split_frames,
)

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


# Compressed


def event_of(body: bytes) -> Event:
    return Event(7, EventKind.POST, UUID(int=1), None, UUID(int=2), Content(UUID(int=1), 0, (), False, body))


def body_of(content: str) -> bytes:
    return json.dumps({"content": content}, ensure_ascii=False).encode()


def inflated(data: bytes) -> bytes:
    """The payload of a frame as a client that agreed to our window reads it."""
    reader = StreamReader()
    reader.feed_data(data)
    client = PerMessageDeflate(True, True, WINDOW_BITS, WINDOW_BITS)
    parser = Frame.parse(reader.read_exact, mask=False, extensions=[client])
    with pytest.raises(StopIteration) as parsed:
        next(parser)
    return bytes(parsed.value.value.data)


TEXTS = ["long $BTC-USD, " * 40, "ü🚀 " * 5_000, "".join(map(chr, range(0x4E00, 0x9000))), "a", ""]


@pytest.mark.parametrize("text", TEXTS, ids=len)
@pytest.mark.parametrize("encoding", list(COMPRESSED_FORM))
@pytest.mark.parametrize(
    "topics", [("home",), ("explore", "home", "symbol:BTC-USD"), ("tag:" + "x" * 60_000,)], ids=len
)
def test_compressed_it_says_the_same(text: str, encoding: Encoding, topics: tuple[str, ...]) -> None:
    frames = EventFrames(event_of(body_of(text)), "e")
    (plain,) = split_frames(frames.get(encoding, topics))

    assert inflated(frames.get(COMPRESSED_FORM[encoding], topics)) == plain


@pytest.mark.parametrize("encoding", list(COMPRESSED_FORM))
def test_what_repeats_itself_becomes_short_and_says_so_by_rsv1(encoding: Encoding) -> None:
    frames = EventFrames(event_of(body_of("long $BTC-USD, " * 200)), "e")
    plain, short = frames.get(encoding, ("home",)), frames.get(COMPRESSED_FORM[encoding], ("home",))

    assert short[0] == encoding | 0x40
    assert len(short) < len(plain) / 5


@pytest.mark.parametrize("encoding", list(COMPRESSED_FORM))
@pytest.mark.parametrize(
    ("body", "topics"),
    [
        (body_of("short"), ("home",)),
        (body_of("long " * 200), ("tag:" + "x" * MOST_STORED,)),
    ],
    ids=["short", "long list of topics"],
)
def test_where_it_is_no_gain_the_frame_is_the_plain_one(
    encoding: Encoding, body: bytes, topics: tuple[str, ...]
) -> None:
    frames = EventFrames(event_of(body), "e")

    assert frames.get(COMPRESSED_FORM[encoding], topics) is frames.get(encoding, topics)


@pytest.mark.parametrize("size", [LEAST_COMPRESSED, 1_000, 70_000])
def test_what_does_not_repeat_itself_is_left_as_it_is(size: int) -> None:
    assert wire.deflate(os.urandom(size)) == b""


def test_what_was_deleted_is_compressed_for_nobody() -> None:
    frames = EventFrames(Event(7, EventKind.POST_DELETED, UUID(int=1), None, UUID(int=2)), "e")

    assert frames.get(Encoding.JSON_COMPRESSED, ("home",)) is frames.get(Encoding.JSON, ("home",))


def test_an_event_is_compressed_once_however_many_lists_of_topics_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    compressed: list[bytes] = []
    deflate = wire.deflate
    monkeypatch.setattr(wire, "deflate", lambda data: compressed.append(data) or deflate(data))
    frames = EventFrames(event_of(body_of("long " * 200)), "e")
    for encoding in (Encoding.JSON_COMPRESSED, Encoding.MSGPACK_COMPRESSED):
        made = [frames.get(encoding, ("home", f"tag:{number}")) for number in range(50)]
        assert made[0] is frames.get(encoding, ("home", "tag:0"))

    assert len(compressed) == 2


def test_compressed_frames_are_counted_and_split_as_others() -> None:
    frames = EventFrames(event_of(body_of("long " * 200)), "e")
    joined = [frames.get(Encoding.JSON_COMPRESSED, ("home",)), frames.get(Encoding.JSON, ("home",))] * 3

    assert count_frames(b"".join(joined)) == 6
    assert [
        frame(payload, Encoding(data[0])) for payload, data in zip(split_frames(b"".join(joined)), joined, strict=True)
    ] == joined
