"""One contract for both ways to a client: in order, without waiting, bounded, and nothing after the end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from x18.realtime.protocol import MAX_QUEUED_BYTES, MAX_QUEUED_FRAMES, CloseCode
from x18.realtime.sockets import AsgiSocket, DirectSocket, Socket
from x18.realtime.wire import Encoding, frame, split_frames

DEADLINE_S = 30.0


class DirectClient:
    """A client behind a door like the server's protocol object; it takes what is written until it stalls."""

    def __init__(self) -> None:
        self.transport: Any = self
        self.writer: Any = None
        self.is_paused = self.inflates = False
        self.is_stalled = False
        self.received: list[bytes] = []
        self.close_code: int | None = None
        self.socket: Socket = DirectSocket(None, self)  # type: ignore[arg-type]

    def write(self, data: bytes) -> None:
        self.received += split_frames(data)
        if self.is_stalled and not self.is_paused:
            self.is_paused = True
            self.writer.paused()

    def close_now(self, code: int, _: str) -> None:
        self.close_code = code

    def stall(self) -> None:
        self.is_stalled = True

    def read_on(self) -> None:
        self.is_stalled = False
        if self.is_paused:
            self.is_paused = False
            self.writer.resumed()


class AsgiClient:
    """A client behind ASGI's ``send``, which waits while the client stalls."""

    def __init__(self) -> None:
        self._reads = asyncio.Event()
        self._reads.set()
        self.received: list[bytes] = []
        self.close_code: int | None = None
        self.socket: Socket = AsgiSocket(self)  # type: ignore[arg-type]

    async def send_text(self, text: str) -> None:
        await self.send_bytes(text.encode())

    async def send_bytes(self, data: bytes) -> None:
        await self._reads.wait()
        self.received.append(data)

    async def close(self, code: int) -> None:
        await self._reads.wait()
        self.close_code = code

    async def receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    def stall(self) -> None:
        self._reads.clear()

    def read_on(self) -> None:
        self._reads.set()


Client = DirectClient | AsgiClient


@pytest.fixture(params=[DirectClient, AsgiClient])
async def client(request: pytest.FixtureRequest) -> Any:
    client = request.param()
    yield client
    client.socket.ended()


def numbered(*numbers: int, size: int = 0) -> bytes:
    """Frames that tell their numbers, joined."""
    return b"".join(frame(b"%d" % number + b" " * size, Encoding.JSON) for number in numbers)


def numbers(client: Client) -> list[int]:
    """What the client got."""
    return [int(payload) for payload in client.received]


async def wait_until(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not found():
            await asyncio.sleep(0)


async def test_frames_arrive_in_order_joined_or_not(client: Client) -> None:
    for data in (numbered(1), numbered(2, 3, 4), numbered(5)):
        client.socket.write(data)
    await wait_until(lambda: len(client.received) == 5)
    assert numbers(client) == [1, 2, 3, 4, 5]


async def test_binary_frames_arrive_as_they_are(client: Client) -> None:
    client.socket.write(frame(b"\xff\x00", Encoding.MSGPACK))
    await wait_until(lambda: client.received == [b"\xff\x00"])


async def test_what_is_written_to_a_stalled_client_waits_for_it(client: Client) -> None:
    client.stall()
    for number in range(100):
        client.socket.write(numbered(number))
    assert client.socket.is_behind
    assert len(client.received) < 100
    client.read_on()
    await wait_until(lambda: len(client.received) == 100)
    client.socket.write(numbered(100))
    await wait_until(lambda: len(client.received) == 101)
    assert numbers(client) == list(range(101))
    assert client.socket.close_code is None


async def test_a_client_may_stall_again_and_again(client: Client) -> None:
    for start in range(0, 50, 10):
        client.stall()
        client.socket.write(numbered(*range(start, start + 5)))
        client.socket.write(numbered(*range(start + 5, start + 10)))
        await asyncio.sleep(0)
        client.read_on()
    await wait_until(lambda: len(client.received) == 50)
    assert numbers(client) == list(range(50))


@pytest.mark.parametrize(
    ("size", "most"), [(0, MAX_QUEUED_FRAMES), (10_000, MAX_QUEUED_BYTES // len(numbered(0, size=10_000)))]
)
async def test_a_client_that_stalls_for_too_long_is_closed(client: Client, size: int, most: int) -> None:
    client.stall()
    client.socket.write(numbered(0, size=size))  # on its way to the client
    await asyncio.sleep(0)
    for number in range(most):
        client.socket.write(numbered(number, size=size))
        await asyncio.sleep(0)
    assert client.socket.close_code is None
    client.socket.write(numbered(most, size=size))
    client.socket.write(numbered(most, size=size))
    assert client.socket.close_code == CloseCode.SLOW_CONSUMER
    assert client.socket.backlog.bytes == 0
    client.read_on()
    await wait_until(lambda: client.close_code == CloseCode.SLOW_CONSUMER)
    assert len(client.received) <= 2


async def test_nothing_is_written_after_a_close_and_the_first_code_counts(client: Client) -> None:
    client.socket.write(numbered(1))
    await wait_until(lambda: len(client.received) == 1)
    told = []
    client.socket.on_write_changed = lambda: told.append(client.socket.write)
    client.socket.close(CloseCode.REVOKED, "over")
    client.socket.close(CloseCode.RESTART, "again")
    told[-1](numbered(2))
    client.socket.write(numbered(3))
    await wait_until(lambda: client.close_code is not None)
    assert (client.close_code, numbers(client)) == (CloseCode.REVOKED, [1])


async def test_what_waits_is_dropped_by_a_close(client: Client) -> None:
    client.stall()
    client.socket.write(numbered(0))
    await asyncio.sleep(0)
    client.socket.write(numbered(1, 2, 3))
    client.socket.say_last(numbered(9))
    client.socket.close(CloseCode.REVOKED, "over")
    client.socket.say_last(numbered(10))
    client.read_on()
    await wait_until(lambda: client.close_code == CloseCode.REVOKED)
    assert numbers(client) == [0, 9], "but for the last word"


async def test_draining_waits_for_the_client(client: Client) -> None:
    await client.socket.drain()
    client.stall()
    client.socket.write(numbered(0))
    client.socket.write(numbered(1))
    draining = asyncio.create_task(client.socket.drain())
    await asyncio.sleep(0.02)
    assert not draining.done()
    client.read_on()
    async with asyncio.timeout(DEADLINE_S):
        await draining
    assert numbers(client) == [0, 1]


@pytest.mark.parametrize("end", [lambda socket: socket.close(CloseCode.RESTART), lambda socket: socket.ended()])
async def test_nobody_drains_beyond_the_end(client: Client, end: Callable[[Socket], None]) -> None:
    client.stall()
    client.socket.write(numbered(0))
    client.socket.write(numbered(1))
    draining = asyncio.create_task(client.socket.drain())
    await asyncio.sleep(0)
    end(client.socket)
    async with asyncio.timeout(DEADLINE_S):
        await draining


async def test_after_the_end_nothing_is_written(client: Client) -> None:
    client.socket.ended()
    client.socket.write(numbered(1))
    await asyncio.sleep(0.01)
    assert client.received == []
    assert client.socket.close_code == CloseCode.GOING_AWAY
