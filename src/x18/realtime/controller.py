"""``/ws``, its address for event streams, and the two addresses of existing clients."""

from typing import Any, Final

from litestar import WebSocket, websocket
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency

from x18.core.addresses import address_of, network_of
from x18.core.errors import BadInput, Forbidden, Problem, Unavailable
from x18.core.http import bearer_token
from x18.core.problems import as_problem
from x18.core.text import split_url
from x18.realtime.calls import Calls
from x18.realtime.channel import Channel
from x18.realtime.line import Line
from x18.realtime.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, CloseCode
from x18.realtime.session import Session
from x18.realtime.sockets import open_socket
from x18.realtime.streams import stream
from x18.realtime.wire import COMPRESSED_FORM, Encoding

REFUSAL: Final = "x18.refusal"
"""Key of the scope under which a socket that is refused before it is open leaves the reason (``runtime/handshakes.py``)."""

PORTS: Final = {"http": 80, "https": 443}
ENCODINGS: Final = {JSON_SUBPROTOCOL: Encoding.JSON, MSGPACK_SUBPROTOCOL: Encoding.MSGPACK}


FAMILY: Final = "x18."
"""The prefix of all versions of the protocol."""

HOW_TO_LOG_IN_HERE: Final = (
    "log in first with an auth message, or connect with ?ticket= from POST /api/ws/ticket; ?token= is not accepted here"
)


@websocket("/ws")
async def live(socket: WebSocket[Any, Any, Any], channel: NamedDependency[Channel]) -> None:
    """The live channel."""
    await _serve(socket, channel)


@websocket(["/ws/notifications", "/api/ws"])
async def legacy(socket: WebSocket[Any, Any, Any], channel: NamedDependency[Channel]) -> None:
    """The same for clients of the original system: subscribed to notifications, and the token may stand in the address."""
    await _serve(socket, channel, is_legacy=True)


async def _serve(socket: WebSocket[Any, Any, Any], channel: Channel, *, is_legacy: bool = False) -> None:
    network = network_of(address_of(socket))
    try:
        channel.services.admission.knock(network)
        _check_origin(socket, channel.origins, is_legacy=is_legacy)
        chosen = _choose_subprotocol(socket)
    except Problem as refusal:
        socket.scope["state"][REFUSAL] = refusal
        await socket.close(code=CloseCode.NOT_AUTHENTICATED)
        return
    await socket.accept(subprotocols=chosen)
    way_out = open_socket(socket)
    way_out.is_legacy = is_legacy
    line = Line(channel.hub, way_out, ENCODINGS.get(chosen or "", Encoding.JSON))
    if way_out.inflates:
        line.connection.event_encoding = COMPRESSED_FORM[line.connection.encoding]
    session = Session(channel.services, line, network, Calls(socket), is_legacy=is_legacy)
    if "token" in socket.query_params and not (is_legacy and channel.query_tokens):
        session.subscriber.how_to_log_in = HOW_TO_LOG_IN_HERE
    with channel.attend(session, address_of(socket)) as is_admitted:
        try:
            await session.open(await _token_of(socket, channel, network, is_legacy=is_legacy), is_admitted=is_admitted)
        except Exception as error:
            problem = as_problem(error)
            if problem is None:
                channel.services.logger.error("a connection cannot be opened", exc_info=error)
            session.refuse(problem or Unavailable("Something went wrong on our side."))
        await session.run()


async def _token_of(socket: WebSocket[Any, Any, Any], channel: Channel, network: str, *, is_legacy: bool) -> str | None:
    if (ticket := socket.query_params.get("ticket")) is not None:
        return await channel.redeem(ticket, network)
    if (token := bearer_token(socket)) is not None:
        return token
    return socket.query_params.get("token") if is_legacy and channel.query_tokens else None


def _choose_subprotocol(socket: WebSocket[Any, Any, Any]) -> str | None:
    """The first that we speak; none where other protocols than ours were offered.

    Raises:
        BadInput: another version of ours.
    """
    offered = socket.scope.get("subprotocols") or []
    chosen = next((name for name in offered if name in ENCODINGS), None)
    if chosen is None and any(name.startswith(FAMILY) for name in offered):
        raise BadInput(f"This server speaks {' and '.join(ENCODINGS)}.", code="unknown_subprotocol")
    return chosen


def _check_origin(socket: ASGIConnection[Any, Any, Any, Any], origins: tuple[str, ...], *, is_legacy: bool) -> None:
    """A page of another origin may connect as long as its token is in a message or a ticket.

    Raises:
        Forbidden: it is not.
    """
    origin = socket.headers.get("origin")
    has_token = "authorization" in socket.headers or (is_legacy and "token" in socket.query_params)
    if origin is None or origin in origins or not has_token:
        return
    if not _is_own(origin, socket.headers.get("host", "")):
        raise Forbidden(
            "A page of this origin may not send a token in the handshake: add the origin to CORS_ORIGINS, or send the token "
            "in a message or a ticket.",
            code="origin_not_allowed",
        )


def _is_own(origin: str, host: str) -> bool:
    """Whether a page of this origin came from the host that is asked. The port of a scheme may be left out (RFC 6454 §4)."""
    try:
        page = split_url(origin)
        asked = split_url(f"{page.scheme}://{host}")
        ports = [address.port or PORTS.get(page.scheme) for address in (page, asked)]
    except ValueError:
        return False
    is_plain = page.scheme in PORTS and page.netloc != "" and "@" not in page.netloc + host
    return is_plain and page.hostname == asked.hostname and ports[0] == ports[1]


handlers: Final = [live, legacy, stream]
