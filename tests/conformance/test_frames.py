"""RFC 6455 as a hostile client sees it, in the groups of the Autobahn test suite."""

import asyncio
import json
import struct

import pytest

from tests.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Raw, frame, upgraded
from tests.server import Server
from x18.realtime.protocol import MAX_MESSAGE_BYTES

PROTOCOL_ERROR, BAD_TEXT, TOO_BIG = 1002, 1007, 1009


def ping_message(size: int, fill: str = "x") -> bytes:
    """A ``ping`` of our protocol that is so many bytes long."""
    empty = json.dumps({"type": "ping", "payload": ""}).encode()
    return empty.replace(b'""', f'"{fill * (size - len(empty))}"'.encode())


async def read_answer(raw: Raw) -> object:
    """The payload of the next message, which is a ``pong`` of our protocol."""
    answer = await raw.read()
    assert (answer.head, answer.opcode) == (0x80, TEXT)
    message = json.loads(answer.payload)
    assert message["type"] == "pong"
    return message["payload"]


# 1: framing


@pytest.mark.parametrize("size", [64, 125, 126, 127, 128, 1_000, MAX_MESSAGE_BYTES])
async def test_a_message_of_any_length_up_to_the_limit_is_answered(server: Server, size: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(TEXT, ping_message(size)))
        assert await read_answer(raw) == json.loads(ping_message(size))["payload"]


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 65_535, 65_536, 100_000])
async def test_a_longer_one_is_refused(server: Server, size: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(TEXT, ping_message(size)))
        assert await raw.read_close() == TOO_BIG


@pytest.mark.parametrize("size", [65_536, 1 << 32, (1 << 63) - 1])
async def test_the_length_is_enough_to_refuse_it(server: Server, size: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(BINARY, b"only the beginning", size=size))
        assert await raw.read_close() == TOO_BIG


async def test_an_empty_message_is_an_error_and_no_end(server: Server) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(TEXT), frame(TEXT, ping_message(64)))
        assert json.loads((await raw.read()).payload)["payload"]["code"] == "bad_message"
        assert await read_answer(raw)


async def test_single_bytes_make_a_message(server: Server) -> None:
    async with upgraded(server) as raw:
        for byte in frame(TEXT, ping_message(40)):
            raw.send(bytes([byte]))
            await raw.writer.drain()
        assert await read_answer(raw)


async def test_many_messages_in_one_packet_are_answered_in_order(server: Server) -> None:
    async with upgraded(server) as raw:
        raw.send(*(frame(TEXT, json.dumps({"type": "ping", "payload": number}).encode()) for number in range(50)))
        assert [await read_answer(raw) for _ in range(50)] == list(range(50))


@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, CLOSE])
async def test_a_client_masks(server: Server, opcode: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(opcode, b"", masked=False))
        assert await raw.read_close() == PROTOCOL_ERROR


async def test_the_other_kind_of_frame_is_not_this_subprotocol(server: Server) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(BINARY, ping_message(64)))
        assert await raw.read_close() == 1003
    async with upgraded_to_msgpack(server) as raw:
        raw.send(frame(TEXT, ping_message(64)))
        assert await raw.read_close() == 1003


# 2: pings and pongs


@pytest.mark.parametrize("payload", [b"", b"Hello", b"\x00\xff\xfe\xfd", b"x" * 125])
async def test_a_ping_is_answered_with_its_payload(server: Server, payload: bytes) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(PING, payload))
        assert await raw.read() == (0x80, PONG, payload)


async def test_ten_pings_are_answered_in_order(server: Server) -> None:
    async with upgraded(server) as raw:
        raw.send(*(frame(PING, bytes([number])) for number in range(10)))
        assert [(await raw.read()).payload for _ in range(10)] == [bytes([number]) for number in range(10)]


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
async def test_a_control_frame_has_at_most_125_bytes(server: Server, opcode: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(opcode, b"\x03\xe8" + b"x" * 124))
        assert await raw.read_close() == PROTOCOL_ERROR


@pytest.mark.parametrize("payload", [b"", b"nobody asked"])
async def test_a_pong_nobody_asked_for_is_ignored(server: Server, payload: bytes) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(PONG, payload), frame(PING, b"after"))
        assert await raw.read() == (0x80, PONG, b"after")


# 3, 4: reserved bits and opcodes


@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, CLOSE])
@pytest.mark.parametrize("reserved", [1, 2, 4, 7])
async def test_reserved_bits_mean_nothing_here(server: Server, reserved: int, opcode: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(opcode, b"", reserved=reserved))
        assert await raw.read_close() == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("payload", [b"", b"Hello"])
async def test_reserved_opcodes_mean_nothing_here(server: Server, opcode: int, payload: bytes) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(opcode, payload))
        assert await raw.read_close() == PROTOCOL_ERROR


# 5: fragments


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
async def test_a_control_frame_is_whole(server: Server, opcode: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(opcode, b"", final=False), frame(CONTINUATION))
        assert await raw.read_close() == PROTOCOL_ERROR


