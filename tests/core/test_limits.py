"""Limits while Redis is away: who is limited all the same, and who waits."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from x18.core import limits
from x18.core.errors import TooManyRequests
from x18.core.limits import Limiter, Rate

GUARDED = Rate("guarded", 3, 60, local_too=True)
OPEN = Rate("open", 3, 60)


class Silent:
    """A server that breaks every connection off; ``asked`` is how many there were."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        self.asked += 1
        writer.close()


@pytest.fixture
def silent() -> Silent:
    return Silent()


@pytest.fixture
async def limiter(silent: Silent) -> AsyncIterator[Limiter]:
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        redis = Redis(port=server.sockets[0].getsockname()[1], retry=None)
        yield Limiter(redis, enforced=True)
        await redis.aclose()


async def test_logging_in_stays_limited_and_everything_else_goes_on(limiter: Limiter) -> None:
    told = [await limiter.take(OPEN, "a") for _ in range(10)]
    left = [(await limiter.take(GUARDED, "a"))["RateLimit-Remaining"] for _ in range(3)]
    with pytest.raises(TooManyRequests) as refused:
        await limiter.take(GUARDED, "a")
    await limiter.give_back(GUARDED, "a")

    assert told == [{}] * 10
    assert left == ["2", "1", "0"]
    assert 0 < int(refused.value.headers["RateLimit-Reset"]) <= 61
    assert (await limiter.take(GUARDED, "a"))["RateLimit-Remaining"] == "0", "what was given back"
    assert (await limiter.take(GUARDED, "b"))["RateLimit-Remaining"] == "2", "others have counts of their own"


async def test_a_redis_that_does_not_answer_is_asked_by_one_request_at_a_time(
    limiter: Limiter, silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "AWAY_S", 1_000)
    await limiter.take(OPEN, "a")
    before = silent.asked

    await asyncio.gather(*(limiter.take(OPEN, "a") for _ in range(50)))
    meanwhile = silent.asked
    monkeypatch.setattr(limits, "AWAY_S", 0)
    limiter._ask_at = 0
    await limiter.take(OPEN, "a")

    assert before == meanwhile
    assert silent.asked > meanwhile, "and again after a while"


async def test_what_is_remembered_meanwhile_is_bounded(limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_LOCAL_KEYS", 5)
    for number in range(20):
        await limiter.take(GUARDED, str(number))

    assert len(limiter._local) == 5
