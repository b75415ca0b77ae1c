"""What a client that floods the server's protocol can make it keep."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from tests.raw import CONTINUATION, PING, TEXT, frame, handshake
from x18.runtime import fanout
from x18.runtime.fanout import FanoutProtocol


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.write = self.written.append
        self.aborted = asyncio.Event()
        self.abort = self.aborted.set

    def get_protocol(self) -> Any:
        return SimpleNamespace(parser=None, slice=None)

    def get_extra_info(self, name: str) -> None:
        """None of it is known."""

    def set_write_buffer_limits(self, high: int) -> None:
        """There is no buffer."""

    waiting = 0

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """The test sends what it wants."""


async def never_called(scope: Any, receive: Any, send: Any) -> None:
    """The application."""


def upgraded() -> FanoutProtocol:
    """After the handshake."""
    config = uvicorn.Config(never_called, log_config=None)
    protocol = FanoutProtocol(config=config, server_state=ServerState(), app_state={})
    transport: Any = Transport()
    protocol.connection_made(transport)
    protocol.conn.receive_data(handshake())
    (request,) = protocol.conn.events_received()
    protocol.conn.send_response(protocol.conn.accept(request))
    protocol.conn.data_to_send()
    return protocol


async def test_a_client_that_does_not_read_is_owed_one_pong() -> None:
    protocol = upgraded()
    written: list[bytes] = protocol.transport.written  # type: ignore[attr-defined]
    protocol.pause_writing()
    for number in range(50):
        protocol.data_received(frame(PING, b"%d" % number) + frame(PING, b"and %d" % number))
    assert written == []
    protocol.resume_writing()
    protocol.data_received(frame(PING, b"again"))

    assert written == [b"\x8a\x06and 49", b"\x8a\x05again"]


async def test_empty_fragments_are_not_kept() -> None:
    protocol = upgraded()
    protocol.data_received(frame(TEXT, b'{"type":', final=False))
    for _ in range(100):
        protocol.data_received(frame(CONTINUATION, final=False))
    assert len(protocol.frames) == 1
    protocol.data_received(frame(CONTINUATION, b'"ping"}', final=False) + frame(CONTINUATION))

    async with asyncio.timeout(30):
        message = await protocol.queue.get()
    assert message == {"type": "websocket.receive", "text": '{"type":"ping"}'}


async def test_a_message_that_is_not_finished_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "UNFINISHED_S", 0.05)
    protocol, finished = upgraded(), upgraded()
    for one in (protocol, finished):
        one.data_received(frame(TEXT, b'{"type":', final=False))
    finished.data_received(frame(CONTINUATION, b'"ping"}'))
    await asyncio.sleep(0.03)
    protocol.data_received(
        frame(PING) + frame(CONTINUATION, b'"ping"', final=False)
    )  # a sign of life is no end of the message
    await asyncio.sleep(0.05)

    assert [bool(one.close_sent) for one in (protocol, finished)] == [True, False]
    assert protocol.transport.written[-1][2:4] == (4400).to_bytes(2, "big")  # type: ignore[attr-defined]


async def test_who_says_no_more_and_does_not_read_is_cut_off() -> None:
    protocol = upgraded()
    protocol.close_timeout = 0.05
    protocol.pause_writing()
    protocol.eof_received()

    async with asyncio.timeout(30):
        assert (await protocol.queue.get())["type"] == "websocket.disconnect"
        await protocol.transport.aborted.wait()  # type: ignore[attr-defined]


async def test_messages_that_are_finished_are_timed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[tuple[asyncio.TimerHandle, float]] = []
    protocol = upgraded()
    call_later = protocol.loop.call_later

    def remember(delay: float, *called: Any) -> asyncio.TimerHandle:
        timers.append((call_later(delay, *called), delay))
        return timers[-1][0]

    monkeypatch.setattr(protocol.loop, "call_later", remember)
    protocol.data_received(frame(TEXT, b'{"type":', final=False))
    for _ in range(5):  # each read ends one and begins another
        protocol.data_received(frame(CONTINUATION, b'"ping"}') + frame(TEXT, b'{"type":', final=False))

    assert [delay for _, delay in timers] == [fanout.UNFINISHED_S] * 6
    assert [timer.cancelled() for timer, _ in timers] == [True] * 5 + [False]
    timers[-1][0].cancel()


def after_a_ping() -> FanoutProtocol:
    """A server's ping was sent and its time is over."""
    protocol = upgraded()
    protocol.send_keepalive_ping()
    return protocol


async def test_who_does_not_answer_a_ping_is_closed() -> None:
    protocol = after_a_ping()
    protocol.keepalive_timeout()

    assert protocol.transport.written[-1][2:4] == (4002).to_bytes(2, "big")  # type: ignore[attr-defined]


async def test_who_is_not_read_from_is_not_blamed_for_no_answer() -> None:
    protocol = after_a_ping()
    protocol.data_received(frame(TEXT, b'{"type":"ping"}'))  # which the application does not take
    assert protocol.read_paused
    protocol.keepalive_timeout()
    assert not protocol.close_sent
    protocol.read_paused = False
    protocol.keepalive_timeout()

    assert protocol.close_sent


async def test_who_still_takes_what_came_before_the_ping_is_not_blamed_for_no_answer() -> None:
    protocol = upgraded()
    transport: Any = protocol.transport
    transport.waiting = 60_000
    protocol.send_keepalive_ping()
    for transport.waiting in (40_000, 20_000):
        protocol.keepalive_timeout()
        assert not protocol.close_sent
    protocol.keepalive_timeout()  # it took nothing in all this time

    assert protocol.close_sent


async def test_a_timer_that_is_late_blames_nobody() -> None:
    protocol = after_a_ping()
    protocol.ping_sent_at -= 60.0
    protocol.keepalive_timeout()
    assert not protocol.close_sent
    protocol.keepalive_timeout()

    assert protocol.close_sent


async def test_a_message_is_not_late_while_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "UNFINISHED_S", 0.05)
    protocol = upgraded()
    protocol.data_received(frame(TEXT, b'{"type":"ping"}') + frame(TEXT, b'{"type":', final=False))
    assert protocol.read_paused
    await asyncio.sleep(0.15)
    assert not protocol.close_sent
    protocol.read_paused = False
    async with asyncio.timeout(30):
        while not protocol.close_sent:
            await asyncio.sleep(0.02)
