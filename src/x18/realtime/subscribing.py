"""Subscriptions of one connection, and the seam between its replay and its live events."""

import asyncio
from collections.abc import Set
from contextlib import aclosing
from typing import Any

from x18.core import metrics
from x18.core.errors import BadInput, NotAuthenticated
from x18.core.problems import as_problem
from x18.core.slices import in_slices
from x18.realtime import protocol as p
from x18.realtime.cursors import Cursor
from x18.realtime.filters import Filter, check_budget, parse_filter, parse_notification_filter
from x18.realtime.line import Line
from x18.realtime.matching import Subscription
from x18.realtime.protocol import CloseCode
from x18.realtime.replay import LOOK_BACK, Missed, Unreplayable, most_between
from x18.realtime.services import Services
from x18.realtime.topics import NOTIFICATIONS, Topic, parse_topic
from x18.realtime.wire import count_frames

Wanted = list[tuple[Topic, Filter | None]]


class NeedsAccount(NotAuthenticated):
    """An anonymous connection asked for what needs an account; it may still log in."""


class Subscriber:
    """Subscribes a line. What came after a cursor is sent by a task of its own, of which there is one at a time.

    ``how_to_log_in`` is what an anonymous client is told that asks for what needs an account.
    """

    __slots__ = ("_connection", "_line", "_network", "_replaying", "_services", "how_to_log_in")

    def __init__(self, services: Services, line: Line, network: str) -> None:
        self._services = services
        self._line = line
        self._network = network
        self._connection = line.connection
        self._replaying: asyncio.Task[None] | None = None
        self.how_to_log_in = "log in first with an auth message"

    async def subscribe(
        self,
        requests: list[p.TopicRequest],
        since: str | None,
        message_id: p.MessageId,
        *,
        latest: int = 0,
        resumes: bool = True,
    ) -> None:
        """Add the topics, all or none, say so, and begin to send what came after ``since``, or the ``latest`` events; ``settle`` waits
        for its end.

        A client that ``resumes`` is also told where that end is when nothing was missed.

        Raises:
            BadInput: a topic or filter that is none, or too many; both ``since`` and ``latest``.
            NeedsAccount: a topic of a user, and nobody is logged in.
            TooManyRequests: the user, or the network, has resumed too much.
        """
        await self.settle()
        wanted = self.check(requests)
        if latest and since is not None:
            raise BadInput("Ask for what came since a cursor, or for the latest, not for both.", code="bad_message")
        names = {topic.name for topic, _ in wanted}
        start, gap = await self._find_start(since)
        # Only now: a log-in waits for nothing, and may have come while we read.
        viewer = self._connection.viewer
        if viewer is not None and names - {NOTIFICATIONS}:
            await self._services.followees.ensure(viewer)
        if self._line.socket.close_code is not None:
            return  # it ended while we read
        # From here to the replay nothing is awaited: the seam is between two events.
        head = self._services.feed.cursor
        if latest:
            start = Cursor(head.epoch, max(0, head.seq - LOOK_BACK))
        logged = {topic.name for topic, _ in wanted if not topic.test_rate}
        missed_since = start if start is not None and start.seq < head.seq and logged else None
        if missed_since is not None:
            most = most_between(missed_since, head.seq, latest)
            self._services.replayer.reserve(most, self._network, self._connection.user_id)
        had = {name: one for name, one in self._connection.subscriptions.items() if name not in names}
        self._add(wanted, (start or head).seq)
        self._line.send(self.ok(message_id, names))
        if gap is not None:
            self._line.send(self.gap(gap, head))
        elif missed_since is not None:
            self._begin_replay(missed_since, head, logged, had, latest)
        elif start is not None and resumes:
            self._line.send(p.Replayed(p.ReplayedPayload(str(head), 0)))

    def _add(self, wanted: Wanted, seq: int) -> None:
        for topic, chosen in wanted:
            self._services.hub.subscribe(self._connection, Subscription(topic, chosen, seq))
            self._services.test_topic.begin(topic)

    async def know_viewer(self, *, is_new: bool, is_watching: bool) -> None:
        """Load whom the user follows, since the connection's subscriptions may show more from now on. ``is_new``: it was anonymous.

        Asked at each log-in: where it fails, the client sends the same again.

        Raises:
            Unavailable: the database cannot be reached.
        """
        viewer = self._connection.viewer
        if viewer is not None and (self._connection.subscriptions or is_watching):
            is_new = is_new or viewer.followees is None
            await self._services.followees.ensure(viewer)
            for one in self._connection.subscriptions.values() if is_new else ():
                one.strange_until = self._services.feed.last

    async def settle(self) -> None:
        """Wait until nothing is being replayed."""
        if self._replaying is not None:
            await asyncio.wait([self._replaying])

    def stop(self) -> None:
        """Break off what is being replayed."""
        if self._replaying is not None:
            self._replaying.cancel()

    def check(self, requests: list[p.TopicRequest]) -> Wanted:
        """The topics and filters, if they may be added; raises as ``subscribe`` does."""
        topics = [parse_topic(one.topic) for one in requests]
        wanted = [
            (topic, (parse_notification_filter if topic.name == NOTIFICATIONS else parse_filter)(one.filter))
            for topic, one in zip(topics, requests, strict=True)
        ]
        names = {topic.name for topic, _ in wanted} | self._connection.subscriptions.keys()
        if self._connection.viewer is None and any(topic.is_personal for topic, _ in wanted):
            raise NeedsAccount(f"This topic needs an account: {self.how_to_log_in}.")
        if any(chosen is not None and not topic.takes_filter for topic, chosen in wanted):
            raise BadInput("The topic test takes no filter.", code="bad_filter")
        if len(names) > p.MAX_TOPICS:
            raise BadInput(f"A connection can have at most {p.MAX_TOPICS} topics.", code="too_many_topics")
        chosen_filters = {name: one.filter for name, one in self._connection.subscriptions.items()}
        check_budget((chosen_filters | {topic.name: chosen for topic, chosen in wanted}).values())
        self._check_users(wanted)
        if sum(name.startswith("test") for name in names) > 1:
            raise BadInput(
                "A connection can have only one test topic: unsubscribe the other first.", code="too_many_topics"
            )
        return wanted

    def _check_users(self, wanted: Wanted) -> None:
        if any(topic.is_of_users and not topic.users for topic, _ in wanted):
            raise BadInput("A topic of many users lists their ids: users:<id>,<id>,…", code="unknown_topic")
        topics = {name: one.topic for name, one in self._connection.subscriptions.items()}
        topics |= {topic.name: topic for topic, _ in wanted}
        if sum(len(topic.users) for topic in topics.values()) > p.MAX_USERS:
            raise BadInput(
                f"The topics of many users of a connection can list at most {p.MAX_USERS} together.",
                code="too_many_users",
            )

    def subscribe_to_notifications(self) -> None:
        """From now on; what clients of the original system expect."""
        topic = parse_topic(NOTIFICATIONS)
        self._services.hub.subscribe(self._connection, Subscription(topic, None, self._services.feed.last))

    def unsubscribe(self, names: list[str], message_id: p.MessageId) -> None:
        """Remove the topics and say so.

        Raises:
            BadInput: a topic that is none.
        """
        for topic in [parse_topic(name) for name in names]:
            self._services.hub.unsubscribe(self._connection, topic.name)
        self._line.send(self.ok(message_id))

    def ok(self, message_id: p.MessageId, changed: Set[str] = frozenset()) -> p.Ok:
        """All that the connection is subscribed to now. Filters are told of the topics that changed: of 128 they are half a megabyte."""
        topics = [
            p.Subscription(
                name,
                one.filter.wanted if one.filter and name in changed else None,
                len(one.topic.users),
                one.filter is not None and name not in changed,
            )
            for name, one in sorted(self._connection.subscriptions.items())
        ]
        return p.Ok(p.OkPayload(topics, self._connection.user_id), message_id)

    def gap(self, reason: p.GapReason, cursor: Cursor) -> p.Gap:
        """Events between the client's cursor and this one cannot be sent."""
        metrics.GAPS.labels(reason).inc()
        past = [one.topic.backfill for one in self._connection.subscriptions.values() if one.topic.backfill]
        return p.Gap(p.GapPayload(reason, str(cursor), list(dict.fromkeys(past))))

    async def _find_start(self, since: str | None) -> tuple[Cursor | None, Any]:
        if since is None:
            return None, None
        try:
            return await self._services.replayer.check(since), None
        except Unreplayable as error:
            return None, error.reason

    def _begin_replay(
        self, start: Cursor, head: Cursor, names: set[str], had: dict[str, Subscription], latest: int
    ) -> None:
        """Live events wait from now on until everything before them was sent."""
        connection = self._connection
        subscriptions = {name: connection.subscriptions[name] for name in names}
        missed = Missed(
            start, head.seq, subscriptions, had, connection.user_id, connection.encoding, self._network, latest
        )
        for one in subscriptions.values():
            one.replayed_until = head.seq
            one.latest_until = head.seq if latest else 0
        self._line.hold()
        self._replaying = asyncio.get_running_loop().create_task(in_slices(self._replay, missed))
        self._replaying.add_done_callback(self._end_replay)

    def _end_replay(self, _: asyncio.Task[None]) -> None:
        self._replaying = None
        self._line.release()

    async def _replay(self, missed: Missed) -> None:
        """Send what was missed. Where that breaks off, so does the connection: a hole would be silent."""
        sent = 0
        try:
            async with aclosing(self._services.replayer.read(missed)) as pieces:
                async for frames in pieces:
                    sent += count_frames(frames)
                    self._line.socket.write(frames)
                    await self._drain()
            self._line.send(p.Replayed(p.ReplayedPayload(str(Cursor(missed.cursor.epoch, missed.until)), sent)))
        except Unreplayable as error:
            for subscription in missed.wanted.values():
                subscription.start = missed.until
            self._line.send(self.gap(error.reason, Cursor(missed.cursor.epoch, missed.until)))
        except Exception as error:
            if as_problem(error) is None:
                self._services.logger.error("a replay broke off", exc_info=error)
            self._line.close(CloseCode.OVERLOADED, "try again in a moment, from your cursor")

    async def _drain(self) -> None:
        try:
            await self._line.socket.drain()
        except TimeoutError:
            self._line.close(CloseCode.SLOW_CONSUMER, "too slow: resume from your cursor")
