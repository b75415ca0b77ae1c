"""Rate limits: a sliding window per user, or per address of those without an account, in one atomic call to Redis.

While Redis is away, logging in and registering are limited by this process alone; everything else goes on without limits. It is
asked again once a second then, by one request, so that the others do not all wait for what does not answer.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from enum import Enum
from typing import Any, Final, NamedTuple

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from x18.core.addresses import address_of, network_of
from x18.core.errors import TooManyRequests

logger = logging.getLogger("x18.limits")

# The last window counts for as much of it as still lies within a window's length from now. Who is refused may come back when enough
# of the last window has slid out; where this one is full by itself, when enough of it has.
SCRIPT: Final = """
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local slot = math.floor(now / window)
local current, last = KEYS[1] .. slot, KEYS[1] .. (slot - 1)
local left = window - now % window
local before, here = tonumber(redis.call('GET', last) or '0'), tonumber(redis.call('GET', current) or '0')
local used = before * left / window + here
if used + 1 > limit then
  local wait = left + window - (limit - 1) * window / here
  if here + 1 <= limit then wait = left - (limit - 1 - here) * window / before end
  return {0, 0, math.max(1, math.ceil(wait))}
end
redis.call('INCR', current)
redis.call('EXPIRE', current, window * 2)
return {1, math.floor(limit - used - 1), math.ceil(left)}
"""

GIVE_BACK: Final = """
local slot = math.floor(tonumber(redis.call('TIME')[1]) / tonumber(ARGV[1]))
for _, key in ipairs({KEYS[1] .. slot, KEYS[1] .. (slot - 1)}) do
  if tonumber(redis.call('GET', key) or '0') > 0 then return redis.call('DECR', key) end
end
"""

MAX_LOCAL_KEYS: Final = 10_000
PATIENCE_S: Final = 1.0
"""How long Redis may take, the wait for one of the connections to it included."""

AWAY_S: Final = 1.0
"""For how long it is not asked again when it did not answer."""

OUTAGES: Final = (RedisError, OSError, TimeoutError)


class Rate(NamedTuple):
    """So many requests in so many seconds. ``local_too``: also when Redis is away."""

    name: str
    requests: int
    seconds: int
    local_too: bool = False


class Rates(Enum):
    """The classes of routes. A handler names its class in ``opt={"rate": ...}``; without, its method decides."""

    AUTH = Rate("auth", 120, 60, local_too=True)
    LOGIN_FAILURES = Rate("login", 10, 900, local_too=True)
    ACCOUNT_FAILURES = Rate("account", 100, 900, local_too=True)
    UPLOAD = Rate("upload", 30, 60)
    WRITE = Rate("write", 300, 60)
    SEARCH = Rate("search", 120, 60)
    READ = Rate("read", 1200, 60)


class Limiter:
    """Counts. Not ``enforced``, it lets everything pass: for load tests."""

    def __init__(self, redis: Redis, *, enforced: bool) -> None:
        self._enforced = enforced
        self._script = redis.register_script(SCRIPT)
        self._give_back = redis.register_script(GIVE_BACK)
        self._local: OrderedDict[str, list[float]] = OrderedDict()
        self._away = False
        self._ask_at = 0.0

    async def take(self, rate: Rate, who: str) -> dict[str, str]:
        """Count one request; the headers that tell what is left.

        Raises:
            TooManyRequests: none is left.
        """
        if not self._enforced:
            return {}
        try:
            allowed, left, reset = await self._ask(self._script, rate, who, rate.requests, rate.seconds)
        except OUTAGES:
            if not rate.local_too:
                return {}
            allowed, left, reset = self._take_locally(rate, who)
        headers = {
            "RateLimit-Limit": str(rate.requests),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(reset),
        }
        if not allowed:
            logger.info("limit %s reached by %s", rate.name, who)
            raise TooManyRequests(f"Too many requests: wait {reset} s.", retry_after_s=reset, headers=headers)
        return headers

    async def give_back(self, rate: Rate, who: str) -> None:
        """Take one back that was counted before it was known whether it counts."""
        if not self._enforced:
            return
        try:
            await self._ask(self._give_back, rate, who, rate.seconds)
        except OUTAGES:
            if recent := self._local.get(f"{rate.name}:{who}"):
                recent.pop()

    async def _ask(self, script: AsyncScript, rate: Rate, who: str, *args: int) -> Any:
        now = time.monotonic()
        if self._away and now < self._ask_at:
            raise ConnectionError("Redis did not answer a moment ago")
        self._ask_at = now + AWAY_S
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await script(keys=[f"x18:rate:{rate.name}:{who}:"], args=args)
        except OUTAGES:
            self._away, self._ask_at = True, time.monotonic() + AWAY_S
            raise
        self._away = False
        return answer

    def _take_locally(self, rate: Rate, who: str) -> tuple[bool, int, int]:
        now = time.monotonic()
        recent = [at for at in self._local.pop(f"{rate.name}:{who}", []) if at > now - rate.seconds]
        allowed = len(recent) < rate.requests
        if allowed:
            recent.append(now)
        self._local[f"{rate.name}:{who}"] = recent
        if len(self._local) > MAX_LOCAL_KEYS:
            self._local.popitem(last=False)
        return allowed, rate.requests - len(recent), int(min(recent, default=now) + rate.seconds - now) + 1


async def limit_rate(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of all API routes, after ``identify``, which calls it before a 401."""
    rate = handler.opt.get("rate")
    if rate is None:
        rate = Rates.READ if connection.scope.get("method") in ("GET", "HEAD") else Rates.WRITE
    state = connection.scope["state"]
    viewer = state.get("viewer") if rate is not Rates.AUTH else None
    network = network_of(address_of(connection))
    limiter: Limiter = connection.app.state.limiter
    state["rate_limit"] = await limiter.take(rate.value, f"u{viewer.user_id}" if viewer else f"a{network}")
