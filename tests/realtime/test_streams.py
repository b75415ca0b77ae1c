"""How an event stream ends, and that one whose client does not read is cut off."""

import asyncio

import pytest

from x18.realtime.hub import Hub
from x18.realtime.line import Line
from x18.realtime.protocol import MAX_QUEUED_BYTES, CloseCode, Error, ErrorPayload, Gap, GapPayload
from x18.realtime.streams import StreamSocket
from x18.realtime.wire import Encoding, encode_message

BLOCK = b"event: post\ndata: " + b"x" * 1_000 + b"\n\n"


async def test_a_stalled_client_is_closed_at_the_limit_and_cut_off_soon_after() -> None:
    aborted, sent = asyncio.Event(), []

    async def stall(message: object) -> None:
        sent.append(message)
        await asyncio.Event().wait()

    socket = StreamSocket(stall, aborted.set, patience_s=0.05)
    running = asyncio.create_task(socket.run())
    written = 0
    while socket.close_code is None:
        socket.write(BLOCK)
        written += len(BLOCK)
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await aborted.wait()
    running.cancel()

    assert socket.close_code == CloseCode.SLOW_CONSUMER
    assert written <= MAX_QUEUED_BYTES + 10 * len(BLOCK)
    assert len(sent) == 1


async def test_a_client_that_reads_is_told_why_and_not_cut_off() -> None:
    aborted, sent = asyncio.Event(), []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    socket = StreamSocket(send, aborted.set, patience_s=0.05)  # type: ignore[arg-type]
    socket.write(BLOCK)
    running = asyncio.create_task(socket.run())
    await asyncio.sleep(0)
    socket.close(CloseCode.REVOKED)
    async with asyncio.timeout(30):
        await running
    socket.ended()
    await asyncio.sleep(0.1)

    assert sent[-1] == {
        "type": "http.response.body",
        "body": b'event: close\ndata: {"code":4403}\n\n',
        "more_body": False,
    }
    assert not aborted.is_set()


@pytest.mark.parametrize(
    "message",
    [
        Gap(GapPayload("cursor_in_future", f"{'e' * 32}.7", ["/api/timeline/explore"])),
        Error(ErrorPayload("unavailable", "Later.")),
    ],
)
async def test_what_is_said_last_comes_before_the_code_though_what_waited_is_forgotten(message: Gap | Error) -> None:
    sent: list[bytes] = []

    async def send(chunk: dict[str, bytes]) -> None:
        sent.append(chunk["body"])

    socket = StreamSocket(send, asyncio.Event().set)  # type: ignore[arg-type]
    line = Line(Hub(lambda *_: None), socket, Encoding.SSE)
    socket.write(BLOCK)
    line.part(message, CloseCode.RESTART, "")
    line.part(message, CloseCode.RESTART, "")
    await socket.run()
    socket.ended()

    assert b"".join(sent) == encode_message(message, Encoding.SSE) + b'event: close\ndata: {"code":1012}\n\n'
