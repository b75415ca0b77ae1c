"""permessage-deflate (RFC 7692) as ``realtime/wire.py`` compresses: every message by itself, so that all clients get the same bytes."""

from collections.abc import Sequence
from typing import Final

from websockets.exceptions import NegotiationError, PayloadTooBig
from websockets.extensions.base import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import CTRL_OPCODES, Frame
from websockets.typing import ExtensionParameter

from x18.realtime.wire import WINDOW_BITS

CLIENT_WINDOW_BITS: Final = 15
"""Any that a client may use; it is there while one message is read."""


class SharedDeflate(PerMessageDeflate):
    """Inflates messages that clients send compressed."""

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """As the library, to which 0 more bytes mean that there is no limit."""
        inflated = super().decode(frame, max_size=1 if max_size == 0 else max_size)
        if frame.opcode not in CTRL_OPCODES and max_size is not None and len(inflated.data) > max_size:
            raise PayloadTooBig(None, max_size)
        return inflated


class SharedDeflateFactory(ServerPerMessageDeflateFactory):
    """Takes an offer if the one window that we compress with is not too large for the client."""

    def __init__(self) -> None:
        super().__init__(
            server_no_context_takeover=True, client_no_context_takeover=True, server_max_window_bits=WINDOW_BITS
        )

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """The answer to an offer.

        Raises:
            NegotiationError: it is declined; the client may have offered something else as well.
        """
        answer, agreed = super().process_request_params(params, accepted_extensions)
        if agreed.local_max_window_bits < WINDOW_BITS:
            raise NegotiationError(f"windows of {WINDOW_BITS} bits only")
        return answer, SharedDeflate(
            remote_no_context_takeover=True,
            local_no_context_takeover=True,
            remote_max_window_bits=CLIENT_WINDOW_BITS,
            local_max_window_bits=WINDOW_BITS,
        )
