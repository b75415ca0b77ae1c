"""The client for Redis never hangs: whatever Redis does, there is an answer or an error within a second or so."""

import asyncio
import socket
from contextlib import ExitStack, suppress

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.server import Server
from x18 import app
from x18.settings import read_settings

DEADLINE_S = 30
"""Far more than what is promised, and less than any default of the library."""


def connect(port: int | None, *, url: str = "", most: int = 4) -> Redis:
    address = url or f"redis://127.0.0.1:{port}"
    return app.connect_redis(read_settings({"REDIS_URL": address}), most=most)


async def fails(redis: Redis) -> bool:
    """Whether asking is an error in time."""
    try:
        async with asyncio.timeout(DEADLINE_S) as deadline:
            await redis.ping()
    except (RedisError, OSError):  # a TimeoutError is one, also that of the deadline
        return not deadline.expired()
    return False


def test_a_connection_has_a_second_for_each_step() -> None:
    made = connect(1).connection_pool.make_connection()

    assert (made.socket_timeout, made.socket_connect_timeout) == (app.REDIS_TIMEOUT_S, app.REDIS_TIMEOUT_S)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with a shorter time; the library tries several times."""
    monkeypatch.setattr(app, "REDIS_TIMEOUT_S", 0.1)


@pytest.mark.usefixtures("impatient")
async def test_a_redis_that_says_nothing_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as silent:  # the kernel connects, and nobody answers
        redis = connect(silent.getsockname()[1])
        assert await fails(redis)
        await redis.connection_pool.disconnect()


@pytest.mark.usefixtures("impatient")
async def test_a_redis_that_takes_no_connection_is_an_error() -> None:
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):  # nobody accepts: once the queue is full, whoever comes is not even refused
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(full.getsockname())
        redis = connect(full.getsockname()[1])
        assert await fails(redis)
        await redis.connection_pool.disconnect()


async def test_who_finds_all_connections_in_use_is_told_so(server: Server) -> None:
    redis = connect(None, url=server.redis_url, most=1)
    await redis.ping()
    lent = await redis.connection_pool.get_connection()
    assert await fails(redis)
    await redis.connection_pool.release(lent)
    assert await redis.ping()
    await redis.connection_pool.disconnect()
