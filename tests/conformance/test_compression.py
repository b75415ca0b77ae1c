"""RFC 7692 as a hostile client sees it: what is agreed on, and what may be sent then."""

import asyncio
import json
import zlib

import pytest

from tests.conformance.test_frames import PROTOCOL_ERROR, TOO_BIG, ping_message, read_answer
from tests.raw import CLOSE, CONTINUATION, DEADLINE_S, PING, PONG, TEXT, Raw, frame, handshake, upgraded
from tests.server import Server
from x18.realtime.protocol import MAX_MESSAGE_BYTES

AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"


def deflated(data: bytes, *, bits: int = 15) -> bytes:
    compressor = zlib.compressobj(wbits=-bits)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


def compressing_client(server: Server, offer: str = "permessage-deflate"):
    return upgraded(server, Sec_WebSocket_Extensions=offer)


async def agreed_on(server: Server, *offers: str) -> str | None:
    """The extensions in the answer to a handshake."""
    raw = await Raw.connect(server)
    request = handshake(Sec_WebSocket_Extensions=offers[0])
    more = "".join(f"Sec-WebSocket-Extensions: {offer}\r\n" for offer in offers[1:])
    raw.send(request.removesuffix(b"\r\n") + more.encode() + b"\r\n")
    async with asyncio.timeout(DEADLINE_S):
        head = (await raw.reader.readuntil(b"\r\n\r\n")).decode()
    await raw.close()
    assert head.startswith("HTTP/1.1 101 ")
    found = [
        line.partition(": ")[2] for line in head.splitlines() if line.lower().startswith("sec-websocket-extensions:")
    ]
    assert len(found) < 2
    return found[0] if found else None


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",  # Chromium
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=12",
        "permessage-deflate; server_max_window_bits=15",
        'permessage-deflate; server_max_window_bits="13"',
        "x-webkit-deflate-frame, permessage-deflate",
        "permessage-deflate; mode=best, permessage-deflate",
        "permessage-deflate; server_max_window_bits=9, permessage-deflate",
        "permessage-deflate, permessage-deflate; client_max_window_bits",
    ],
)
async def test_an_offer_is_taken_whatever_the_client_s_window(compressing: Server, offer: str) -> None:
    assert await agreed_on(compressing, offer) == AGREED


@pytest.mark.parametrize("bits", [8, 9, 14, 15])
async def test_a_client_may_say_how_large_its_window_is(compressing: Server, bits: int) -> None:
    agreed = await agreed_on(compressing, f"permessage-deflate; client_max_window_bits={bits}")
    assert agreed == f"{AGREED}; client_max_window_bits={bits}"


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate; server_max_window_bits=11",  # smaller than the one we use
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=012",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; level=9",
        "permessage-bzip2",
        "x-webkit-deflate-frame",
    ],
)
async def test_an_offer_that_we_cannot_keep_is_declined(compressing: Server, offer: str) -> None:
    assert await agreed_on(compressing, offer) is None


async def test_offers_in_several_lines_are_one_list(compressing: Server) -> None:
    assert await agreed_on(compressing, "permessage-deflate; level=9", "permessage-deflate") == AGREED


