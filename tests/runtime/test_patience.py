"""Who takes too long over a request, or sends too much before it, is cut off; who works is not. Time passes when a test says so."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from litestar.types import Receive, Scope, Send
from uvicorn.server import ServerState

from x18.runtime.patience import PatientProtocol

POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
UPGRADE = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Clock:
    """The part of an event loop that the protocol uses. No task runs; the one timer that waits is due when ``pass_time`` is called."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def call_later(self, _: float, callback: Callable[[], None]) -> "Timer":
        """Remember it."""
        self.waiting.append(callback)
        return Timer(self, callback)

    def create_task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Future[None]":
        """Never run."""
        work.close()
        return asyncio.Future()

    def pass_time(self) -> None:
        """What waits now is due."""
        due, self.waiting = self.waiting, []
        for callback in due:
            callback()


class Timer:
    """What ``call_later`` gives."""

    def __init__(self, clock: Clock, callback: Callable[[], None]) -> None:
        self._clock, self._callback = clock, callback

    def cancel(self) -> None:
        """Forget it."""
        if self._callback in self._clock.waiting:
            self._clock.waiting.remove(self._callback)


class Wire(asyncio.Transport):
    """Remembers what was written, and how it ended."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = ""
        self.unread = 0

    def write(self, data: Any) -> None:
        """Remember."""
        self.written += data

    def close(self) -> None:
        """In good order."""
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        """At once."""
        self.ended = self.ended or "aborted"

    def get_write_buffer_size(self) -> int:
        """What the client has not taken."""
        return self.unread

    def is_closing(self) -> bool:
        """Whether it ended."""
        return bool(self.ended)

    def pause_reading(self) -> None:
        """The body is more than is taken at the moment."""

    resume_reading = pause_reading


async def app(_: Scope, __: Receive, ___: Send) -> None:
    """Never run."""


class Connection(PatientProtocol):
    """A connection on which ``sent`` was received."""

    def __init__(self) -> None:
        config = uvicorn.Config(app, ws="websockets-sansio", log_config=None)
        self.clock, self.wire = Clock(), Wire()
        super().__init__(config, ServerState(), {}, self.clock)  # type: ignore[arg-type]
        self.connection_made(self.wire)


@pytest.fixture
async def connection() -> Connection:
    return Connection()


@pytest.mark.parametrize("sent", [[], [b"G"], [b"GET / HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 100]])
async def test_headers_that_do_not_end_in_time_are_a_408(connection: Connection, sent: list[bytes]) -> None:
    for piece in sent:
        connection.data_received(piece)
    connection.clock.pass_time()

    assert connection.wire.written.startswith(b"HTTP/1.1 408 ")
    assert connection.wire.ended == "closed"


async def test_headers_that_are_too_long_are_a_431(connection: Connection) -> None:
    connection.data_received(b"GET / HTTP/1.1\r\n")
    for _ in range(9):
        assert not connection.wire.ended
        connection.data_received(b"X-A: " + b"a" * 2_041 + b"\r\n")

    assert connection.wire.written.startswith(b"HTTP/1.1 431 ")
    assert connection.wire.ended == "closed"
    assert connection.clock.waiting == []


async def test_a_body_that_trickles_is_cut_off(connection: Connection) -> None:
    connection.data_received(POST)
    for _ in range(1_000):
        connection.data_received(b"a")
    connection.clock.pass_time()

    assert (connection.wire.written, connection.wire.ended) == (b"", "aborted")


async def test_a_large_body_may_take_long_as_long_as_it_comes(connection: Connection) -> None:
    connection.data_received(POST)
    for _ in range(3):
        connection.flow.resume_reading()
        connection.data_received(b"a" * 300_000)
        connection.flow.resume_reading()
        connection.clock.pass_time()
        assert not connection.wire.ended
    connection.data_received(b"a" * 100_000)

    assert connection.clock.waiting == [], "the answer may take as long as it takes"


async def test_who_is_made_to_wait_is_not_cut_off(connection: Connection) -> None:
    connection.data_received(POST)
    connection.flow.pause_reading()
    connection.clock.pass_time()

    assert not connection.wire.ended
    connection.flow.resume_reading()
    connection.clock.pass_time()
    assert connection.wire.ended


async def test_half_a_request_behind_one_that_is_being_answered_does_not_spoil_the_answer(
    connection: Connection,
) -> None:
    connection.data_received(POST + b"a" * 1_000_000 + b"GET / HTTP/1.1\r\n")
    connection.clock.pass_time()
    assert (connection.wire.written, connection.wire.ended) == (b"", "")

    connection.cycle.response_complete = True
    connection.clock.pass_time()
    assert connection.wire.written.startswith(b"HTTP/1.1 408 ")


async def test_a_websocket_is_waited_for_by_others(connection: Connection) -> None:
    connection.data_received(UPGRADE[:-2])
    assert connection.clock.waiting
    connection.handle_websocket_upgrade = lambda: None  # type: ignore[method-assign]
    connection.data_received(UPGRADE[-2:])

    assert connection.clock.waiting == []


async def test_nothing_waits_for_a_connection_that_is_gone(connection: Connection) -> None:
    connection.connection_lost(None)

    assert connection.clock.waiting == []


def answered(connection: Connection, unread: int) -> None:
    """A request came, and this much of its answer waits to be read."""
    connection.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.cycle.response_complete = True
    connection.wire.unread = unread
    connection.on_response_complete()
    connection.clock.waiting.remove(connection.timeout_keep_alive_handler)  # which would close it in good order


async def test_an_answer_that_does_not_move_ends_the_connection(connection: Connection) -> None:
    answered(connection, 50_000)
    connection.clock.pass_time()

    assert connection.wire.ended == "aborted"


async def test_an_answer_that_moves_may_take_long(connection: Connection) -> None:
    answered(connection, 50_000)
    for left in (40_000, 39_999, 1):
        connection.wire.unread = left
        connection.clock.pass_time()
        assert not connection.wire.ended
    connection.wire.unread = 0
    connection.clock.pass_time()

    assert (connection.wire.ended, connection.clock.waiting) == ("", [])


async def test_a_stream_that_is_not_read_ends_and_one_that_is_goes_on(connection: Connection) -> None:
    connection.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.wire.unread = 70_000
    for _ in range(3):
        connection.pause_writing()
        connection.resume_writing()
    connection.clock.pass_time()
    assert not connection.wire.ended

    connection.pause_writing()
    connection.clock.pass_time()

    assert connection.wire.ended == "aborted"


async def test_a_new_answer_has_its_own_time(connection: Connection) -> None:
    answered(connection, 50_000)
    connection.wire.unread = 0
    answered(connection, 50_000)

    assert len(connection.clock.waiting) == 1
