"""The addresses of the live channel and what goes over them, as AsyncAPI says it."""

from collections.abc import Mapping
from typing import Any, Final

from x18.realtime.protocol import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL

Names = Mapping[str, str]
"""Type on the wire → name in the document."""

ANSWERS: Final = {"ping": "Pong", "call": "Result"}
"""Messages that answer one of the client instead of ``ok``."""

HANDSHAKE: Final = {
    "ws": {
        "method": "GET",
        "headers": {
            "type": "object",
            "properties": {
                "Authorization": {"type": "string", "description": "`Bearer <access token>`."},
                "Sec-WebSocket-Protocol": {
                    "type": "string",
                    "enum": [JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL],
                    "default": JSON_SUBPROTOCOL,
                    "description": "JSON in text frames, or the same messages as MessagePack in binary frames.",
                },
            },
        },
        "bindingVersion": "0.1.0",
    }
}
LEGACY: Final = (
    "For clients of the original system: the token may stand in the address, the client must log in within 5 s, and is "
    "subscribed to `notifications` at once."
)
SOCKETS: Final = {
    "live": ("/ws", "The live channel."),
    "notifications": ("/ws/notifications", LEGACY),
    "legacy": ("/api/ws", LEGACY),
}
STREAM: Final = (
    "The same events as server-sent events, for clients without WebSocket: `?topics=explore,symbol:BTC-USD`. `event` is the type of "
    "the message, `data` the message, `id` its cursor where everything before was sent; `Last-Event-ID`, or `?since=` for the first "
    'time, resumes. At the end comes an event `close` with the code: `{"code": 1012}`.'
)


def channels(client: Names, control: Names, events: Names) -> dict[str, Any]:
    """The four addresses."""
    both = {**client, **control, **events}
    sockets = {
        channel: {
            "address": address,
            "title": address,
            "description": description,
            "servers": [{"$ref": "#/servers/here"}],
            "messages": _messages(both),
            "bindings": HANDSHAKE,
        }
        for channel, (address, description) in SOCKETS.items()
    }
    stream = {
        "address": "/api/stream",
        "title": "/api/stream",
        "description": STREAM,
        "servers": [{"$ref": "#/servers/http"}],
        "messages": _messages(_streamed(control, events)),
    }
    return {**sockets, "stream": stream}


def operations(client: Names, control: Names, events: Names) -> dict[str, Any]:
    """Operations of the channel: the messages that the server receives, each with its answer, and those that it sends."""
    described: dict[str, Any] = {}
    for channel in SOCKETS:
        security = [_scheme("token"), _scheme("ticket")] + [_scheme("tokenInAddress")] * (channel != "live")
        for kind, name in client.items():
            described[f"{channel}.{kind}"] = {
                **_operation("receive", channel, [name], security),
                "title": kind,
                "reply": {
                    "channel": {"$ref": f"#/channels/{channel}"},
                    "messages": [_message(channel, ANSWERS.get(kind, "Ok")), _message(channel, "Error")],
                },
            }
        described[f"{channel}.control"] = _operation("send", channel, list(control.values()), security)
        described[f"{channel}.events"] = _operation("send", channel, list(events.values()), security)
    streamed = list(_streamed(control, events).values())
    described["stream.events"] = _operation("send", "stream", streamed, [_scheme("token"), _scheme("ticket")])
    return described


def _streamed(control: Names, events: Names) -> dict[str, str]:
    """Messages of the event stream: all but those that answer or follow a message of the client."""
    answers = {"result", "pong", "counts"}
    return {kind: name for kind, name in {**control, **events}.items() if kind not in answers}


def _operation(action: str, channel: str, messages: list[str], security: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [_message(channel, name) for name in messages],
        "security": security,
    }


def _messages(names: Names) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names.values()}


def _message(channel: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel}/messages/{name}"}


def _scheme(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/securitySchemes/{name}"}
