"""A packet holds the loop for no longer than a piece of it takes, and frames that are no messages are bounded."""

import asyncio
import json
import time
from typing import Any

import pytest

from tests.raw import CLOSE, CONTINUATION, DEADLINE_S, PING, PONG, TEXT, Raw, frame, upgraded
from tests.runtime.test_fanout import upgraded as protocol_after_handshake
from tests.server import Server
from x18.core.slices import SLICE_S, Slices
from x18.realtime.protocol import CloseCode
from x18.runtime.frames import BURST, PIECE_BYTES

FLOODS = {
    "pings": frame(PING),
    "pings that say something": frame(PING, b"x" * 125),
    "pongs": frame(PONG, b"x"),
    "empty fragments": frame(CONTINUATION, final=False),
    "fragments of a byte": frame(CONTINUATION, b" ", final=False),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_who_sends_frames_without_end_is_closed_and_listened_to_no_more(server: Server, flood: bytes) -> None:
    async with upgraded(server) as raw, upgraded(server) as other:
        raw.send(frame(TEXT, b"{", final=False), *[flood] * (BURST - 2))
        raw.send(frame(PING, b"still"))
        while (await raw.read()).payload != b"still":
            pass
        raw.send(*[flood] * 20_000)

        assert await code_of_close(raw) == CloseCode.RATE_LIMITED
        other.send(frame(TEXT, json.dumps({"type": "ping", "payload": "others"}).encode()))
        assert b"others" in (await other.read()).payload


async def test_frames_after_the_close_are_bounded_too() -> None:
    protocol = protocol_after_handshake()
    protocol.close_now(CloseCode.RESTART, "")
    for _ in range(BURST + 1):
        assert not protocol.is_deaf
        protocol.data_received(frame(TEXT, b"{}"))

    assert protocol.is_deaf


async def test_a_packet_is_parsed_in_pieces_and_others_have_their_turn_between_them(server: Server) -> None:
    async with upgraded(server) as raw:
        numbers = range(5)
        messages = [json.dumps({"type": "ping", "id": number, "payload": "x" * 10_000}) for number in numbers]
        assert len("".join(messages)) > 40 * PIECE_BYTES
        raw.send(b"".join(frame(TEXT, message.encode()) for message in messages))

        assert [json.loads((await raw.read()).payload)["id"] for _ in numbers] == [*numbers]


async def test_what_is_left_of_a_packet_waits_for_the_loop_and_what_comes_then_waits_behind_it() -> None:
    protocol = protocol_after_handshake()
    transport: Any = protocol.transport
    resumed = asyncio.Event()
    transport.resume_reading = resumed.set
    protocol.data_received(frame(TEXT, b"x" * 5_000, final=False))
    protocol.data_received(frame(CONTINUATION, b"y"))
    assert protocol.queue.empty()

    async with asyncio.timeout(DEADLINE_S):
        message: Any = await protocol.receive()
        await resumed.wait()
    assert message["text"] == "x" * 5_000 + "y"


@pytest.mark.parametrize("size", [2, 5_000])
async def test_what_comes_when_its_network_had_its_slice_of_the_turn_is_parsed_in_the_next_one(size: int) -> None:
    protocol = protocol_after_handshake()
    transport: Any = protocol.transport
    transport.resume_reading = lambda: None
    protocol.slice = Slices().of("192.0.2.1")
    protocol.slice.spend(time.perf_counter() - SLICE_S)
    protocol.data_received(frame(PING, b"x") + frame(TEXT, b"y" * size))
    assert protocol.queue.empty(), "it was parsed at once"
    assert transport.written == []

    async with asyncio.timeout(DEADLINE_S):
        message: Any = await protocol.receive()
    assert message["text"] == "y" * size


async def code_of_close(raw: Raw) -> int:
    while (found := await raw.read()).opcode != CLOSE:
        pass
    return int.from_bytes(found.payload[:2])
