"""The hub: finds the connections of this process that get an event, by indexes from topics. Pure: it never awaits and reads nothing.

An event costs what matches, not what is connected. Who asks for a filter is found under the filter's terms.
"""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Final
from uuid import UUID

from x18.realtime.connection import Connection, Viewer
from x18.realtime.delivery import Delivery, Found
from x18.realtime.events import Event, EventKind
from x18.realtime.filters import keys_of
from x18.realtime.matching import Subscription
from x18.realtime.topics import (
    DURABLE_KINDS,
    HOME,
    NOTIFICATION_KINDS,
    NOTIFICATIONS,
    actors_of,
    home_actors,
    kind_of,
    topics_of,
)
from x18.realtime.viewers import FOLLOWS, apply_follow

logger = logging.getLogger("x18.hub")

VIEWERS_AT_ONCE: Final = 1_000
"""Of so many the connections are looked up before the clock is looked at."""


def never() -> bool:
    """For work that need not pause."""
    return False


class _Index:
    """The connections of one topic: those that want everything, and the others by what they want."""

    __slots__ = ("by_key", "everything")

    def __init__(self) -> None:
        self.everything: dict[Connection, Subscription] = {}
        self.by_key: dict[str, dict[Connection, Subscription]] = {}

    def find(self, name: str, keys: Sequence[str]) -> Iterator[tuple[str, Found]]:
        """Subscriptions without keys, and those that may want an event with these keys: each once, though it may stand under many keys."""
        if self.everything:
            yield name, self.everything.items()
        if self.by_key:
            found = [self.by_key[key] for key in keys if key in self.by_key]
            if len(found) == 1:
                yield name, found[0].items()
            elif found:
                merged: dict[Connection, Subscription] = {}
                for some in found:
                    merged.update(some)
                    yield name, []
                yield name, merged.items()


