"""uvicorn's HTTP protocol as event streams need it: cut off when they must be, told when the server stops, and not kept by the dead."""

import asyncio
import socket
from contextlib import suppress
from functools import partial
from typing import Final

from x18.realtime.streams import ABORT, BEGIN, SHUTDOWN, STOPPING
from x18.runtime.paces import PacedRequests

UNACKNOWLEDGED_MS: Final = 30_000
"""A client's machine that has acknowledged nothing for so long is gone. With a heartbeat every 25 s that is known within a minute;
without this, a machine that lost its network holds its place for the 15 minutes in which TCP tries again.
"""


class StreamingProtocol(PacedRequests):
    """Says to streams what they may do with their connection."""

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["state"][ABORT] = self.transport.abort
        self.scope["state"][BEGIN] = partial(give_up_on_the_dead, self.transport)

    def shutdown(self) -> None:
        """The server stops, and would wait for streams in vain."""
        super().shutdown()
        if self.cycle is not None and not self.cycle.response_complete:
            state = self.scope["state"]
            state[STOPPING] = True
            if (depart := state.get(SHUTDOWN)) is not None:
                depart()


def give_up_on_the_dead(transport: asyncio.BaseTransport) -> None:
    """Have the kernel end the connection of a machine that does not answer any more (RFC 5482); Linux can."""
    raw = transport.get_extra_info("socket")
    if raw is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
