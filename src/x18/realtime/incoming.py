"""From the bytes of a client to its message."""

from typing import Any, Final

import msgspec

from x18.core.bodies import as_sent
from x18.core.errors import BadInput
from x18.realtime.protocol import MAX_ID, ClientMessage, MessageId
from x18.realtime.wire import Encoding

_decoders: Final[dict[Encoding, Any]] = {
    Encoding.JSON: msgspec.json.Decoder(ClientMessage, float_hook=as_sent),
    Encoding.MSGPACK: msgspec.msgpack.Decoder(ClientMessage),
}

UNREADABLE: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""Errors that decoding raises: the last one where a text in MessagePack is no UTF-8."""


class Undecodable(BadInput):
    """A message that is none, with its id as far as that can be read."""

    def __init__(self, detail: str, message_id: MessageId = None) -> None:
        super().__init__(detail, code="bad_message")
        self.message_id = message_id


class _OnlyId(msgspec.Struct):
    id: str | int | None = None


def decode(data: str | bytes, encoding: Encoding) -> ClientMessage:
    """The message.

    Raises:
        Undecodable: it is none.
    """
    try:
        message: ClientMessage = _decoders[encoding].decode(data)
    except UNREADABLE as error:
        detail = str(error) if isinstance(error, msgspec.ValidationError) else "not a message"
        raise Undecodable(f"The message cannot be read: {detail}.", id_in(data)) from error
    if _is_too_long(message.id):
        raise Undecodable(f"An id has at most {MAX_ID} characters.")
    return message


def _is_too_long(message_id: MessageId) -> bool:
    return isinstance(message_id, str) and len(message_id) > MAX_ID


def id_in(data: str | bytes) -> MessageId:
    """The id of a message that is not taken, as far as that can be read."""
    try:
        decoder = msgspec.json if isinstance(data, str) else msgspec.msgpack
        found: MessageId = decoder.decode(data, type=_OnlyId).id
    except UNREADABLE:
        return None
    return None if _is_too_long(found) else found
