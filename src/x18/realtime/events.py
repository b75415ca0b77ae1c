"""Event kinds, log rows and rendered events: the forms of an event from the commit to the sockets."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from x18.core.db import is_outage

logger = logging.getLogger("x18.events")


class EventKind(IntEnum):
    """Kinds of events. Stored in the log for days: never renumber.

    ``actor_id``, ``recipient_id`` and ``object_id`` of an event mean, kind by kind:

    ================== ============== ============ =====================================
    kind               actor          recipient    object
    ================== ============== ============ =====================================
    POST               author         -            post
    POST_DELETED       author         -            post (its tombstone tells who had it)
    RETWEET            retweeter      -            retweet
    RETWEET_DELETED    retweeter      -            retweet (its tombstone tells who had it)
    NOTIFICATION       who did it     owner        notification
    NOTIFICATION_GONE  who undid it   owner        notification (undone or deleted), or a deleted post: all about it
    NOTIFICATION_READ  owner          owner        notification, or the owner: all of them
    FOLLOW / UNFOLLOW  follower       -            followee
    SESSION_REVOKED    user           -            session, or the user: all sessions
    PRIVACY_CHANGED    user           -            user (``private_account`` was switched)
    COUNTS             who acted      -            post whose counters moved
    ACCOUNT_HIDDEN     user           -            user (disabled)
    ACCOUNT_SHOWN      user           -            user (enabled again)
    NOTIFICATION_BACK  who did it     owner        notification: what it tells of was undone, and is done again
    USER_UPDATED       user           -            user (the public profile was changed)
    ================== ============== ============ =====================================
    """

    POST = 1
    POST_DELETED = 2
    RETWEET = 3
    RETWEET_DELETED = 4
    NOTIFICATION = 5
    NOTIFICATION_GONE = 6
    NOTIFICATION_READ = 7
    FOLLOW = 8
    UNFOLLOW = 9
    SESSION_REVOKED = 10
    PRIVACY_CHANGED = 11
    COUNTS = 12
    ACCOUNT_HIDDEN = 17
    ACCOUNT_SHOWN = 18
    NOTIFICATION_BACK = 31
    USER_UPDATED = 32


class LogRow(NamedTuple):
    """One numbered event as the log holds it: ids only. ``seq`` is dense, from 1."""

    seq: int
    kind: EventKind
    actor_id: UUID
    recipient_id: UUID | None
    object_id: UUID


class Content(msgspec.Struct, frozen=True, array_like=True):
    """The body of an event and its audience, as its feature read them from the tables.

    ``audience`` is the level of ``audience.may_see``; ``owner_id`` the user whose followers that level means (the post's author,
    also for a retweet). ``terms`` select the topics and filters (``terms.py``). ``also_actors``: further users in whose
    followers' home the post may stand (its retweeters, at most 1,000 newest). ``body`` is the JSON of the payload.
    ``actor_level`` is the level of the act itself where that is not the owner's: a retweet by a private account is for its followers.
    ``private_actors`` are those of ``also_actors`` for whom that holds: their own topic does not tell that they retweeted.
    ``client_id`` is what the owner's client called a post: for the owner's connections alone.
    """

    owner_id: UUID
    audience: int
    terms: tuple[str, ...]
    has_media: bool
    body: bytes
    also_actors: tuple[UUID, ...] = ()
    actor_level: int = 0
    private_actors: tuple[UUID, ...] = ()
    client_id: str | None = None


class Event(msgspec.Struct, frozen=True, array_like=True):
    """A numbered event ready for delivery. Without ``content`` nothing is shown: it was deleted, or carries only its ids."""

    seq: int
    kind: EventKind
    actor_id: UUID
    recipient_id: UUID | None
    object_id: UUID
    content: Content | None = None


Renderer = Callable[[Sequence[LogRow]], Awaitable[Mapping[int, Content]]]
"""Reads what rows of one kind show, in a fixed number of queries; ``seq`` → content. A row whose object is gone is left out."""

Renderers = Mapping[EventKind, Renderer]
"""Given by the composition root: each feature renders its own kinds. A kind without a renderer has no content."""


RENDERED_AT_ONCE: Final = 100
"""Of so many events the contents are read and encoded before others run: a few milliseconds."""


async def render(rows: Sequence[LogRow], renderers: Renderers) -> list[Event]:
    """The events of ``rows`` in their order. Used by the relay, by a node's gap reads and by replay."""
    events = []
    for start in range(0, len(rows), RENDERED_AT_ONCE):
        events += await _render(rows[start : start + RENDERED_AT_ONCE], renderers)
    return events


async def _render(rows: Sequence[LogRow], renderers: Renderers) -> list[Event]:
    """Each kind is read in one go."""
    by_kind: dict[EventKind, list[LogRow]] = {}
    for row in rows:
        if row.kind in renderers:
            by_kind.setdefault(row.kind, []).append(row)
    contents: dict[int, Content] = {}
    for kind, group in by_kind.items():
        try:
            contents.update(await renderers[kind](group))
        except Exception as error:
            if is_outage(error):
                raise
            # Better a hole that is told of in the log than a channel that stands still at this event for ever.
            logger.exception("events %s cannot be shown", [row.seq for row in group])
    return [Event(*row, contents.get(row.seq)) for row in rows]
