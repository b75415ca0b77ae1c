"""uvicorn's WebSocket protocol with a door to its transport, so that a frame made once is written to many sockets as it is.

uvicorn documents none of these names. ``missing_names`` is asked at start: where a release changed them, X18 runs on uvicorn's
own protocol, over plain ASGI, slower and as correct.
"""

import asyncio
import socket
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from x18.realtime.protocol import CloseCode
from x18.realtime.sockets import EXTENSION, DirectSocket
from x18.realtime.waiting import Gate, Inbox
from x18.runtime.deflate import SharedDeflateFactory
from x18.runtime.frames import PacedFrames
from x18.runtime.streaming import give_up_on_the_dead

WRITE_BUFFER: Final = 64 * 1024
"""Bytes that may wait in user space before the protocol is told to pause."""

UNSENT_IN_KERNEL: Final = 128 * 1024
"""Linux lets a slow reader have megabytes of kernel memory before a write blocks."""

UNFINISHED_S: Final = 10.0

HELD_UP_S: Final = 1.0
"""A timer that is so late tells of this process, not of the client."""

BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

METHODS: Final = (
    "connection_made", "connection_lost", "data_received", "pause_writing", "resume_writing", "eof_received",
    "shutdown", "handle_close", "handle_ping", "handle_cont", "handle_parser_exception", "keepalive_timeout",
    "send_keepalive_ping", "run_asgi", "send", "send_receive_event_to_app", "on_task_complete", "start_keepalive",
    "stop_keepalive",
)  # fmt: skip
ATTRIBUTES: Final = (
    "conn", "transport", "queue", "scope", "loop", "close_sent", "close_timer", "close_timeout", "pong_timer",
    "ping_sent_at", "ping_timeout", "curr_msg_data_type", "frames", "disconnected", "read_paused",
    "handshake_complete", "handshake_initiated",
)  # fmt: skip


def missing_names() -> list[str]:
    """Names that the class below needs and this version of uvicorn lacks; attributes are looked for in the constructor's code."""
    used = set(WebSocketsSansIOProtocol.__init__.__code__.co_names)
    used |= set(WebSocketsSansIOProtocol.handle_connect.__code__.co_names)
    methods = [name for name in METHODS if not callable(getattr(WebSocketsSansIOProtocol, name, None))]
    return methods + [name for name in ATTRIBUTES if name not in used]


