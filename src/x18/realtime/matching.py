"""Whether an event is for a subscription: the one decision of live delivery and of replay.

The hub's indexes only narrow down whom to ask.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from x18.realtime.audience import may_see
from x18.realtime.events import Event, EventKind
from x18.realtime.filters import Filter
from x18.realtime.topics import HOME, NOTIFICATION_KINDS, NOTIFICATIONS, Topic, actors_of, home_actors, topics_of


class Subscription(msgspec.Struct, eq=False):
    """A topic of a connection. Events up to ``start`` are not for it.

    Those up to ``strange_until`` came as to somebody who is not logged in. Those up to ``replayed_until`` were replayed, without what
    those did whom the user had ``left`` by then; and of those up to ``latest_until`` posts and retweets only, also of whom the user
    followed later only, and had ``joined`` by then.
    """

    topic: Topic
    filter: Filter | None
    start: int
    strange_until: int = 0
    replayed_until: int = 0
    latest_until: int = 0
    left: frozenset[UUID] = frozenset()
    joined: frozenset[UUID] = frozenset()


def may_receive(event: Event, user_id: UUID | None, followees: Collection[UUID]) -> bool:
    """Whether the user may see what the event shows. An anonymous user follows nobody."""
    content = event.content
    if content is None:
        return False
    if event.recipient_id is not None:
        return event.recipient_id == user_id
    if content.audience and not may_see(
        content.audience, is_author=content.owner_id == user_id, follows_author=content.owner_id in followees
    ):
        return False
    return not content.actor_level or may_see(
        content.actor_level, is_author=event.actor_id == user_id, follows_author=event.actor_id in followees
    )


def matched_topics(
    event: Event, subscriptions: Mapping[str, Subscription], user_id: UUID | None, followees: Collection[UUID]
) -> list[str]:
    """The names of the subscriptions that the event is for, in the order of names; none where the user may not see it."""
    if event.content is None:
        return []
    if event.kind in NOTIFICATION_KINDS:
        names = {NOTIFICATIONS}
    else:
        names = set(topics_of(event))
        if any(actor == user_id or actor in followees for actor in home_actors(event)):
            names.add(HOME)
        if event.kind == EventKind.USER_UPDATED and event.actor_id == user_id:
            names.add(NOTIFICATIONS)
        actors = actors_of(event)
        names.update(name for name, one in subscriptions.items() if not one.topic.users.isdisjoint(actors))
    matched = []
    for name in names & subscriptions.keys():
        subscription = subscriptions[name]
        if event.seq > subscription.start and (subscription.filter is None or subscription.filter.accepts(event)):
            matched.append(name)
    if not matched or not may_receive(event, user_id, followees):
        return []
    return sorted(matched)
