"""The events of a replay that a connection was sent before, so that each event comes once and none is left out."""

from collections.abc import Mapping, Set
from typing import Final, NamedTuple
from uuid import UUID

from x18.realtime.events import Event, EventKind
from x18.realtime.matching import Subscription, matched_topics

LATEST: Final = frozenset({EventKind.POST, EventKind.RETWEET})
"""The kinds that a replay of the latest shows."""

SHOWING: Final = LATEST | {EventKind.USER_UPDATED}
"""The events that put something into a timeline; the others take it back."""

NOBODY: Final[frozenset[UUID]] = frozenset()


class _Eyes(NamedTuple):
    """The bounds up to which a subscription was served before. Most subscriptions of a connection share them."""

    strange_until: int
    replayed_until: int
    latest_until: int
    left: frozenset[UUID]
    joined: frozenset[UUID]


class Had:
    """Tells which events all other subscriptions of the connection have brought already."""

    def __init__(self, subscriptions: Mapping[str, Subscription], user_id: UUID | None) -> None:
        self._user_id = user_id
        self._groups: dict[_Eyes, dict[str, Subscription]] = {}
        for name, one in subscriptions.items():
            eyes = _Eyes(one.strange_until, one.replayed_until, one.latest_until, one.left, one.joined)
            self._groups.setdefault(eyes, {})[name] = one

    def brought(self, event: Event, followees: Set[UUID]) -> bool:
        """Whether one of the subscriptions brought the event. ``followees`` are those when it happened."""
        for eyes, some in self._groups.items():
            user_id, followed = self._user_id, followees
            if event.seq <= eyes.latest_until and event.kind not in LATEST:
                continue
            if event.seq <= eyes.strange_until:
                user_id, followed = None, NOBODY
            elif event.seq <= eyes.replayed_until and event.kind in SHOWING:
                followed = followees - eyes.left | eyes.joined if eyes.left or eyes.joined else followees
            if matched_topics(event, some, user_id, followed):
                return True
        return False
