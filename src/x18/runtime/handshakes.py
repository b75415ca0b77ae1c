"""WebSocket handshakes that are refused: a status and a problem that says why, where servers know only 403 without a word."""

from typing import Any, Final

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from x18.core.errors import NotFound, Problem
from x18.core.problems import MEDIA_TYPE, body_of
from x18.core.requests import SECURITY_HEADERS, request_id_of
from x18.realtime.controller import REFUSAL

EXTENSION: Final = "websocket.http.response"
"""The ASGI extension of servers that can answer a handshake with HTTP."""

NO_CHANNEL: Final = NotFound("There is no WebSocket here: the live channel is at /ws.")


class Handshakes:
    """The application, whose closing before it accepted is told in HTTP."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != ScopeType.WEBSOCKET or EXTENSION not in (scope.get("extensions") or {}):
            await self._app(scope, receive, send)
            return
        is_open = False

        async def tell(message: Message) -> None:
            nonlocal is_open
            is_open = is_open or message["type"] == "websocket.accept"
            if is_open or message["type"] != "websocket.close":
                await send(message)
            else:
                for part in _answer(scope, scope.setdefault("state", {}).get(REFUSAL, NO_CHANNEL)):
                    await send(part)

        await self._app(scope, receive, tell)


def _answer(scope: Any, problem: Problem) -> tuple[Any, Any]:
    body = msgspec.json.encode(body_of(problem, scope["path"], request_id_of(scope)))
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Request-ID": request_id_of(scope),
        **SECURITY_HEADERS,
    }
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    start = {
        "type": f"{EXTENSION}.start",
        "status": int(problem.status),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return start, {"type": f"{EXTENSION}.body", "body": body, "more_body": False}
