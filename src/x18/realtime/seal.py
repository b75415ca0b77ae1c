"""The seal by which the nodes of a site know that a message over Redis is one of theirs.

Redis is not asked who publishes. So each message carries a keyed hash (BLAKE2b, RFC 7693 §2.9) whose key only the nodes have, and the
time at which it was sealed, in which an old message that somebody sends again gives itself away.
"""

import hashlib
import hmac
import time
from typing import Final

SIZE: Final = 16
STAMP: Final = 8


class NotOurs(Exception):
    """The message was not sealed by a node of this site."""


class Seal:
    """Made from secrets that all nodes share and nobody else has."""

    def __init__(self, *secrets: str) -> None:
        joined = b"".join(len(secret.encode()).to_bytes(4) + secret.encode() for secret in secrets)
        self._last = 0
        self._key = hashlib.blake2b(joined, person=b"x18:nodes").digest()

    def close(self, channel: str, data: bytes) -> bytes:
        """The data as it may travel on a channel."""
        self._last = max(self._last + 1, time.time_ns())  # a clock that goes back must not make it look old
        stamped = self._last.to_bytes(STAMP) + data
        return self._mark(channel, stamped) + stamped

    def open(self, channel: str, message: bytes) -> tuple[int, bytes]:
        """When the message was sealed, and the data.

        Raises:
            NotOurs: not sealed by one who has the secrets, or for another channel.
        """
        mark, stamped = message[:SIZE], message[SIZE:]
        if len(stamped) < STAMP or not hmac.compare_digest(mark, self._mark(channel, stamped)):
            raise NotOurs
        return int.from_bytes(stamped[:STAMP]), stamped[STAMP:]

    def _mark(self, channel: str, stamped: bytes) -> bytes:
        return hashlib.blake2b(stamped, digest_size=SIZE, key=self._key, person=channel.encode()).digest()
