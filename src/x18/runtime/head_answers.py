"""HEAD wherever GET is (RFC 9110 §9.3.2): the same status and headers, by the same code, and no body."""

from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Send

from x18.core.requests import HEAD

GET_ONLY: Final = frozenset({b"range", b"if-range"})
"""Headers that mean nothing with another method (RFC 9110 §14.2)."""


class HeadAnswers:
    """The application, which is asked with GET by a client that leaves as soon as it has the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})[HEAD] = True
        headers = [(name, value) for name, value in scope["headers"] if name not in GET_ONLY]
        asked: Any = {**scope, "method": "GET", "headers": headers}
        answer = _Answer(scope, asked, receive, send)
        await self._app(asked, answer.receive, answer.send)


class _Answer:
    """Sends the beginning of an answer without its body."""

    def __init__(self, scope: Any, asked: Any, receive: Receive, send: Send) -> None:
        self._scope, self._asked = scope, asked
        self._receive, self._send = receive, send
        self._is_over = False

    async def receive(self) -> Any:
        """As it comes, until the headers are sent; then the client is gone."""
        return {"type": "http.disconnect"} if self._is_over else await self._receive()

    async def send(self, message: Message) -> None:
        """The headers, and that there is no body."""
        if message["type"] == "http.response.start":
            self._scope["path_template"] = self._asked.get("path_template")  # what the metrics count it under
            await self._send(message)
        elif message["type"] == "http.response.body" and not self._is_over:
            self._is_over = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