@pytest.mark.parametrize("size", [64, 1_000, MAX_MESSAGE_BYTES])
@pytest.mark.parametrize("fill", ["x", "😀"])
async def test_a_compressed_message_is_answered(compressing: Server, size: int, fill: str) -> None:
    message = (
        ping_message(size)
        if fill == "x"
        else json.dumps({"type": "ping", "payload": fill * (size // 16)}, ensure_ascii=False).encode()
    )
    async with compressing_client(compressing) as raw:
        for data in (message, message):
            raw.send(frame(TEXT, deflated(data), reserved=4), frame(TEXT, data))
            assert await read_answer(raw) == await read_answer(raw) == json.loads(message)["payload"]


async def test_each_message_is_compressed_by_itself(compressing: Server) -> None:
    """What refers to the message before has lost what it refers to."""
    compressor = zlib.compressobj(wbits=-15)
    first, second = (
        (compressor.compress(ping_message(400)) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")
        for _ in range(2)
    )
    async with compressing_client(compressing) as raw:
        raw.send(frame(TEXT, first, reserved=4))
        await read_answer(raw)
        raw.send(frame(TEXT, second, reserved=4))
        assert await raw.read_close() == PROTOCOL_ERROR


async def test_it_may_come_in_fragments_with_pings_between(compressing: Server) -> None:
    data = deflated(ping_message(2_000, "xyz"[:1]))
    async with compressing_client(compressing) as raw:
        raw.send(
            frame(TEXT, data[:5], final=False, reserved=4),
            frame(PING, b"1"),
            frame(CONTINUATION, data[5:9], final=False),
            frame(CONTINUATION, b"", final=False),
            frame(CONTINUATION, data[9:]),
        )
        assert await raw.read() == (0x80, PONG, b"1")
        assert await read_answer(raw) == json.loads(ping_message(2_000))["payload"]


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 1 << 20, 1 << 28])
async def test_a_bomb_is_closed_and_not_inflated(compressing: Server, size: int) -> None:
    compressor = zlib.compressobj(9, wbits=-15)
    chunk = b"x" * min(size, 1 << 20)
    data = b"".join(compressor.compress(chunk) for _ in range(size // len(chunk))) + compressor.flush(zlib.Z_SYNC_FLUSH)
    data = data[: MAX_MESSAGE_BYTES - 1]  # it goes off long before its end
    async with compressing_client(compressing) as raw:
        raw.send(frame(TEXT, data, reserved=4))
        assert await raw.read_close() == TOO_BIG


@pytest.mark.parametrize("first", [1, MAX_MESSAGE_BYTES - 1, MAX_MESSAGE_BYTES])
async def test_fragments_count_together_after_inflation(compressing: Server, first: int) -> None:
    compressor = zlib.compressobj(wbits=-15)
    start = compressor.compress(b"x" * first) + compressor.flush(zlib.Z_SYNC_FLUSH)
    rest = compressor.compress(b"x" * (MAX_MESSAGE_BYTES + 1 - first)) + compressor.flush(zlib.Z_SYNC_FLUSH)
    async with compressing_client(compressing) as raw:
        raw.send(frame(TEXT, start, final=False, reserved=4), frame(CONTINUATION, rest))
        assert await raw.read_close() == TOO_BIG


@pytest.mark.parametrize("data", [b"\x07", b"\xff" * 20, b"\x00\x05\x00\x00\x00hello"])
async def test_what_is_no_stream_is_a_protocol_error(compressing: Server, data: bytes) -> None:
    async with compressing_client(compressing) as raw:
        raw.send(frame(TEXT, data, reserved=4))
        assert await raw.read_close() == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
async def test_control_frames_are_not_compressed(compressing: Server, opcode: int) -> None:
    async with compressing_client(compressing) as raw:
        raw.send(frame(opcode, b"", reserved=4))
        assert await raw.read_close() == PROTOCOL_ERROR


@pytest.mark.parametrize("begins_compressed", [True, False])
async def test_a_continuation_does_not_say_it_again(compressing: Server, begins_compressed: bool) -> None:
    data = deflated(ping_message(400))
    async with compressing_client(compressing) as raw:
        raw.send(
            frame(TEXT, data[:5], final=False, reserved=4 if begins_compressed else 0),
            frame(CONTINUATION, data[5:], reserved=4),
        )
        assert await raw.read_close() == PROTOCOL_ERROR


@pytest.mark.parametrize("reserved", [1, 2, 5, 7])
async def test_the_other_reserved_bits_mean_nothing(compressing: Server, reserved: int) -> None:
    async with compressing_client(compressing) as raw:
        raw.send(frame(TEXT, deflated(ping_message(64)), reserved=reserved))
        assert await raw.read_close() == PROTOCOL_ERROR


async def test_who_did_not_agree_cannot_send_it(compressing: Server) -> None:
    async with upgraded(compressing) as raw:
        raw.send(frame(TEXT, deflated(ping_message(64)), reserved=4))
        assert await raw.read_close() == PROTOCOL_ERROR


async def test_text_that_is_none_is_found_after_inflation(compressing: Server) -> None:
    async with compressing_client(compressing) as raw:
        raw.send(frame(TEXT, deflated(b'{"type":"ping","payload":"\xff"}'), reserved=4))
        assert await raw.read_close() == 1007
