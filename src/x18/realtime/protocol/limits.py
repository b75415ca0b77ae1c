"""Limits of a connection."""

from enum import IntEnum
from typing import Final

PROTOCOL: Final = "x18.v1"
JSON_SUBPROTOCOL: Final = f"{PROTOCOL}.json"
MSGPACK_SUBPROTOCOL: Final = f"{PROTOCOL}.msgpack"

HEARTBEAT_S: Final = 25
AUTH_TIMEOUT_S: Final = 5
EXPIRY_NOTICE_S: Final = 60

MAX_TOPICS: Final = 128
MAX_USERS: Final = 1_000
"""In all topics of many users of a connection together; 440 ids fit into a message."""

MAX_FILTER_VALUES: Final = 200
MAX_FILTER_BYTES: Final = 16 * 1024
"""Of all filters of a connection together: they live as long as it does, and every event is compared with them."""

MAX_WATCHED: Final = 500
MAX_MESSAGE_BYTES: Final = 16 * 1024
MESSAGES_PER_MINUTE: Final = 120
BURST: Final = 30
MAX_CONNECTIONS_PER_USER: Final = 20
MAX_CONNECTIONS_PER_ADDRESS: Final = 100
MAX_ERRORS: Final = 10
MAX_REPLAY: Final = 5_000
MAX_LATEST: Final = 20
MAX_QUEUED_FRAMES: Final = 1_024
MAX_QUEUED_BYTES: Final = 1024 * 1024
MAX_CALLS: Final = 32
COUNTS_EVERY_S: Final = 0.25
MAX_TEST_RATE: Final = 200


class CloseCode(IntEnum):
    """Why the server closed. ``docs/protocol.md`` tells which ones mean: come back."""

    GOING_AWAY = 1001
    UNSUPPORTED_DATA = 1003
    INVALID_UTF8 = 1007
    TOO_BIG = 1009
    RESTART = 1012
    OVERLOADED = 1013
    TOKEN_EXPIRED = 4001
    HEARTBEAT_MISSED = 4002
    SLOW_CONSUMER = 4008
    RATE_LIMITED = 4029
    BAD_MESSAGES = 4400
    NOT_AUTHENTICATED = 4401
    REVOKED = 4403
    TOO_MANY_CONNECTIONS = 4409


FINAL_CODES: Final = frozenset({1003, 1007, 1009, 4400, 4401, 4403, 4409})
"""After these, connecting again in the same way is of no use."""
