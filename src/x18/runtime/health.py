"""Whether this node and what it stands on work: ``/health`` and ``/api``."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Annotated, Final, Literal

import asyncpg
import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from redis.asyncio import Redis

from x18.core import db
from x18.core.outages import current_reasons, tell_outage
from x18.core.tasks import end

CHECK_TIMEOUT_S: Final = 2.0
KEPT_S: Final = 1.0

Check = Callable[[], Awaitable[object]]
"""Returns when the part works, raises when it does not."""

State = Literal["ok", "down"]


class HealthView(msgspec.Struct):
    """``down`` as soon as one part is."""

    status: State
    checks: Annotated[dict[str, State], msgspec.Meta(description="By part: `postgres`, `redis`, `relay`.")]
    trouble: Annotated[
        list[str],
        msgspec.Meta(
            description="Why this process answered requests with 503 in the last minute, as `disk_full`, `too_many_connections`, "
            "`statement_timeout`; the log has the details. `status` does not depend on it: where writes fail, reads may go on."
        ),
    ]


class Checks:
    """The parts by name. They are looked at by one task at a time, and what it saw is good for a second: whoever asks, and how often,
    takes nothing from others.
    """

    def __init__(self, by_name: Mapping[str, Check]) -> None:
        self._by_name = by_name
        self._looking: asyncio.Task[HealthView] | None = None
        self._good_until = 0.0

    async def look(self) -> HealthView:
        """The state of each part, now or a second ago."""
        now = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now >= self._good_until):
            self._looking = asyncio.create_task(self._look_at_all())
        return await asyncio.shield(self._looking)

    async def stop(self) -> None:
        """End what is looked at now."""
        if self._looking is not None:
            await end([self._looking])

    async def _look_at_all(self) -> HealthView:
        states = await asyncio.gather(*map(_state_of, self._by_name.values()))
        status: State = "down" if "down" in states else "ok"
        self._good_until = asyncio.get_running_loop().time() + KEPT_S
        return HealthView(status, dict(zip(self._by_name, states, strict=True)), current_reasons())


class NodeChecks(Checks):
    """Those of a node, over connections of their own: pools that are used up are no outage."""

    def __init__(self, database_url: str, redis: Redis, relay: Check) -> None:
        self._postgres, self._redis = OwnConnection(database_url), redis
        super().__init__(
            {
                "postgres": partial(self._postgres.run, partial(db.fetch_value, "SELECT 1")),
                "redis": redis.ping,
                "relay": partial(self._postgres.run, relay),
            }
        )

    async def stop(self) -> None:
        """Disconnect."""
        await super().stop()
        self._postgres.close()
        await self._redis.aclose()


class OwnConnection:
    """A connection to PostgreSQL for one check after the other. Made anew where it broke."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def run(self, check: Check) -> None:
        """Run a check whose statements go over this connection."""
        async with self._turn:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await db.connect(self._database_url, application_name="x18 health")
                async with db.using(self._connection):
                    await check()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Disconnect without a word."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


class Addresses(msgspec.Struct):
    """Name and version of this server, and the addresses of its parts."""

    name: str
    version: str
    docs: str
    openapi: str
    asyncapi: str
    websocket: str
    health: str


class SystemController(Controller):
    """Answers that need no account."""

    tags = ["system"]

    @get("/health", summary="Health")
    async def health(self, checks: NamedDependency[Checks]) -> Response[HealthView]:
        """200 when PostgreSQL, Redis and the relay work, else 503 with the same shape."""
        view = await checks.look()
        return Response(view, status_code=_status_of(view))

    @get("/api", summary="Name, version, addresses")
    async def about(self) -> Addresses:
        """Name and version of this server, with the addresses of its documents and of the live channel."""
        return Addresses("x18", version("x18"), "/docs", "/openapi.json", "/asyncapi.json", "/ws", "/health")


def _status_of(view: HealthView) -> int:
    return 200 if view.status == "ok" else 503


async def _state_of(check: Check) -> State:
    checking = asyncio.ensure_future(check())
    done, _ = await asyncio.wait({checking}, timeout=CHECK_TIMEOUT_S)
    if not done:
        checking.cancel()  # not waited for: where nothing comes through, giving up takes its time too
        checking.add_done_callback(_forget)
        return "down"
    if checking.cancelled():
        return "down"
    error = checking.exception()
    if error is not None and db.is_outage(error):
        tell_outage(error)
    return "ok" if error is None else "down"


def _forget(checking: "asyncio.Future[object]") -> None:
    """Nobody asks any more what came of it, and nobody is told that nobody asked."""
    if not checking.cancelled():
        checking.exception()
