"""``/api/stream``: the same events for clients without WebSockets, as Server-Sent Events (WHATWG HTML, 9.2)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import Request, asgi
from litestar.exceptions import MethodNotAllowedException
from litestar.types import Receive, Scope, Send

from x18.core.addresses import address_of, network_of
from x18.core.errors import BadInput
from x18.core.http import bearer_token
from x18.core.problems import as_problem
from x18.core.requests import HEAD
from x18.core.tasks import end
from x18.realtime.calls import CALL
from x18.realtime.channel import Channel
from x18.realtime.line import Line
from x18.realtime.protocol import CloseCode, Heartbeat, HeartbeatPayload, TopicRequest
from x18.realtime.services import logger
from x18.realtime.session import Session
from x18.realtime.sockets import CLOSE_TIMEOUT_S, Socket
from x18.realtime.topics import split_names
from x18.realtime.wire import Encoding

SHUTDOWN: Final = "x18.shutdown"
"""Where a stream puts into its state what the server's protocol calls when it stops (``runtime/fanout.py``)."""

ABORT: Final = "x18.abort"
"""Where the server's protocol puts what ends the connection at once."""

HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
]


class StreamSocket(Socket):
    """An open answer: a task sends what is in the backlog.

    A client that does not read cannot be told why it is closed: ``abort`` ends its connection ``patience_s`` later.
    """

    def __init__(self, send: Send, abort: Callable[[], None], patience_s: float = CLOSE_TIMEOUT_S) -> None:
        super().__init__()
        self._send = send
        self._abort = abort
        self._patience_s = patience_s
        self._deadline: asyncio.TimerHandle | None = None
        self._something = asyncio.Event()

    async def run(self) -> None:
        """Send until the socket is closed; then say why, and end the answer."""
        while self.close_code is None:
            await self._something.wait()
            self._something.clear()
            while self.backlog.items:
                await self._send_chunk(self.backlog.take_all(), more=True)
            self._drained.set()
        await self._send_chunk(self._last_words, more=False)

    def ended(self) -> None:
        """As above; the connection may carry other requests."""
        super().ended()
        if self._deadline is not None:
            self._deadline.cancel()

    def _enqueue(self, data: bytes) -> None:
        super()._enqueue(data)
        self._something.set()

    def _close(self, code: CloseCode, reason: str) -> None:
        self._last_words = b'event: close\ndata: {"code":%d}\n\n' % code
        self._deadline = asyncio.get_running_loop().call_later(self._patience_s, self._abort)
        self._something.set()

    async def _send_chunk(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})


@asgi("/api/stream", copy_scope=False)
async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """``?topics=home,notifications``; ``Last-Event-ID``, or ``?since=`` for the first time, resumes."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    if request.method != "GET":
        raise MethodNotAllowedException(headers={"allow": "GET, HEAD"})
    if CALL in (scope.get("extensions") or {}):
        raise BadInput("The stream is read over HTTP.", code="bad_call")
    channel: Channel = request.app.state.channel
    network = network_of(address_of(request))
    channel.services.admission.knock(network)
    wanted = _topics(request.query_params)
    socket = StreamSocket(send, scope["state"].get(ABORT, _do_nothing))
    session = Session(channel.services, Line(channel.hub, socket, Encoding.SSE), network)
    with channel.attend(session, address_of(request)) as is_admitted:
        ticket = request.query_params.get("ticket")
        token = bearer_token(request) if ticket is None else await channel.redeem(ticket, network)
        await session.open(token, is_admitted=is_admitted)
        session.subscriber.check(wanted)
        if HEAD in scope["state"]:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        scope["state"][SHUTDOWN] = session.depart
        since = _since(request)
        if (
            since is None
        ):  # begin where `connected` said; its cursor as an id brings the client back there, before any event
            since = str(channel.feed.cursor)
            session.line.send(Heartbeat(HeartbeatPayload(since)))
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await _carry(session, socket, wanted, since, receive)


async def _carry(
    session: Session, socket: StreamSocket, wanted: list[TopicRequest], since: str, receive: Receive
) -> None:
    """Until everything was said or the client has gone, whichever comes first: nothing is read for who has gone."""
    ends = [asyncio.create_task(socket.run()), asyncio.create_task(_wait_until_gone(receive))]
    subscribing = asyncio.create_task(_subscribe(session, wanted, since))
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end([*ends, subscribing])


async def _subscribe(session: Session, wanted: list[TopicRequest], since: str) -> None:
    """Once the answer has begun, an error can only end it."""
    try:
        await session.subscriber.subscribe(wanted, since, None)
    except Exception as error:
        if as_problem(error) is None:
            logger.error("a stream cannot be carried", exc_info=error)
        session.close(CloseCode.OVERLOADED, "try again in a moment")


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _topics(query: Mapping[str, str]) -> list[TopicRequest]:
    names = split_names(query.get("topics", ""))
    if not names:
        raise BadInput.of("topics", "name at least one, as in ?topics=explore")
    return [TopicRequest(name) for name in names]


def _since(request: Request[Any, Any, Any]) -> str | None:
    return request.headers.get("last-event-id") or request.query_params.get("since")


def _do_nothing() -> None:
    """What a server that is not ours can do to end a connection."""
