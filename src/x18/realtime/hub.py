"""Who of this process gets an event: indexes from topics to connections. Pure: never awaits, never reads anything.

An event costs what matches, not what is connected. Who asks for a filter is found under the filter's terms.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final
from uuid import UUID

from x18.realtime.events import Event, EventKind
from x18.realtime.filters import keys_of
from x18.realtime.matching import Subscription, may_receive
from x18.realtime.topics import DURABLE_KINDS, HOME, NOTIFICATION_KINDS, NOTIFICATIONS, home_actors, kind_of, topics_of
from x18.realtime.viewers import FOLLOWS, apply_follow
from x18.realtime.wire import Encoding, EventFrames, Run

logger = logging.getLogger("x18.hub")

NOBODY: Final[frozenset[UUID]] = frozenset()


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

    __slots__ = ("encoding", "sent_at", "session_id", "subscriptions", "viewer", "write")

    def __init__(self, encoding: Encoding, write: Callable[[bytes], None]) -> None:
        self.encoding = encoding
        self.write = write
        self.viewer: Viewer | None = None
        self.session_id: UUID | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.sent_at = 0.0

    @property
    def user_id(self) -> UUID | None:
        """Whose it is, once that is known."""
        return self.viewer.user_id if self.viewer else None


class _Index:
    """The connections of one topic: those that want everything, and the others by what they want."""

    __slots__ = ("by_key", "everything")

    def __init__(self) -> None:
        self.everything: dict[Connection, Subscription] = {}
        self.by_key: dict[str, dict[Connection, Subscription]] = {}


class Hub:
    """All connections of the process. ``on_revoked`` is told whose sessions ended: the user, and the session or None for all;
    ``on_counts`` the post whose counters moved.
    """

    def __init__(
        self, on_revoked: Callable[[UUID, UUID | None], None], on_counts: Callable[[UUID], None] = lambda _: None
    ) -> None:
        self._on_revoked = on_revoked
        self._on_counts = on_counts
        self._topics: dict[str, _Index] = {}
        self._home: dict[UUID, set[Viewer]] = {}
        self.viewers: dict[UUID, Viewer] = {}
        self.subscriptions: Counter[str] = Counter()
        """How many there are by kind of topic."""

    # Connections

    def join(self, connection: Connection, user_id: UUID, session_id: UUID) -> Viewer:
        """Say whose connection it is."""
        viewer = self.viewers.setdefault(user_id, Viewer(user_id))
        viewer.connections.add(connection)
        connection.viewer, connection.session_id = viewer, session_id
        return viewer

    def leave(self, connection: Connection) -> None:
        """Forget the connection; nothing is delivered to it from now on."""
        for name in list(connection.subscriptions):
            self.unsubscribe(connection, name)
        viewer, connection.viewer = connection.viewer, None
        if viewer is not None:
            viewer.connections.discard(connection)
            if not viewer.connections:
                self._forget_home(viewer)
                self.viewers.pop(viewer.user_id, None)

    def set_followees(self, viewer: Viewer, followees: set[UUID]) -> None:
        """Whom the viewer followed when the loading began; what happened since is applied on top."""
        for event in viewer.pending or ():
            apply_follow(followees, event)
        viewer.pending = None
        viewer.followees = followees
        if viewer.home:
            self._remember_home(viewer)

    # Subscriptions

    def subscribe(self, connection: Connection, subscription: Subscription) -> None:
        """Add a subscription, or exchange the one to the same topic."""
        name = subscription.topic.name
        self.unsubscribe(connection, name)
        connection.subscriptions[name] = subscription
        self.subscriptions[kind_of(name)] += 1
        if name == HOME:
            viewer = connection.viewer
            if viewer is None:
                raise ValueError("home needs an account")
            viewer.home[connection] = subscription
            self._remember_home(viewer)
        elif name != NOTIFICATIONS:
            index = self._topics.setdefault(name, _Index())
            if subscription.filter is None:
                index.everything[connection] = subscription
            else:
                for key in subscription.filter.keys:
                    index.by_key.setdefault(key, {})[connection] = subscription

    def unsubscribe(self, connection: Connection, name: str) -> None:
        """Remove a subscription, if there is one."""
        subscription = connection.subscriptions.pop(name, None)
        if subscription is None:
            return
        self.subscriptions[kind_of(name)] -= 1
        if name == NOTIFICATIONS:
            return
        if name == HOME:
            viewer = connection.viewer
            if viewer is not None:
                del viewer.home[connection]
                if not viewer.home:
                    self._forget_home(viewer)
            return
        index = self._topics[name]
        index.everything.pop(connection, None)
        for key in subscription.filter.keys if subscription.filter else ():
            del index.by_key[key][connection]
            if not index.by_key[key]:
                del index.by_key[key]
        if not index.everything and not index.by_key:
            del self._topics[name]

    # Events

    def publish(self, events: Sequence[Event], epoch: str) -> int:
        """Deliver events in order; how many frames that were. All that a connection gets of one call leave in one write."""
        outgoing: dict[Connection, Run] = {}
        nothing = Run()
        for event in events:
            if event.kind not in DURABLE_KINDS:
                self._obey(event)
            elif event.content is not None:
                try:
                    self._collect(event, EventFrames(event, epoch), outgoing, nothing)
                except Exception:  # one event that cannot be shown must not cost the others
                    logger.exception("event %s cannot be delivered", event.seq)
        now = time.monotonic()
        for connection, run in outgoing.items():
            connection.sent_at = now
            connection.write(run.data or run.join())
        return len(outgoing) if len(events) == 1 else sum(run.length for run in outgoing.values())

    def broadcast(self, name: str, encode: Callable[[Encoding], bytes]) -> bool:
        """Send a message to all that are subscribed to a topic, whoever they are. False when nobody is."""
        index = self._topics.get(name)
        if index is None:
            return False
        made: dict[Encoding, bytes] = {}
        for connection in list(index.everything):
            encoding = connection.encoding
            if encoding not in made:
                made[encoding] = encode(encoding)
            connection.write(made[encoding])
        return True

    def _collect(self, event: Event, frames: EventFrames, outgoing: dict[Connection, Run], nothing: Run) -> None:
        matches: dict[Connection, tuple[str, ...]] = {}
        for name, found in self._candidates(event):
            only = (name,)
            for connection, subscription in found.items():
                if event.seq > subscription.start and (
                    subscription.filter is None or subscription.filter.accepts(event)
                ):
                    names = matches.setdefault(connection, only)
                    if name not in names:
                        matches[connection] = (*names, name)
        content = event.content
        for_everybody = content is not None and not content.audience and not content.actor_level
        for connection, names in matches.items():
            if for_everybody or self._may_receive(event, connection):
                topics = names if len(names) == 1 else tuple(sorted(names))
                frame = frames.get(connection.encoding, topics)
                run = outgoing.get(connection, nothing)
                outgoing[connection] = run.following.get(frame) or run.then(frame)

    def _candidates(self, event: Event) -> Iterator[tuple[str, dict[Connection, Subscription]]]:
        """Per topic the connections that may want the event. Visibility is not decided here."""
        if event.kind in NOTIFICATION_KINDS:
            viewer = self.viewers.get(event.recipient_id) if event.recipient_id else None
            for connection in viewer.connections if viewer else ():
                if NOTIFICATIONS in connection.subscriptions:
                    yield NOTIFICATIONS, {connection: connection.subscriptions[NOTIFICATIONS]}
            return
        for name in topics_of(event):
            index = self._topics.get(name)
            if index is not None:
                if index.everything:
                    yield name, index.everything
                if index.by_key:
                    for key in keys_of(event):
                        if key in index.by_key:
                            yield name, index.by_key[key]
        for actor in home_actors(event):
            for viewer in self._home.get(actor, ()):
                yield HOME, viewer.home

    @staticmethod
    def _may_receive(event: Event, connection: Connection) -> bool:
        viewer = connection.viewer
        if viewer is None:
            return may_receive(event, None, NOBODY)
        return may_receive(event, viewer.user_id, viewer.followees or NOBODY)

    def _obey(self, event: Event) -> None:
        """Follow what changes who gets what."""
        if event.kind in FOLLOWS:
            viewer = self.viewers.get(event.actor_id)
            if viewer is not None:
                self._apply_follow(viewer, event)
        elif event.kind == EventKind.SESSION_REVOKED:
            self._on_revoked(event.actor_id, None if event.object_id == event.actor_id else event.object_id)
        elif event.kind == EventKind.COUNTS:
            self._on_counts(event.object_id)

    def _apply_follow(self, viewer: Viewer, event: Event) -> None:
        if viewer.followees is None:
            if viewer.pending is not None:
                viewer.pending.append(event)
            return
        apply_follow(viewer.followees, event)
        if viewer.home:
            if event.kind == EventKind.FOLLOW:
                self._home.setdefault(event.object_id, set()).add(viewer)
            else:
                self._unlink(event.object_id, viewer)

    def _remember_home(self, viewer: Viewer) -> None:
        for actor in (viewer.user_id, *(viewer.followees or ())):
            self._home.setdefault(actor, set()).add(viewer)

    def _forget_home(self, viewer: Viewer) -> None:
        for actor in (viewer.user_id, *(viewer.followees or ())):
            self._unlink(actor, viewer)

    def _unlink(self, actor: UUID, viewer: Viewer) -> None:
        viewers = self._home.get(actor)
        if viewers is not None:
            viewers.discard(viewer)
            if not viewers:
                del self._home[actor]
