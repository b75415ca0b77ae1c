"""Rate limits: exact under any load, for users and networks, and never open while Redis is away."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import hiredis
import pytest
from redis.asyncio import Redis

from tests.server import Server
from x18.core.errors import TooManyRequests
from x18.core.limits import Limiter, Rate


def new_rate(requests: int, seconds: int = 3_600) -> Rate:
    """A class that no other test counts in."""
    return Rate(secrets.token_hex(6), requests, seconds)


async def take(limiter: Limiter, rate: Rate, who: str, network: str | None = None) -> bool:
    try:
        await limiter.take(rate, who, network)
    except TooManyRequests:
        return False
    return True


@pytest.fixture
async def limiters(server: Server) -> AsyncIterator[list[Limiter]]:
    """Those of two nodes."""
    both = [Limiter(Redis.from_url(server.redis_url), enforced=True) for _ in range(2)]
    yield both
    for limiter in both:
        await limiter.close()


class Unwilling:
    """A server that breaks every connection off, or answers everything with an error."""

    def __init__(self) -> None:
        self.says: bytes | None = None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        commands = hiredis.Reader()
        while self.says is not None and (data := await reader.read(65536)):
            commands.feed(data)
            while (command := commands.gets()) is not False:
                writer.write(b"+PONG\r\n" if command == [b"PING"] else self.says)
        writer.close()


@pytest.fixture
def unwilling() -> Unwilling:
    return Unwilling()


@pytest.fixture
async def alone(unwilling: Unwilling) -> AsyncIterator[Limiter]:
    """A limiter whose Redis does not count."""
    async with await asyncio.start_server(unwilling, "127.0.0.1", 0) as listening:
        limiter = Limiter(Redis(port=listening.sockets[0].getsockname()[1]), enforced=True)
        yield limiter
        await limiter.close()
        await asyncio.sleep(0.01)  # the server sees it


async def test_a_thousand_calls_at_once_on_two_nodes_let_exactly_a_hundred_through(limiters: list[Limiter]) -> None:
    rate = new_rate(100)

    passed = await asyncio.gather(*(take(limiters[number % 2], rate, "a") for number in range(1_000)))

    assert passed.count(True) == 100


async def test_it_is_exact_also_while_every_other_connection_to_redis_is_busy(
    limiters: list[Limiter], server: Server
) -> None:
    rate, key = new_rate(100), f"nothing:{secrets.token_hex(6)}"
    async with Redis.from_url(server.redis_url, max_connections=50) as other:
        busy = [asyncio.ensure_future(other.blpop([key], timeout=30)) for _ in range(40)]
        passed = await asyncio.gather(*(take(limiters[number % 2], rate, "a") for number in range(1_000)))
        await other.rpush(key, *range(40))
        await asyncio.gather(*busy)

    assert passed.count(True) == 100


async def test_a_network_has_five_times_what_a_user_has_for_all_its_users(limiters: list[Limiter]) -> None:
    rate, one = new_rate(10), limiters[0]
    passed = [await take(one, rate, f"user {number}", "a network") for number in range(60)]

    assert passed == [True] * 50 + [False] * 10
    assert await take(one, rate, "user 59", "another network"), "what was refused was not counted"
    assert not await take(one, rate, "user 1000", "a network")


async def test_counts_are_kept_for_two_windows_and_no_longer(limiters: list[Limiter], server: Server) -> None:
    rate = new_rate(10, 600)
    await take(limiters[0], rate, "a user", "a network")
    await take(limiters[1], rate, "a user", "a network")
    async with Redis.from_url(server.redis_url) as redis:
        keys = [key async for key in redis.scan_iter(f"x18:rate:{rate.name}:*")]
        lives = [await redis.ttl(key) for key in keys]

    assert len(keys) in (2, 4), "a new window may have begun"
    assert all(600 < left <= 1_200 for left in lives)


async def test_what_is_left_is_told_also_when_the_network_has_less(limiters: list[Limiter]) -> None:
    rate = new_rate(10)
    for number in range(47):
        last = await limiters[0].take(rate, f"user {number}", "a network")

    assert (last["RateLimit-Limit"], last["RateLimit-Remaining"]) == ("10", "3")


async def test_what_fails_is_given_back(limiters: list[Limiter]) -> None:
    rate = new_rate(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with limiters[0].counted(rate, "a"):
                raise ZeroDivisionError
    async with limiters[0].counted(rate, "a"):
        pass
    with pytest.raises(TooManyRequests):
        async with limiters[0].counted(rate, "a"):
            raise AssertionError


async def test_scripts_that_redis_has_forgotten_are_sent_again(limiters: list[Limiter], server: Server) -> None:
    rate = new_rate(2)
    assert await take(limiters[0], rate, "a")
    async with Redis.from_url(server.redis_url) as redis:
        await redis.script_flush()

    assert [await take(limiters[0], rate, "a") for _ in range(2)] == [True, False]


@pytest.mark.parametrize("says", [None, b"-OOM command not allowed\r\n", b"-LOADING Redis is loading\r\n"])
async def test_while_redis_does_not_count_every_rate_is_limited_and_more_strictly(
    alone: Limiter, unwilling: Unwilling, says: bytes | None
) -> None:
    unwilling.says = says
    for rate in (new_rate(10, 60), new_rate(10, 900)):
        passed = await asyncio.gather(*(take(alone, rate, "a", "n") for _ in range(1_000)))

        assert passed.count(True) == 5
        assert await take(alone, rate, "b", "n"), "others have counts of their own"
    with pytest.raises(TooManyRequests) as refused:
        await alone.take(rate, "a")
    assert 0 < int(refused.value.headers["RateLimit-Reset"]) <= 901
    await alone.give_back(rate, "a")
    assert await take(alone, rate, "a"), "what was given back"


async def test_without_limits_everything_passes(server: Server) -> None:
    limiter, rate = Limiter(Redis.from_url(server.redis_url), enforced=False), new_rate(1)
    assert [await take(limiter, rate, "a") for _ in range(3)] == [True] * 3
    await limiter.close()