class FanoutProtocol(PacedFrames):
    """Between the handshake and the close, ``writer`` is told whether the transport takes data."""

    writer: DirectSocket | None = None
    is_paused = False
    unfinished: asyncio.TimerHandle | None = None
    """Runs while a message in fragments is not finished."""

    owed_pong = b""
    """The answer to the newest ping of a client that does not keep up."""

    before_ping = 0
    """Bytes that waited for the client when it was last pinged."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # What uvicorn asks of them is what these two can.
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]
        if self.config.ws_per_message_deflate:
            self.conn.available_extensions = [SharedDeflateFactory()]

    @property
    def inflates(self) -> bool:
        """Whether the client takes compressed messages."""
        return bool(self.conn.extensions)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As uvicorn; and bound what a client that does not read can hold."""
        super().connection_made(transport)
        http: Any = self.transport.get_protocol()
        http.parser = None  # the parser holds the protocol that holds it
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        give_up_on_the_dead(transport)
        raw = transport.get_extra_info("socket")
        if raw is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with suppress(OSError):
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_IN_KERNEL)

    def parse(self, data: bytes) -> None:
        """As uvicorn, which leaves a request that cannot be parsed without an answer, and the connection open."""
        super().parse(data)
        if self.frames and self.unfinished is None:
            self.unfinished = self.loop.call_later(UNFINISHED_S, self._give_up_message)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(BAD_REQUEST)
            self.transport.close()

    def _stop_timing(self) -> None:
        if self.unfinished is not None:
            self.unfinished.cancel()
            self.unfinished = None

    def _give_up_message(self) -> None:
        """A message in fragments is finished in time, or the connection is. Time in which we do not read does not count."""
        if self.read_paused:
            self.unfinished = self.loop.call_later(UNFINISHED_S, self._give_up_message)
            return
        self._end()
        self.close_now(CloseCode.BAD_MESSAGES, "a message was not finished")

    def run_asgi(self) -> Coroutine[Any, Any, None]:  # a plain def: one coroutine frame less per connection
        """Show the application the door."""
        extensions: Any = self.scope["extensions"]
        extensions[EXTENSION] = self
        return super().run_asgi()

    async def send(self, message: Any) -> None:
        """As uvicorn, which does not notice that a handshake is over when it was answered with HTTP."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True

    def close_now(self, code: int, reason: str) -> None:
        """Begin the closing handshake, also while the transport is paused; abort when the client does not answer."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return  # what is left goes, or ``_abort_soon`` ends it
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self._part()

    def eof_received(self) -> None:
        """The client says no more. What it has not read yet is sent, but not waited for without end."""
        super().eof_received()
        self._end()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        self._abort_soon()

    def pause_writing(self) -> None:
        """The client does not keep up."""
        super().pause_writing()
        self.is_paused = True
        if self.writer is not None:
            self.writer.paused()

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self.is_paused = False
        if self.owed_pong and not self.close_sent:
            self.transport.write(self.owed_pong)
            self.owed_pong = b""
        if self.writer is not None:
            self.writer.resumed()

    def start_keepalive(self) -> None:
        """The handshake is over: forget it."""
        super().start_keepalive()
        self.request = self.response = None  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """No data after this."""
        self._end()
        self._stop_timing()
        super().connection_lost(exc)
        self.conn.parser.close()  # it holds the connection that holds it

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application is done; what is left should go without waiting for the garbage collector."""
        super().on_task_complete(task)
        self.scope.clear()  # type: ignore[attr-defined]

    def shutdown(self) -> None:
        """The server stops, and waits for the connections to end."""
        if self.writer is not None:
            self.writer.on_shutdown()
        else:
            super().shutdown()

    def handle_close(self, event: Frame) -> None:
        """The client closes."""
        self._end()
        super().handle_close(event)
        self._abort_soon()

    def handle_ping(self) -> None:
        """Answer, unless what came before it was the end. A client that does not read is owed the newest answer only (RFC 6455 §5.5.3)."""
        self.count_frame()
        answers = self.conn.data_to_send()
        if not answers or self.close_sent:
            return
        if self.is_paused and self.conn.close_sent is None:
            self.owed_pong = answers[-1]
        else:
            self.transport.write(b"".join(answers))

    def handle_pong(self, event: Frame) -> None:
        """An answer to our ping, or to none."""
        self.count_frame()
        super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        """As uvicorn, which would keep any number of empty fragments: they count nothing towards the limit."""
        self.count_frame()
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A message is complete. As uvicorn, except that text which is none is the client's mistake and not logged as one of ours."""
        self._stop_timing()
        if self.close_sent:
            self.count_frame()
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.conn.fail(CloseCode.INVALID_UTF8, "not UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """The client broke the WebSocket protocol. What it still sends is dropped until it has read why.

        To close with unread data makes the kernel reset the connection, and the client may lose the close frame.
        """
        if self.close_sent:
            return
        self._end()
        sent = self.conn.close_sent
        if sent is None:  # it is not even open
            self.transport.close()
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": sent.code, "reason": sent.reason})
        self._part()
        self.transport.write_eof()

    def send_keepalive_ping(self) -> None:
        """Is the client there? What waits for it already comes before the ping."""
        self.before_ping = self.transport.get_write_buffer_size()
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """No answer to a ping. The client is asked again where we may be to blame: it is not being read from, this process was held
        up, or it still takes what came before the ping.
        """
        now, waiting, patience = self.loop.time(), self.transport.get_write_buffer_size(), self.ping_timeout or 0.0
        was_held_up = now - self.ping_sent_at > patience + HELD_UP_S
        if not self.close_sent and (self.read_paused or was_held_up or waiting < self.before_ping):
            self.before_ping, self.ping_sent_at = waiting, now
            self.pong_timer = self.loop.call_later(patience, self.keepalive_timeout)
            return
        code = self.writer.code_for_client(CloseCode.HEARTBEAT_MISSED) if self.writer else CloseCode.HEARTBEAT_MISSED
        self._end()
        self.close_now(code, "no answer to a ping")

    def _part(self) -> None:
        """Send the close frame; the client has a while to read what came before it."""
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._abort_soon()

    def _abort_soon(self) -> None:
        """Unless the connection ends by itself."""
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def _end(self) -> None:
        writer, self.writer = self.writer, None
        if writer is not None:
            writer.ended()
