"""Around the whole application: every request has an id in the logs, is counted, and where it failed is told."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from x18.core import metrics
from x18.core.errors import Unavailable
from x18.core.requests import request_id_of
from x18.runtime.bare_answers import messages_of

logger = logging.getLogger("x18.requests")

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED: Final = "(none)"
"""Stands for every path that no route has."""

PROBED: Final = "/health"
"""Asked every few seconds: whoever asks knows the answer."""

MAX_TOLD: Final = 500
"""So much of a path is logged."""

REFUSALS: Final = frozenset({403, 429})

REFUSALS_EVERY_S: Final = 1.0
"""The least time between two log lines on refusals of one route: whoever is refused may come back as fast as the line allows."""

STOPPING: Final = Unavailable("This server is shutting down: send the request again.", retry_after_s=1)

_told_at: Final[dict[tuple[str, int], float]] = {}


class Observed:
    """The application, observed. What is measured ends where the answer begins, so that a stream counts like any other answer."""

    def __init__(self, app: ASGIApp, on_start: Callable[[Scope], None]) -> None:
        """``on_start`` is shown the scope of the lifespan."""
        self._app = app
        self._on_start = on_start

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. Connections other than requests pass as they are; their session binds its own ids."""
        if scope["type"] != ScopeType.HTTP:
            if scope["type"] == "lifespan":  # type: ignore[comparison-overlap]
                self._on_start(scope)
                send = _without_tracebacks_of_a_forced_end(send)
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        clear_contextvars()
        client = scope.get("client")
        bind_contextvars(request_id=request_id_of(scope), address=client[0] if client else "")
        began, has_begun = time.perf_counter(), False

        async def observe(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                _count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, observe)
        except asyncio.CancelledError:
            # Only a server that stops does this, and waits no longer. uvicorn would say that it was a fault of ours.
            if has_begun:
                raise
            for message in messages_of(scope, STOPPING):
                await observe(message)


def _without_tracebacks_of_a_forced_end(send: Send) -> Send:
    """Whoever presses Ctrl-C twice does not wait for the end in order, and knows why it is none."""

    async def tell(message: Message) -> None:
        task = asyncio.current_task()
        event: Any = message
        if event["type"] == "lifespan.shutdown.failed" and task is not None and task.cancelling():
            event["message"] = ""
        await send(message)

    return tell


def _count(scope: Any, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = scope.get("path_template") or UNMATCHED
    metrics.HTTP_REQUESTS.labels(method, route, str(status)).inc()
    metrics.HTTP_SECONDS.labels(method, route).observe(seconds)
    level = logging.DEBUG
    if route != PROBED:
        level = logging.WARNING if status >= 500 else logging.INFO if _is_to_be_told(route, status) else level
    if logger.isEnabledFor(level):
        told = {"method": method, "path": scope["path"][:MAX_TOLD], "status": status, "ms": round(seconds * 1000, 1)}
        logger.log(level, "answered", extra=told)


def _is_to_be_told(route: str, status: int) -> bool:
    """Whether this is a refusal, and the first in a while: metrics count them all."""
    if status not in REFUSALS:
        return False
    now = time.monotonic()
    if now - _told_at.get((route, status), -REFUSALS_EVERY_S) < REFUSALS_EVERY_S:
        return False
    _told_at[route, status] = now
    return True
