"""A run of events on its way to the connections, which may pause anywhere without anybody seeing half of it.

While it pauses, the events up to the current one count as delivered (``Feed.last``). So before anything of a connection is looked at
or changed, the hub has it ``settle``: the connection is given what it is owed of these. Whoever comes meanwhile begins after them.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, Final
from uuid import UUID

from x18.realtime.connection import Connection
from x18.realtime.events import Content, Event
from x18.realtime.filters import Filter
from x18.realtime.matching import Subscription, matched_topics, may_receive
from x18.realtime.pace import STEP
from x18.realtime.wire import EventFrames, Run

NOBODY: Final[frozenset[UUID]] = frozenset()

LOOK: Final = 64
"""Of so many connections one looks whether an event is for them before one looks at the clock."""

Found = Collection[tuple[Connection, Subscription]]
"""Connections that may want an event, each once."""

Names = tuple[str, ...] | list[str]


class Delivery:
    """Events that are delivered together. All frames of a connection leave in one write."""

    def __init__(self, epoch: str, is_late: Callable[[], bool]) -> None:
        self.frames = 0
        """Frames written so far."""
        self._epoch = epoch
        self._is_late = is_late
        self._event: Event
        self._frames: EventFrames
        self._is_looking = False
        """Whether it is not known yet who gets the current event."""
        self._matches: dict[Connection, Names] = {}
        self._settled: set[Connection] = set()
        """Connections that have had the current event, or are not to have it any more."""
        self._accepted: dict[Filter, bool] = {}
        """Results of the filters for the current event: equal filters are asked once."""
        self._outgoing: dict[Connection, Run] = {}
        self._nothing = Run()

    def collect(self, event: Event, candidates: Iterable[tuple[str, Found]]) -> Iterator[None]:
        """Find who gets an event. Yields where others may run."""
        self._event, self._frames = event, EventFrames(event, self._epoch)
        self._accepted.clear()
        self._settled.clear()
        self._is_looking = True
        try:
            for name, found in candidates:
                rest = iter(found)
                for _ in range(0, len(found) or 1, LOOK):
                    self._match(event, name, islice(rest, LOOK))
                    if self._is_late():
                        rest = iter(list(rest))  # what it goes through may change while others run
                        yield
            self._is_looking = False
            chosen = iter(self._matches.items())  # which stay as they are until the end
            for _ in range(0, len(self._matches), LOOK):
                some: Iterable[tuple[Connection, Names]] = islice(chosen, LOOK)
                if self._settled:
                    some = [one for one in some if one[0] not in self._settled]
                self._add(event, some)
                if self._is_late():
                    yield
        finally:
            self._is_looking = False
            self._matches.clear()

    def write(self) -> Iterator[None]:
        """Write what was collected. Yields where others may run."""
        waiting = self._outgoing
        everyone = list(waiting)  # in the order in which they came, which is that of the memory that they are in
        for start in range(0, len(everyone), STEP):
            now, frames = time.monotonic(), 0
            for connection in everyone[start : start + STEP]:
                if (run := waiting.pop(connection, None)) is not None:
                    connection.sent_at = now
                    frames += run.length
                    connection.write(run.data or run.join())
            self.frames += frames
            if waiting and self._is_late():
                yield

    def settle(self, connection: Connection) -> None:
        """Give a connection now what it is owed of the events up to the current one."""
        if connection not in self._settled:
            self._settled.add(connection)
            names: Names | None = self._matches.get(connection)
            if self._is_looking:
                names = _matched(self._event, connection)
            if names and self._outgoing.get(connection, self._nothing).seq != self._event.seq:
                self._add(self._event, [(connection, names)])
        if (run := self._outgoing.pop(connection, None)) is not None:
            connection.sent_at = time.monotonic()
            self.frames += run.length
            connection.write(run.data or run.join())

    def drop(self, connection: Connection) -> None:
        """Give a connection nothing any more."""
        self._settled.add(connection)
        self._outgoing.pop(connection, None)

    def _match(self, event: Event, name: str, found: Iterable[tuple[Connection, Subscription]]) -> None:
        """Note of which connections a topic matches."""
        matches, accepted, seq, only = self._matches, self._accepted, event.seq, (name,)
        for connection, subscription in found:
            chosen = subscription.filter
            if seq <= subscription.start:
                continue
            if chosen is not None:
                if (wanted := accepted.get(chosen)) is None:
                    wanted = accepted[chosen] = chosen.accepts(event)
                if not wanted:
                    continue
            names = matches.setdefault(connection, only)
            if names is not only:
                if isinstance(names, list):
                    names.append(name)
                else:
                    matches[connection] = [*names, name]

    def _add(self, event: Event, chosen: Iterable[tuple[Connection, Names]]) -> None:
        """Put the frame of the event behind what these connections get of this run, where they may see it."""
        content = event.content
        if content is not None and content.client_id is not None:
            chosen = self._add_own(content, chosen)
        for_everybody = content is not None and not content.audience and not content.actor_level
        outgoing, nothing = self._outgoing, self._nothing
        before: tuple[Any, ...] = ()
        after = nothing
        for connection, names in chosen:
            if for_everybody or _may_receive(event, connection):
                run = outgoing.get(connection, nothing)
                # Most get the same as the one before them, and then there is nothing to look up.
                alike = (names, connection.event_encoding, run)
                if alike != before:
                    topics = names if isinstance(names, tuple) else tuple(sorted(names))
                    frame = self._frames.get(connection.event_encoding, topics)
                    after = run.following.get(frame) or run.then(frame, event.seq)
                    before = alike
                outgoing[connection] = after

    def _add_own(
        self, content: Content, chosen: Iterable[tuple[Connection, Names]]
    ) -> Iterable[tuple[Connection, Names]]:
        """Tell the author's connections what their client called the post, which they may see; the others are left."""
        others = []
        for connection, names in chosen:
            if connection.user_id != content.owner_id:
                others.append((connection, names))
                continue
            frame = self._frames.get(connection.event_encoding, tuple(sorted(names)), content.client_id)
            run = self._outgoing.get(connection, self._nothing)
            self._outgoing[connection] = run.following.get(frame) or run.then(frame, self._event.seq)
        return others


def _may_receive(event: Event, connection: Connection) -> bool:
    viewer = connection.viewer
    if viewer is None:
        return may_receive(event, None, NOBODY)
    return may_receive(event, viewer.user_id, viewer.followees or NOBODY)


def _matched(event: Event, connection: Connection) -> list[str]:
    viewer = connection.viewer
    if viewer is None:
        return matched_topics(event, connection.subscriptions, None, NOBODY)
    return matched_topics(event, connection.subscriptions, viewer.user_id, viewer.followees or NOBODY)
