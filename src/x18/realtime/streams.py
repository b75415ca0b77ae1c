"""``/api/stream``: the same events for clients without WebSockets, as Server-Sent Events (WHATWG HTML, 9.2)."""

import asyncio
import random
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, asgi
from litestar.datastructures import MultiDict
from litestar.exceptions import MethodNotAllowedException
from litestar.types import Receive, Scope, Send

from x18.core.addresses import address_of, network_of
from x18.core.errors import BadInput, Problem
from x18.core.http import bearer_token
from x18.core.problems import as_problem
from x18.core.slices import in_slices
from x18.core.tasks import end
from x18.realtime.calls import CALL
from x18.realtime.channel import Channel
from x18.realtime.filters import TERM_KEYS
from x18.realtime.line import Line
from x18.realtime.protocol import CloseCode, Heartbeat, HeartbeatPayload, TopicRequest
from x18.realtime.refusals import close_code_of
from x18.realtime.services import logger
from x18.realtime.session import Session
from x18.realtime.sockets import CLOSE_TIMEOUT_S, Socket
from x18.realtime.topics import NOTIFICATIONS, parse_topic, split_names
from x18.realtime.wire import Encoding

SHUTDOWN: Final = "x18.shutdown"
"""Key of a request's state: the function that the server's protocol calls when it stops (``runtime/fanout.py``)."""

STOPPING: Final = "x18.stopping"
"""Key of the state that is set when the server stopped before there was a stream to tell."""

BEGIN: Final = "x18.begin"
"""Key of the state: the function that makes the connection watch for a peer that vanished."""

ABORT: Final = "x18.abort"
"""Key of the state: the function of the server's protocol that ends the connection at once."""

HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
]

RETRY_MS: Final = (1_000, 4_000)
LEAST_WAIT_S: Final = 5
"""The least time that an ``EventSource`` which cannot be served now stays away."""

PASSING: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

FILTER_KEYS: Final = (*TERM_KEYS, "author", "has_media")


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
        self._last_words = b""
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

    def say_last(self, data: bytes) -> None:
        """As above: before the code, when the backlog was forgotten."""
        if self.close_code is None:
            self._last_words = data

    def ended(self) -> None:
        """As above; the connection may carry other requests."""
        super().ended()
        if self._deadline is not None:
            self._deadline.cancel()

    def _enqueue(self, data: bytes) -> None:
        super()._enqueue(data)
        self._something.set()

    def _close(self, code: CloseCode, reason: str) -> None:
        self._last_words += b'event: close\ndata: {"code":%d}\n\n' % code
        self._deadline = asyncio.get_running_loop().call_later(self._patience_s, self._abort)
        self._something.set()

    async def _send_chunk(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})


@asgi("/api/stream", copy_scope=False)
async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """``?topics=home,notifications``; ``Last-Event-ID``, or ``?since=`` for the first time, resumes."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    if request.method != "GET":
        raise MethodNotAllowedException(headers={"Allow": "GET"})
    if CALL in (scope.get("extensions") or {}):
        raise BadInput("Use GET over HTTP to read the stream.", code="bad_call")
    channel: Channel = request.app.state.channel
    socket = StreamSocket(send, scope["state"].get(ABORT, _do_nothing))
    network = network_of(address_of(request))
    session = Session(channel.services, Line(channel.hub, socket, Encoding.SSE), network)
    session.subscriber.how_to_log_in = "send Authorization: Bearer <token>, or ?ticket= from POST /api/ws/ticket"
    try:
        channel.services.admission.knock(network)
        wanted = parse_topics(request.query_params)
        with channel.attend(session, address_of(request)) as is_admitted:
            await _open(session, request, channel, is_admitted=is_admitted)
            session.subscriber.check(wanted)
            scope["state"][SHUTDOWN] = session.depart
            if STOPPING in scope["state"]:
                session.depart()
            scope["state"].get(BEGIN, _do_nothing)()
            await _begin(send)
            await _carry(session, socket, wanted, request)
    except Exception as error:
        problem = as_problem(error)
        if problem is None or problem.status not in PASSING or not _is_event_source(request):
            raise
        await _send_away(send, problem)


async def _open(session: Session, request: Request[Any, Any, Any], channel: Channel, *, is_admitted: bool) -> None:
    ticket = request.query_params.get("ticket")
    token = bearer_token(request) if ticket is None else await channel.redeem(ticket, session.network)
    await session.open(token, is_admitted=is_admitted)


async def _begin(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    # A field of the first event. Who loses this server comes back by itself after so long: not all at the same moment.
    retry = b"retry: %d\n" % random.randint(*RETRY_MS)
    await send({"type": "http.response.body", "body": retry, "more_body": True})


async def _send_away(send: Send, problem: Problem) -> None:
    """An ``EventSource`` comes back by itself after an answer that ended, and never after any but 200 (WHATWG HTML, 9.2.3)."""
    wait = max(problem.retry_after_s or 0, LEAST_WAIT_S)
    told = {"code": close_code_of(problem), "error": problem.code, "detail": problem.detail}
    data = b"retry: %d\nevent: close\ndata: %s\n\n" % (wait * 1000, msgspec.json.encode(told))
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": data, "more_body": False})


def _is_event_source(request: Request[Any, Any, Any]) -> bool:
    return "text/event-stream" in request.headers.get("accept", "")


async def _carry(
    session: Session, socket: StreamSocket, wanted: list[TopicRequest], request: Request[Any, Any, Any]
) -> None:
    """Until everything was said or the client has gone, whichever comes first: nothing is read for who has gone."""
    ends = [asyncio.create_task(socket.run()), asyncio.create_task(_wait_until_gone(request.receive))]
    subscribing = asyncio.create_task(in_slices(_subscribe, session, wanted, _since(request)))
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end([*ends, subscribing])


async def _subscribe(session: Session, wanted: list[TopicRequest], since: str | None) -> None:
    """Once the answer has begun, an error can only end it."""
    start = since
    if (
        start is None
    ):  # begin where `connected` said; its cursor as an id brings the client back there, before any event
        start = session.cursor
        session.line.send(Heartbeat(HeartbeatPayload(start)))
    try:
        await session.subscriber.subscribe(wanted, start, None, resumes=since is not None)
    except Exception as error:
        if as_problem(error) is None:
            logger.error("a stream cannot be carried", exc_info=error)
        session.close(CloseCode.OVERLOADED, "try again in a moment")


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def parse_topics(query: MultiDict[str]) -> list[TopicRequest]:
    """The topics of a query, each with the filter that stands beside them where it takes one.

    Raises:
        BadInput: there is none.
    """
    names = split_names(query.get("topics", ""))
    if not names:
        raise BadInput.of("topics", "name at least one, as in ?topics=explore")
    chosen = {key: query.getall(key) for key in FILTER_KEYS if key in query}
    filtered: dict[str, Any] = {**chosen}
    if "has_media" in filtered:
        filtered["has_media"] = {"true": True, "false": False}.get(filtered["has_media"][0], filtered["has_media"][0])
    types = {"type": query.getall("type")} if "type" in query else None
    return [TopicRequest(name, types if name == NOTIFICATIONS else _of_posts(name, filtered)) for name in names]


def _of_posts(name: str, filtered: dict[str, Any]) -> dict[str, Any] | None:
    return filtered if filtered and parse_topic(name).takes_filter else None


def _since(request: Request[Any, Any, Any]) -> str | None:
    return request.headers.get("last-event-id") or request.query_params.get("since")


def _do_nothing() -> None:
    """Stands in for ``BEGIN`` and ``ABORT`` under a server other than X18's own, such as a test client."""
