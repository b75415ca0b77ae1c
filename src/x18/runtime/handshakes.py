"""WebSocket handshakes that are refused: a status and a problem that says why, where servers know only 403 without a word."""

from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from x18.core.errors import NotFound
from x18.realtime.controller import REFUSAL
from x18.runtime.bare_answers import messages_of

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
                for part in messages_of(scope, scope.setdefault("state", {}).get(REFUSAL, NO_CHANNEL), EXTENSION):
                    await send(part)

        await self._app(scope, receive, tell)
