"""A name for every request: ``X-Request-ID``, echoed when a sane one is sent."""

import re
from typing import Final

from litestar.datastructures import MutableScopeHeaders
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from x18.core.ids import new_id

SANE: Final = re.compile(rb"[A-Za-z0-9._\-]{1,64}")


def request_id_of(scope: Scope) -> str:
    """The id of a request, the same at every call. Also for requests that reach no route, and so no middleware."""
    state = scope["state"]
    if "request_id" not in state:
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        state["request_id"] = sent.decode() if SANE.fullmatch(sent) else str(new_id())
    request_id: str = state["request_id"]
    return request_id


class RequestIds(ASGIMiddleware):
    """Tells the client the id of its request."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request_id = request_id_of(scope)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)["X-Request-ID"] = request_id
            await send(message)

        await next_app(scope, receive, send_named)
