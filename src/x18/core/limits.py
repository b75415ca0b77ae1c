"""Rate limits: a sliding window for each user and each network, both in one atomic call to Redis.

Requests are counted for who sends them, which is the user or, of those without an account, the network; and for the network too,
which has several times as many for all its users. While Redis is away, each process counts for itself, and allows less.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, Final, NamedTuple

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from redis.asyncio import Redis

from x18.core.addresses import network_of_client
from x18.core.costs import bill, is_dear
from x18.core.errors import TooManyRequests
from x18.core.local_counts import LocalCounts, Verdict
from x18.core.pipeline import Away, Pipeline, Refused

logger = logging.getLogger("x18.limits")

# The last window counts for as much of it as still lies within a window's length from now. Who is refused may come back when enough
# of the last window has slid out; where this one is full by itself, when enough of it has. ARGV: the window, then a limit for each key.
SCRIPT: Final = b"""
local window = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local slot = math.floor(now / window)
local rest = window - now % window
local left, wait = math.huge, 0
for place, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[place + 1])
  local counts = redis.call('MGET', key .. (slot - 1), key .. slot)
  local before, here = tonumber(counts[1] or 0), tonumber(counts[2] or 0)
  local used = before * rest / window + here
  if used + 1 <= limit then
    left = math.min(left, math.floor(limit - used - 1))
  elseif here + 1 <= limit then
    wait = math.max(wait, 1, rest - (limit - 1 - here) * window / before)
  else
    wait = math.max(wait, 1, rest + window - (limit - 1) * window / here)
  end
end
if wait > 0 then return {0, 0, math.ceil(wait)} end
for _, key in ipairs(KEYS) do
  if redis.call('INCR', key .. slot) == 1 then redis.call('EXPIRE', key .. slot, window * 2) end
end
return {1, left, math.ceil(rest)}
"""

GIVE_BACK: Final = b"""
local slot = math.floor(tonumber(redis.call('TIME')[1]) / tonumber(ARGV[1]))
for _, key in ipairs({KEYS[1] .. slot, KEYS[1] .. (slot - 1)}) do
  if tonumber(redis.call('GET', key) or '0') > 0 then return redis.call('DECR', key) end
end
"""

NETWORK_FACTOR: Final = 5
"""A network may hold several honest users: together they have so many times what one has."""

LOCAL_DIVISOR: Final = 2
"""Counting alone, a process allows a half: it knows neither what the others allow nor what was counted before."""


class Rate(NamedTuple):
    """So many requests in so many seconds."""

    name: str
    requests: int
    seconds: int


class Rates(Enum):
    """The classes of routes. A handler names its class in ``opt={"rate": ...}``; without, its method decides."""

    AUTH = Rate("auth", 120, 60)
    REGISTER = Rate("register", 30, 60)
    UPLOAD = Rate("upload", 30, 60)
    WRITE = Rate("write", 300, 60)
    SEARCH = Rate("search", 120, 60)
    READ = Rate("read", 1200, 60)


BY_NETWORK: Final = frozenset({Rates.AUTH, Rates.REGISTER})
"""Asked by those who are nobody yet: counted by network only."""


class Limiter:
    """Counts. Not ``enforced``, it lets everything pass: for load tests."""

    def __init__(self, redis: Redis, *, enforced: bool, registrations_per_hour: int = 10) -> None:
        self.enforced = enforced
        self.registrations = Rate("registrations", registrations_per_hour, 3600)
        self._redis = Pipeline(redis)
        self._local = LocalCounts()
        self._is_refused = False

    async def take(self, rate: Rate, who: str, network: str | None = None) -> dict[str, str]:
        """Count one request for ``who``, and for a network that has five times as many; the headers that tell what is left.

        Raises:
            TooManyRequests: none is left.
        """
        if not self.enforced:
            return {}
        owners = [(f"x18:rate:{rate.name}:{who}:", rate.requests)]
        if network is not None:
            owners.append((f"x18:rate:{rate.name}:{network}:", rate.requests * NETWORK_FACTOR))
        allowed, left, reset = await self._count(rate, owners)
        headers = {
            "RateLimit-Limit": str(rate.requests),
            "RateLimit-Remaining": str(min(left, rate.requests)),
            "RateLimit-Reset": str(reset),
        }
        if not allowed:
            logger.info("limit %s reached by %s", rate.name, who)
            raise TooManyRequests(f"Too many requests: wait {reset} s.", retry_after_s=reset, headers=headers)
        return headers

    async def give_back(self, rate: Rate, who: str) -> None:
        """Take one back that was counted before it was known whether it counts."""
        if not self.enforced:
            return
        name = f"x18:rate:{rate.name}:{who}:"
        try:
            await self._run(GIVE_BACK, GIVE_BACK_SHA, [name], rate.seconds)
        except Away:
            self._local.give_back(name)

    @asynccontextmanager
    async def counted(self, rate: Rate, who: str) -> AsyncIterator[None]:
        """Count what the block does, unless it fails.

        Raises:
            TooManyRequests: none is left; the block does not run.
        """
        await self.take(rate, who)
        try:
            yield
        except BaseException:
            await self.give_back(rate, who)
            raise

    async def close(self) -> None:
        """Let go of the connection to Redis."""
        await self._redis.close()

    async def _count(self, rate: Rate, owners: Sequence[tuple[str, int]]) -> Verdict:
        keys, limits = [name for name, _ in owners], [limit for _, limit in owners]
        try:
            answer = await self._run(SCRIPT, SCRIPT_SHA, keys, rate.seconds, *limits)
        except Away:
            less = [(name, max(1, limit // LOCAL_DIVISOR)) for name, limit in owners]
            return self._local.take(rate.seconds, less, shared=rate.name)
        return Verdict(*answer)

    async def _run(self, script: bytes, sha: bytes, keys: list[str], *args: int) -> Any:
        try:
            try:
                answer = await self._redis.ask(b"EVALSHA", sha, len(keys), *keys, *args)
            except Refused as error:
                if not str(error).startswith("NOSCRIPT"):
                    raise
                answer = await self._redis.ask(b"EVAL", script, len(keys), *keys, *args)
        except Refused as error:
            if not self._is_refused:
                logger.warning("Redis cannot keep the rate limits now, so this process counts by itself: %s", error)
            self._is_refused = True
            raise
        self._is_refused = False
        return answer


def _sha(script: bytes) -> bytes:
    return hashlib.sha1(script, usedforsecurity=False).hexdigest().encode()


SCRIPT_SHA: Final = _sha(SCRIPT)
GIVE_BACK_SHA: Final = _sha(GIVE_BACK)


async def limit_rate(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of all API routes, after ``identify``, which calls it before a 401."""
    limiter: Limiter = connection.app.state.limiter
    if not limiter.enforced:
        return
    rate = handler.opt.get("rate")
    if rate is None:
        rate = Rates.READ if connection.scope.get("method") in ("GET", "HEAD") else Rates.WRITE
    state = connection.scope["state"]
    viewer = state.get("viewer")
    network = network_of_client(connection)
    if rate in BY_NETWORK:
        state["rate_limit"] = await limiter.take(rate.value, f"a{network}")
    else:
        who = f"u{viewer.user_id}" if viewer else f"a{network}"
        state["rate_limit"] = await limiter.take(rate.value, who, f"n{network}")
    if (mine := bill.get()) is not None:
        await mine.open(network, viewer.user_id if viewer else None, is_dear=is_dear(connection))
