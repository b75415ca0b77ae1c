"""A live client, and the user behind it, as the hub knows them."""

from collections.abc import Callable
from uuid import UUID

from x18.realtime.events import Event
from x18.realtime.matching import Subscription
from x18.realtime.protocol import CloseCode
from x18.realtime.wire import Encoding


class Viewer:
    """A user with live connections. ``followees`` is kept as of the position of the hub once it is loaded."""

    __slots__ = ("connections", "followees", "home", "pending", "since", "user_id")

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.connections: set[Connection] = set()
        self.home: dict[Connection, Subscription] = {}
        self.since = 0
        """The event as of which ``followees`` are to be loaded."""
        self.followees: set[UUID] | None = None
        self.pending: list[Event] | None = None
        """Follows that happened while ``followees`` was being loaded; None while nobody loads it."""


class Connection:
    """A live client as the hub sees it. ``write`` takes whole frames and never waits; it is exchanged as the state demands."""

    __slots__ = ("close", "encoding", "event_encoding", "sent_at", "session_id", "subscriptions", "viewer", "write")

    def __init__(self, encoding: Encoding, write: Callable[[bytes], None]) -> None:
        self.encoding = encoding
        self.event_encoding = encoding
        """The encoding of events as they happen, which may be the compressed form."""
        self.write = write
        self.close: Callable[[CloseCode, str], None] = ignore
        """Ends it."""
        self.viewer: Viewer | None = None
        self.session_id: UUID | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.sent_at = 0.0

    @property
    def user_id(self) -> UUID | None:
        """The user, once the connection has logged in."""
        return self.viewer.user_id if self.viewer else None


def ignore(code: CloseCode, reason: str) -> None:
    """It has ended, or cannot be closed yet."""
