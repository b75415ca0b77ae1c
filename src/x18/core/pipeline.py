"""One connection to Redis whose commands share writes and do not wait for each other: for what every request asks.

Only the round trip is timed: nothing waits for a pool, and an event loop that was held by something else is no outage. When an
answer does not come, the connection is given up, everybody who waits is told at once, and a new one is made in the background;
until it stands, every command fails without a wait.
"""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Any, Final, Protocol, cast

import hiredis
from redis.asyncio import Redis

from x18.core.outages import said_by

logger = logging.getLogger("x18.redis")

PATIENCE_S: Final = 0.5
"""The longest wait for an answer."""

GRACE_S: Final = 0.1
"""By so much later: when the loop was held, the answer is often there already, and is read meanwhile."""

CONNECT_S: Final = 1.0
AGAIN_S: Final = 1.0
"""The longest wait for a connection, and the pause before the next attempt."""


class Away(Exception):
    """Redis cannot be asked now, or did not answer."""


class Refused(Away):
    """Redis answered with an error, as while it loads its data or has no memory left."""


class _Target(Protocol):
    """The part of redis-py's connection that is used: the options that it read from an address."""

    username: str | None
    password: str | None
    db: int


class Pipeline:
    """Commands of one process to the Redis of a redis-py client. It connects at the first command, and by itself again."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._line: _Line | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._is_away = False
        self._closed = False

    async def ask(self, *command: bytes | str | int) -> Any:
        """The answer to a command.

        Raises:
            Refused: it is an error.
            Away: there is no connection, or no answer.
        """
        if self._line is None:
            await self._wait_for_the_first()
        line = self._line
        if line is None:
            raise Away("no connection to Redis")
        answer = await line.ask(_pack(command))
        if isinstance(answer, hiredis.ReplyError):
            raise Refused(str(answer))
        return answer

    async def close(self) -> None:
        """Give up the connection for good."""
        self._closed = True
        self._tried.set()
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError):
                await self._connecting
        if self._line is not None:
            self._line.give_up()

    async def _wait_for_the_first(self) -> None:
        """Connect. Only before anything failed is there anybody who waits for it."""
        self._start_connecting()
        await self._tried.wait()

    def _start_connecting(self) -> None:
        if self._connecting is None and not self._closed:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        while self._line is None:
            try:
                async with asyncio.timeout(CONNECT_S):
                    self._line = await _open(self._redis, self._lost)
            except Exception as error:  # whatever it is, as a certificate that is none, requests go on without
                self._go_on_without(error)
                await asyncio.sleep(AGAIN_S)
        if self._is_away:
            logger.warning("Redis answers again")
        self._is_away, self._connecting = False, None
        self._tried.set()

    def _lost(self, error: Exception) -> None:
        self._line = None
        self._go_on_without(error)
        self._start_connecting()

    def _go_on_without(self, error: Exception) -> None:
        if not self._is_away and not self._closed:
            logger.warning("Redis is away: %s", said_by(error))
        self._is_away = True
        self._tried.set()


class _Line(asyncio.Protocol):
    """One connection. Answers come in the order of the commands."""

    def __init__(self, lost: Any) -> None:
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader()
        self._unsent: list[bytes] = []
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._is_late = False

    def ask(self, command: bytes) -> "asyncio.Future[Any]":
        """Send with whatever else is sent in this round of the event loop."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(command)
        answer = self._loop.create_future()
        self._waiting.append((self._loop.time(), answer))
        if self._watch is None:
            self._watch = self._loop.call_later(PATIENCE_S, self._look)
        return answer

    def give_up(self) -> None:
        """Cut the connection and let nobody wait."""
        if self._transport is not None:
            self._transport.abort()
        self._end(Away("the connection was given up"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._is_late = False
        self._reader.feed(data)
        try:
            while (answer := self._reader.gets()) is not False:
                if self._waiting:
                    asked = self._waiting.popleft()[1]
                    if not asked.done():
                        asked.set_result(answer)
        except hiredis.ProtocolError as error:
            self._break_off(error)

    def connection_lost(self, error: Exception | None) -> None:
        self._break_off(error or Away("Redis closed the connection"))

    def _flush(self) -> None:
        if self._transport is not None and self._unsent:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def _look(self) -> None:
        """Whether the oldest command has waited too long, also after the answers that had come were read."""
        self._watch = None
        if not self._waiting:
            return
        waited = self._loop.time() - self._waiting[0][0]
        if waited < PATIENCE_S:
            self._is_late = False
            self._watch = self._loop.call_later(PATIENCE_S - waited, self._look)
        elif not self._is_late:
            self._is_late = True
            self._watch = self._loop.call_later(GRACE_S, self._look)
        else:
            self._break_off(Away(f"no answer for {waited:.1f} s"))

    def _break_off(self, error: Exception) -> None:
        lost, self._lost = self._lost, None
        if self._transport is not None:
            self._transport.abort()
        self._end(Away(said_by(error)))
        if lost is not None:
            lost(error)

    def _end(self, error: Away) -> None:
        self._lost = None
        if self._watch is not None:
            self._watch.cancel()
        self._unsent.clear()
        while self._waiting:
            asked = self._waiting.popleft()[1]
            if not asked.done():
                asked.set_exception(error)


async def _open(redis: Redis, lost: Any) -> _Line:
    """A connection that is logged in, in the right database."""
    # Not connected: it has what redis-py read from the address.
    target: Any = redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
    loop = asyncio.get_running_loop()
    if path := getattr(target, "path", None):
        _, line = await loop.create_unix_connection(lambda: _Line(lost), path)
    else:
        context = target.ssl_context.get() if hasattr(target, "ssl_context") else None
        _, line = await loop.create_connection(lambda: _Line(lost), target.host, target.port, ssl=context)
    try:
        await _greet(line, target)
    except BaseException:
        line.give_up()
        raise
    return line


async def _greet(line: _Line, target: _Target) -> None:
    commands: list[tuple[bytes | str | int, ...]] = []
    if target.username or target.password:
        names = (target.username,) if target.username else ()
        commands.append(("AUTH", *names, target.password or ""))
    if target.db:
        commands.append(("SELECT", target.db))
    commands.append(("PING",))
    for answer in await asyncio.gather(*(line.ask(_pack(command)) for command in commands)):
        if isinstance(answer, hiredis.ReplyError):
            raise Refused(str(answer))


def _pack(command: tuple[bytes | str | int, ...]) -> bytes:
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # declared for tuples of one
    return packed
