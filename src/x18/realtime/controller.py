"""``/ws``, its address for event streams, and the two addresses of existing clients."""

from typing import Any, Final
from urllib.parse import urlsplit

from litestar import WebSocket, websocket
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency

from x18.core.addresses import address_of
from x18.core.errors import Unavailable
from x18.core.http import bearer_token
from x18.core.problems import as_problem
from x18.realtime.calls import Calls
from x18.realtime.channel import Channel
from x18.realtime.line import Line
from x18.realtime.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, CloseCode
from x18.realtime.session import Session
from x18.realtime.sockets import open_socket
from x18.realtime.streams import stream
from x18.realtime.wire import Encoding

ENCODINGS: Final = {JSON_SUBPROTOCOL: Encoding.JSON, MSGPACK_SUBPROTOCOL: Encoding.MSGPACK}


@websocket("/ws")
async def live(socket: WebSocket[Any, Any, Any], channel: NamedDependency[Channel]) -> None:
    """The live channel."""
    await _serve(socket, channel)


@websocket(["/ws/notifications", "/api/ws"])
async def legacy(socket: WebSocket[Any, Any, Any], channel: NamedDependency[Channel]) -> None:
    """The same for clients of the original system: subscribed to notifications, and the token may stand in the address."""
    await _serve(socket, channel, is_legacy=True)


async def _serve(socket: WebSocket[Any, Any, Any], channel: Channel, *, is_legacy: bool = False) -> None:
    if not _origin_may(socket, channel.origins, is_legacy=is_legacy):
        await socket.close(code=CloseCode.NOT_AUTHENTICATED)  # before the handshake: HTTP 403
        return
    offered = socket.scope.get("subprotocols") or []
    chosen = next((name for name in offered if name in ENCODINGS), None)
    await socket.accept(subprotocols=chosen)
    line = Line(channel.hub, open_socket(socket), ENCODINGS.get(chosen or "", Encoding.JSON))
    session = Session(channel.services, line, Calls(socket), is_legacy=is_legacy)
    with channel.attend(session, address_of(socket)) as is_admitted:
        try:
            await session.open(await _token_of(socket, channel, is_legacy=is_legacy), is_admitted=is_admitted)
        except Exception as error:
            problem = as_problem(error)
            if problem is None:
                channel.services.logger.error("a connection cannot be opened", exc_info=error)
            session.refuse(problem or Unavailable("Something went wrong on our side."))
        await session.run()


async def _token_of(socket: WebSocket[Any, Any, Any], channel: Channel, *, is_legacy: bool) -> str | None:
    if (ticket := socket.query_params.get("ticket")) is not None:
        return await channel.redeem(ticket)
    if (token := bearer_token(socket)) is not None:
        return token
    return socket.query_params.get("token") if is_legacy and channel.query_tokens else None


def _origin_may(socket: ASGIConnection[Any, Any, Any, Any], origins: tuple[str, ...], *, is_legacy: bool) -> bool:
    """Whether the page that connects may. A page of another origin may, as long as its token is in a message or a ticket."""
    origin = socket.headers.get("origin")
    has_token = "authorization" in socket.headers or (is_legacy and "token" in socket.query_params)
    if origin is None or origin in origins or not has_token:
        return True
    return urlsplit(origin).netloc == socket.headers.get("host")


handlers: Final = [live, legacy, stream]