@pytest.mark.parametrize("cuts", [(10,), (0, 20), (5, 5, 30), (64,)])
async def test_a_message_may_come_in_fragments(server: Server, cuts: tuple[int, ...]) -> None:
    async with upgraded(server) as raw:
        raw.send(*fragments(ping_message(64), *cuts))
        assert await read_answer(raw)


async def test_pings_between_fragments_are_answered_at_once(server: Server) -> None:
    async with upgraded(server) as raw:
        first, second, third = fragments(ping_message(64), 10, 20)
        raw.send(first, frame(PING, b"1"), second, frame(PING, b"2"))
        assert await raw.read() == (0x80, PONG, b"1")
        assert await raw.read() == (0x80, PONG, b"2")
        raw.send(third)
        assert await read_answer(raw)


@pytest.mark.parametrize("final", [True, False])
async def test_nothing_is_continued_that_did_not_begin(server: Server, final: bool) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(TEXT, ping_message(64)), frame(CONTINUATION, b"and on", final=final))
        assert await last_code(raw) == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_a_message_ends_before_the_next(server: Server, opcode: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(TEXT, b"{", final=False), frame(opcode, ping_message(64)))
        assert await raw.read_close() == PROTOCOL_ERROR


async def test_fragments_count_together(server: Server) -> None:
    async with upgraded(server) as raw:
        part = b"x" * (MAX_MESSAGE_BYTES // 2)
        raw.send(frame(TEXT, part, final=False), frame(CONTINUATION, part, final=False), frame(CONTINUATION, b"!"))
        assert await raw.read_close() == TOO_BIG


# 6: UTF-8


@pytest.mark.parametrize("text", ["κόσμε", "\u0080", "\u07ff", "\u0800", "\uffff", "\U00010000", "\U0010ffff", "𝄞€ä"])
async def test_text_in_any_script(server: Server, text: str) -> None:
    async with upgraded(server) as raw:
        message = json.dumps({"type": "ping", "payload": text}, ensure_ascii=False).encode()
        raw.send(frame(TEXT, message))
        assert await read_answer(raw) == text
        raw.send(*fragments(message, *range(1, len(message))))  # also cut inside of characters
        assert await read_answer(raw) == text


INVALID = (
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",  # a surrogate
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf",  # longer than needed
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff",  # past the last character
    b"\x80", b"\xbf", b"\xc3", b"\xe2\x82", b"\xf0\x9d\x84",  # out of place, cut off
)  # fmt: skip


@pytest.mark.parametrize("text", INVALID)
async def test_text_that_is_none(server: Server, text: bytes) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(TEXT, text))
        assert await raw.read_close() == BAD_TEXT
    async with upgraded(server) as raw:
        raw.send(*fragments(b"{" + text, 1, 2))
        assert await raw.read_close() == BAD_TEXT


# 7: closing


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
async def test_a_close_is_answered_with_its_code(server: Server, code: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(CLOSE, struct.pack("!H", code) + b"bye"))
        assert await raw.read_close() == code


async def test_a_close_may_have_no_code_or_a_long_reason(server: Server) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(CLOSE))
        assert await raw.read_close() == 1005
    async with upgraded(server) as raw:
        raw.send(frame(CLOSE, b"\x03\xe8" + b"x" * 123))
        assert await raw.read_close() == 1000


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
async def test_codes_that_nobody_may_send(server: Server, code: int) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(CLOSE, struct.pack("!H", code)))
        assert await raw.read_close() == PROTOCOL_ERROR


async def test_half_a_code(server: Server) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(CLOSE, b"\x03"))
        assert await raw.read_close() == PROTOCOL_ERROR


@pytest.mark.parametrize("reason", INVALID)
async def test_a_reason_is_text(server: Server, reason: bytes) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(CLOSE, b"\x03\xe8" + reason))
        assert await raw.read_close() == BAD_TEXT


async def test_nothing_after_a_close_is_answered(server: Server) -> None:
    async with upgraded(server) as raw:
        raw.send(frame(CLOSE, b"\x03\xe8"), frame(PING), frame(TEXT, ping_message(64)), frame(CLOSE, b"\x03\xe9"))
        assert await raw.read_close() == 1000


async def test_a_client_that_stops_sending_is_gone(server: Server) -> None:
    async with upgraded(server) as raw:
        raw.writer.write_eof()
        async with asyncio.timeout(30):
            await raw.reader.read()


# What the tests share


def fragments(message: bytes, *cuts: int) -> list[bytes]:
    """The frames of a text message that is cut at these places."""
    starts, ends = (0, *cuts), (*cuts, len(message))
    return [
        frame(CONTINUATION if number else TEXT, message[start:end], final=number == len(cuts))
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


async def last_code(raw: Raw) -> int:
    """The close code after a message that may or may not be answered first."""
    answer = await raw.read()
    return await raw.read_close() if answer.opcode == TEXT else struct.unpack("!H", answer.payload[:2])[0]


def upgraded_to_msgpack(server: Server):
    """As ``upgraded``, with the other subprotocol."""
    return upgraded(server, Sec_WebSocket_Protocol="x18.v1.msgpack")
