"""Whether this node and what it stands on work: ``/health`` and ``/api``."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Annotated, Final, Literal

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency

CHECK_TIMEOUT_S: Final = 2.0

Check = Callable[[], Awaitable[object]]
"""Returns when the part works, raises when it does not."""

State = Literal["ok", "down"]


class Checks(msgspec.Struct):
    """The parts by name."""

    by_name: Mapping[str, Check]


class HealthView(msgspec.Struct):
    """``down`` as soon as one part is."""

    status: State
    checks: Annotated[dict[str, State], msgspec.Meta(description="By part: `postgres`, `redis`, `relay`.")]


class Addresses(msgspec.Struct):
    """What this server is and where its parts are."""

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
        view = await _look_at(checks)
        return Response(view, status_code=_status_of(view))

    @get("/api", summary="Name, version, addresses")
    async def about(self) -> Addresses:
        """Where to read on and where to connect."""
        return Addresses("x18", version("x18"), "/docs", "/openapi.json", "/asyncapi.json", "/ws", "/health")


async def _look_at(checks: Checks) -> HealthView:
    names = list(checks.by_name)
    states = await asyncio.gather(*(_state_of(checks.by_name[name]) for name in names))
    status: State = "down" if "down" in states else "ok"
    return HealthView(status, dict(zip(names, states, strict=True)))


def _status_of(view: HealthView) -> int:
    return 200 if view.status == "ok" else 503


async def _state_of(check: Check) -> State:
    checking = asyncio.ensure_future(check())
    done, _ = await asyncio.wait({checking}, timeout=CHECK_TIMEOUT_S)
    if not done:
        checking.cancel()  # not waited for: where nothing comes through, giving up takes its time too
        checking.add_done_callback(_forget)
        return "down"
    return "down" if checking.cancelled() or checking.exception() else "ok"


def _forget(checking: "asyncio.Future[object]") -> None:
    """Nobody asks any more what came of it, and nobody is told that nobody asked."""
    if not checking.cancelled():
        checking.exception()
