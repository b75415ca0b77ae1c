"""REST over the socket: a call goes through the same application as a request, in this process."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_to_bytes, urlencode

import msgspec
from litestar import WebSocket
from litestar.types import ASGIApp
from msgspec import UNSET

from x18.core.errors import BadInput, TooLarge, TooManyRequests
from x18.core.slices import in_slices
from x18.realtime.protocol import MAX_CALLS, Call, CallPayload, Result, ResultPayload
from x18.realtime.wire import Encoding

MAX_ANSWER_BYTES: Final = 1024 * 1024
TOLD_HEADERS: Final = frozenset(
    {
        "etag",
        "link",
        "location",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "retry-after",
        "x-request-id",
    }
)
URL: Final = "/?:@!$&'()*+,;=%-._~"
"""Characters of an address that stay as they are; all others are percent-encoded, as a browser does."""

ENTRY: Final = "entry"
"""Under which name the application's state has what stands around it: logs and metrics."""

CALL: Final = "x18.call"
"""Stands in the scope of a call, for endpoints that cannot answer over a socket."""


class Calls:
    """The calls of one connection, side by side. They end by themselves, also when the connection is over before."""

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        self._app: ASGIApp = socket.app.state.get(ENTRY, socket.app)
        self._client = socket.scope.get("client")
        self._scheme = "https" if socket.scope["scheme"] in ("wss", "https") else "http"
        self._agent = socket.headers.get("user-agent", "")
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, answer: Callable[[Call], Coroutine[Any, Any, None]], call: Call) -> None:
        """Have a call answered.

        Raises:
            TooManyRequests: ``too_many_calls``; nothing was begun.
        """
        if len(self._tasks) >= MAX_CALLS:
            raise TooManyRequests(
                f"At most {MAX_CALLS} calls run at once: wait for a result.", code="too_many_calls", retry_after_s=1
            )
        task = asyncio.get_running_loop().create_task(in_slices(answer, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def answer(self, call: Call, token: str | None, encoding: Encoding) -> Result:
        """Run the endpoint and return its answer.

        Raises:
            BadInput: the path is not one of the API's, or the body is none that JSON can say.
            TooLarge: the answer is longer than 1 MiB.
        """
        answer = _Answer(_body_of(call.payload))
        await self._app(self._scope(call.payload, token), answer.receive, answer.send)
        if answer.size > MAX_ANSWER_BYTES:
            raise TooLarge("The answer is too long for a socket: use HTTP, or request less.")
        return Result(ResultPayload(answer.status, answer.headers, answer.content(encoding)), call.id)

    def _scope(self, call: CallPayload, token: str | None) -> Any:
        if not call.path.startswith("/api"):
            raise BadInput("path must be that of a REST endpoint: /api/…", code="bad_call")
        if call.headers is not UNSET:
            raise BadInput("A call takes no headers; send the key of a request in idempotency_key.", code="bad_call")
        if not _is_utf8(unquote_to_bytes(call.path)):
            raise BadInput("path must be text in UTF-8, percent-encoded.", code="bad_call")
        path, _, query = quote(call.path, safe=URL).partition("?")
        if call.query:
            query = "&".join(filter(None, (query, urlencode(_as_texts(call.query), doseq=True))))
        headers = [(b"content-type", b"application/json"), (b"user-agent", self._agent.encode("latin-1", "replace"))]
        if token is not None:
            headers.append((b"authorization", b"Bearer " + token.encode("latin-1", "replace")))
        if call.idempotency_key is not None:
            headers.append((b"idempotency-key", _key_of(call.idempotency_key)))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": call.method,
            "scheme": self._scheme,
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": headers,
            "client": self._client,
            "server": None,
            "state": {},
            "extensions": {CALL: {}},
        }


class _Answer:
    """Collects what the application sends."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._chunks: list[bytes] = []
        self.size = 0
        self._is_json = False
        self.status = 500
        self.headers: dict[str, str] = {}

    async def receive(self) -> Any:
        body, self._body = self._body, None
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
            self._is_json = "json" in headers.get("content-type", "")
            self.headers = {name: value for name, value in headers.items() if name in TOLD_HEADERS}
        elif message["type"] == "http.response.body":
            chunk = message.get("body", b"")
            self.size += len(chunk)
            if self.size <= MAX_ANSWER_BYTES:
                self._chunks.append(chunk)

    def content(self, encoding: Encoding) -> Any:
        body = b"".join(self._chunks)
        if not body:
            return None
        if not self._is_json:
            return body.decode("utf-8", "replace")
        return msgspec.Raw(body) if encoding is Encoding.JSON else msgspec.json.decode(body)


def _body_of(call: CallPayload) -> bytes:
    try:
        return b"" if call.body is UNSET else msgspec.json.encode(call.body)
    except TypeError as error:  # MessagePack has keys and values that JSON has not
        raise BadInput(
            "The body must be representable as JSON: string keys, no extension types.", code="bad_call"
        ) from error


def _is_utf8(text: bytes) -> bool:
    return text.decode(errors="replace").encode() == text


def _key_of(key: str) -> bytes:
    try:
        return key.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadInput(
            "idempotency_key may contain only what a header can: Latin letters, digits, signs.", code="bad_call"
        ) from error


def _as_texts(query: dict[str, Any]) -> dict[str, Any]:
    return {
        name: [_as_text(one) for one in value] if isinstance(value, list) else _as_text(value)
        for name, value in query.items()
    }


def _as_text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
