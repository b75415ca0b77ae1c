"""``/ws`` and the two addresses of existing clients."""

import logging
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from structlog.contextvars import bind_contextvars

from x18.core import metrics
from x18.core.errors import NotAuthenticated
from x18.core.http import bearer_token
from x18.realtime.channel import Channel
from x18.realtime.load import close_label
from x18.realtime.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, CloseCode
from x18.realtime.session import Session
from x18.realtime.sockets import open_socket
from x18.realtime.wire import Encoding

logger = logging.getLogger("x18.channel")

ENCODINGS: Final = {JSON_SUBPROTOCOL: Encoding.JSON, MSGPACK_SUBPROTOCOL: Encoding.MSGPACK}


@websocket("/ws")
async def live(socket: WebSocket[Any, Any, Any], channel: NamedDependency[Channel]) -> None:
    """The live channel."""
    await _serve(socket, channel, _header_token(socket))


@websocket(["/ws/notifications", "/api/ws"])
async def legacy(socket: WebSocket[Any, Any, Any], channel: NamedDependency[Channel]) -> None:
    """The same for clients of the original system: subscribed to notifications, and the token may stand in the address."""
    await _serve(socket, channel, _header_token(socket) or socket.query_params.get("token"), is_legacy=True)


async def _serve(
    socket: WebSocket[Any, Any, Any], channel: Channel, token: str | None, *, is_legacy: bool = False
) -> None:
    if not _origin_may(socket, channel.origins, token is not None and not is_legacy):
        await socket.close(code=CloseCode.NOT_AUTHENTICATED)  # before the handshake: HTTP 403
        return
    offered = socket.scope.get("subprotocols") or []
    chosen = next((name for name in offered if name in ENCODINGS), None)
    await socket.accept(subprotocols=chosen)
    client = open_socket(socket)
    session = Session(channel.services, client, ENCODINGS.get(chosen or "", Encoding.JSON), is_legacy=is_legacy)
    address = socket.client.host if socket.client else ""
    bind_contextvars(connection_id=str(session.id), address=address)
    channel.sessions.add(session)
    try:
        if channel.services.admission.enter(address):
            await session.run(token)
        else:
            session.close(CloseCode.TOO_MANY_CONNECTIONS, "too many connections from this address")
    finally:
        code = client.disconnect_code or client.close_code
        metrics.CLOSES.labels(close_label(code)).inc()
        logger.debug("connection ended", extra={"code": code})
        channel.services.admission.leave(address, session.user_id)
        session.end()
        channel.sessions.discard(session)


def _header_token(socket: WebSocket[Any, Any, Any]) -> str | None:
    try:
        return bearer_token(socket)
    except NotAuthenticated:
        return ""  # refused as a bad token


def _origin_may(socket: WebSocket[Any, Any, Any], origins: tuple[str, ...], has_header: bool) -> bool:
    """Whether the page that connects may. A page of another origin may, as long as its token is in a message.

    A browser sends no ``Authorization`` of its own accord, so a header with a foreign origin is no browser's doing; it is refused.
    """
    origin = socket.headers.get("origin")
    if origin is None or origin in origins or not has_header:
        return True
    return urlsplit(origin).netloc == socket.headers.get("host")


handlers: Final = [live, legacy]