class Hub:
    """All connections of the process. ``on_revoked`` is told whose sessions ended: the user, and the session or None for all;
    ``on_counts`` the post whose counters moved.
    """

    def __init__(
        self, on_revoked: Callable[[UUID, UUID | None], None], on_counts: Callable[[UUID], None] = lambda _: None
    ) -> None:
        self._on_revoked = on_revoked
        self._on_counts = on_counts
        self._delivery: Delivery | None = None
        """The delivery under way."""
        self._topics: dict[str, _Index] = {}
        self._users: dict[UUID, dict[Subscription, Connection]] = {}
        """By user those topics of many users that name it."""
        self._home: dict[UUID, set[Viewer]] = {}
        self.viewers: dict[UUID, Viewer] = {}
        self.subscriptions: Counter[str] = Counter()
        """Subscriptions by kind of topic."""

    # Connections

    def join(self, connection: Connection, user_id: UUID, session_id: UUID) -> Viewer:
        """Say whose connection it is."""
        self.settle(connection)
        # Who sends a newer token stays the viewer that its subscriptions belong to, though the log broke off meanwhile.
        viewer = connection.viewer or self.viewers.setdefault(user_id, Viewer(user_id))
        viewer.connections.add(connection)
        connection.viewer, connection.session_id = viewer, session_id
        return viewer

    def leave(self, connection: Connection) -> None:
        """Forget the connection; nothing is delivered to it from now on."""
        if self._delivery is not None:
            self._delivery.drop(connection)
        for name in list(connection.subscriptions):
            self.unsubscribe(connection, name)
        viewer, connection.viewer = connection.viewer, None
        if viewer is not None:
            viewer.connections.discard(connection)
            if not viewer.connections:
                self._forget_home(viewer)
                if self.viewers.get(viewer.user_id) is viewer:
                    del self.viewers[viewer.user_id]

    def settle(self, connection: Connection) -> None:
        """Give the connection what it is owed of what is being delivered, before it changes or is told where the stream stands."""
        if self._delivery is not None:
            self._delivery.settle(connection)

    def begin_anew(self) -> None:
        """Forget what is known of users: the log broke off, and all who are connected are about to be closed."""
        self.viewers, self._home = {}, {}

    def set_followees(self, viewer: Viewer, followees: set[UUID]) -> None:
        """Set whom the viewer followed when the loading began; follows that happened since are applied on top."""
        for connection in list(viewer.connections):
            self.settle(connection)
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
        elif subscription.topic.users:
            for user_id in subscription.topic.users:
                self._users.setdefault(user_id, {})[subscription] = connection
        elif name != NOTIFICATIONS:
            index = self._topics.setdefault(name, _Index())
            if subscription.filter is None:
                index.everything[connection] = subscription
            else:
                for key in subscription.filter.keys:
                    index.by_key.setdefault(key, {})[connection] = subscription

    def unsubscribe(self, connection: Connection, name: str) -> None:
        """Remove a subscription, if there is one."""
        self.settle(connection)
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
        if subscription.topic.users:
            for user_id in subscription.topic.users:
                del self._users[user_id][subscription]
                if not self._users[user_id]:
                    del self._users[user_id]
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

    def publish(
        self, events: Sequence[Event], epoch: str, is_late: Callable[[], bool] = never
    ) -> Generator[int, None, int]:
        """Deliver events in order; how many frames that were. Where ``is_late`` says so it yields the event that it is at, to go on later."""
        self._delivery = delivery = Delivery(epoch, is_late)
        try:
            for event in events:
                try:
                    if event.kind not in DURABLE_KINDS:
                        self._obey(event)
                    elif event.content is not None:
                        for _ in delivery.collect(event, self._candidates(event)):
                            yield event.seq
                except Exception:  # one event that cannot be shown must not cost the others
                    logger.exception("event %s cannot be delivered", event.seq)
                if is_late():
                    yield event.seq
            for _ in delivery.write():
                yield events[-1].seq
        finally:
            self._delivery = None
        return delivery.frames

    def list_subscribed(self, name: str) -> list[Connection]:
        """Connections that have a topic without a filter."""
        index = self._topics.get(name)
        return list(index.everything) if index is not None else []

    def _candidates(self, event: Event) -> Iterator[tuple[str, Found]]:
        """Per topic the connections that may want the event, each once. Visibility is not decided here.

        An empty list gives whoever asked the time to look at the clock.
        """
        if event.kind in NOTIFICATION_KINDS:
            yield self._find_devices(event.recipient_id)
            return
        if event.kind == EventKind.USER_UPDATED:
            yield self._find_devices(event.actor_id)
        keys = list(keys_of(event))
        for name in topics_of(event):
            index = self._topics.get(name)
            if index is not None:
                yield from index.find(name, keys)
        if self._users:
            yield from self._find_users(event)
        found: set[Viewer] = set()
        for actor in home_actors(event):
            if (followers := self._home.get(actor)) is not None:
                found |= followers
                yield HOME, []
        viewers = list(found)
        for start in range(0, len(viewers), VIEWERS_AT_ONCE):
            yield HOME, [one for viewer in viewers[start : start + VIEWERS_AT_ONCE] for one in viewer.home.items()]

    def _find_devices(self, user_id: UUID | None) -> tuple[str, Found]:
        """The connections of a user that have the notifications."""
        viewer = self.viewers.get(user_id) if user_id else None
        connections = viewer.connections if viewer else ()
        return NOTIFICATIONS, [
            (one, one.subscriptions[NOTIFICATIONS]) for one in connections if NOTIFICATIONS in one.subscriptions
        ]

    def _find_users(self, event: Event) -> Iterator[tuple[str, Found]]:
        """Connections with a topic of many users that names one whom the event belongs to; each once, though it may name several."""
        merged: dict[Subscription, Connection] = {}
        for actor in actors_of(event):
            if (some := self._users.get(actor)) is not None:
                merged.update(some)
                yield "", []
        by_name: dict[str, list[tuple[Connection, Subscription]]] = {}
        for subscription, connection in merged.items():
            by_name.setdefault(subscription.topic.name, []).append((connection, subscription))
        yield from by_name.items()

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
