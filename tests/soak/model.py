"""What a listener must get, must not get, and may get, worked out from the log in the most naive way.

A deletion is for whoever could have had what is gone at any time, however the accounts have changed since.

*May* is for events whose object changed after them, so that what is shown depends on whether one was connected at that time: posts
that were deleted later, posts of accounts that changed their privacy later, and what is in a home or for followers where one
unfollowed later.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tests.soak.writers import Post, Story
from x18.core.ids import moment_of
from x18.realtime.events import EventKind, LogRow
from x18.realtime.topics import MESSAGE_TYPES

CLOCK_S = 0.001
"""Ids tell the time in milliseconds."""

RETWEETS = (EventKind.RETWEET, EventKind.RETWEET_DELETED)


@dataclass(frozen=True)
class Happening:
    """An event of a post. ``levels`` are all (post's level, actor's level) that may be in force when it is shown."""

    seq: int
    kind: EventKind
    actor: str
    post: Post
    levels: frozenset[tuple[int, int]]
    certain: bool
    also_actors: frozenset[str]
    """The retweeters of a deleted post."""
    also_topics: frozenset[str]
    """Those of them whose retweets everybody could see at some time."""


@dataclass
class Model:
    """The story in the order of the log."""

    story: Story
    rows: Sequence[LogRow]
    notifications: frozenset[str]
    """Ids of those that exist in the end."""
    happenings: list[Happening] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.happenings = list(self._tell())

    def judge(
        self, user: str | None, topics: list[dict[str, Any]], start: int
    ) -> tuple[dict[int, str], dict[int, str]]:
        """(must, may) of a listener: seq → type. ``may`` contains ``must``."""
        must, may = self._notifications_of(user, topics, start)
        by_seq = {happening.seq: happening for happening in self.happenings}
        followees: set[str] = set()
        left = {
            str(row.object_id): row.seq
            for row in self.rows
            if str(row.actor_id) == user and row.kind == EventKind.UNFOLLOW
        }
        for row in self.rows:
            if str(row.actor_id) == user and row.kind == EventKind.FOLLOW:
                followees.add(str(row.object_id))
            if str(row.actor_id) == user and row.kind == EventKind.UNFOLLOW:
                followees.discard(str(row.object_id))
            event = by_seq.get(row.seq)
            if event is None or row.seq <= start:
                continue
            shown = {event.actor, *event.also_topics}
            verdicts = [_gets(event, user, followees, topics, *levels, shown) for levels in event.levels]
            if any(verdicts):
                may[event.seq] = MESSAGE_TYPES[event.kind]
            kept = {followee for followee in followees if left.get(followee, 0) < row.seq}
            if event.kind in (EventKind.POST, EventKind.RETWEET):
                stays = all(_gets(event, user, kept, topics, *levels, {event.actor}) for levels in event.levels)
            else:
                stays = True
            if all(verdicts) and event.certain and stays:
                must[event.seq] = MESSAGE_TYPES[event.kind]
        return must, may

    def _notifications_of(
        self, user: str | None, topics: list[dict[str, Any]], start: int
    ) -> tuple[dict[int, str], dict[int, str]]:
        must, may = {}, {}
        undone = {str(row.object_id): row.seq for row in self.rows if row.kind == EventKind.NOTIFICATION_GONE}
        if user is None or all(one["topic"] != "notifications" for one in topics):
            return must, may
        for row in self.rows:
            if row.kind in MESSAGE_TYPES and str(row.recipient_id) == user and row.seq > start:
                may[row.seq] = MESSAGE_TYPES[row.kind]
                shows = row.kind in (EventKind.NOTIFICATION, EventKind.NOTIFICATION_BACK)
                stands = str(row.object_id) in self.notifications and undone.get(str(row.object_id), 0) < row.seq
                if not shows or stands:
                    must[row.seq] = MESSAGE_TYPES[row.kind]
        return must, may

    def _tell(self) -> Iterator[Happening]:
        deleted = {str(row.object_id) for row in self.rows if row.kind == EventKind.POST_DELETED}
        undone = {
            (str(row.actor_id), self._retweeted_by(row)): row.seq
            for row in self.rows
            if row.kind == EventKind.RETWEET_DELETED
        }
        written: dict[str, int] = {}
        retweeters: dict[str, dict[str, int]] = defaultdict(dict)
        moods = self._moods()
        for row in self.rows:
            actor, kind = str(row.actor_id), row.kind
            if kind not in (EventKind.POST, EventKind.POST_DELETED, *RETWEETS):
                continue
            post = self.story.posts[self._retweeted_by(row) if kind in RETWEETS else str(row.object_id)]
            owner = {max(post.level, mood) for mood in moods[post.author].since(row.seq)}
            own = moods[actor].since(row.seq) if kind in RETWEETS else {0}
            also: dict[str, int] = {}
            if kind == EventKind.POST:
                written[post.id] = row.seq
            elif kind == EventKind.RETWEET:
                retweeters[post.id][actor] = row.seq
            elif kind == EventKind.RETWEET_DELETED:
                owner, own = {0}, {moods[actor].least(retweeters[post.id].pop(actor), row.seq)}
            else:
                owner, also = (
                    {max(post.level, moods[post.author].least(written[post.id], row.seq))},
                    retweeters[post.id],
                )
            was_undone = kind == EventKind.RETWEET and undone.get((actor, post.id), 0) > row.seq
            yield Happening(
                row.seq, kind, actor, post, frozenset(product(owner, own)),
                certain=not was_undone and (kind in (EventKind.POST_DELETED, EventKind.RETWEET_DELETED) or post.id not in deleted),
                also_actors=frozenset(also),
                also_topics=frozenset(one for one, since in also.items() if not moods[one].least(since, row.seq)),
            )  # fmt: skip

    def _retweeted_by(self, row: LogRow) -> str:
        """Which post a retweet is of: its id tells when it was made."""
        made = moment_of(row.object_id).timestamp()
        (post_id,) = (
            post_id
            for began, ended, post_id in self.story.retweets[str(row.actor_id)]
            if began - CLOCK_S <= made <= ended + CLOCK_S
        )
        return post_id

    def _moods(self) -> "dict[str, Mood]":
        moods: dict[str, Mood] = defaultdict(Mood)
        changes = {user: iter(states) for user, states in self.story.privacy.items()}
        for row in self.rows:
            if row.kind == EventKind.PRIVACY_CHANGED:
                user = str(row.actor_id)
                moods[user].changes.append((row.seq, int(next(changes[user]))))
        return moods


@dataclass
class Mood:
    """Since when an account has been private (1) or not (0)."""

    changes: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])

    def at(self, seq: int) -> int:
        """The state at an event."""
        return [state for since, state in self.changes if since <= seq][-1]

    def least(self, since: int, until: int) -> int:
        """The most open state from one event to another."""
        return min({self.at(since)} | {state for changed, state in self.changes if since < changed < until})

    def since(self, seq: int) -> set[int]:
        """The state at an event, and all later ones."""
        return {self.at(seq)} | {state for changed, state in self.changes if changed > seq}


def _gets(
    event: Happening,
    user: str | None,
    followees: set[str],
    topics: list[dict[str, Any]],
    level: int,
    own: int,
    shown: set[str],
) -> bool:
    """``level`` and ``own`` are the levels of the post and of the act; ``shown`` the users whose topics tell of it."""

    if not _sees(event, user, followees, level, own):
        return False
    return any(_matches(event, user, followees, one, level, shown) for one in topics)


def _sees(event: Happening, user: str | None, followees: set[str], level: int, own: int) -> bool:
    def may_see(author: str, needed: int) -> bool:
        return needed == 0 or author == user or (needed == 1 and author in followees)

    return may_see(event.post.author, level) and may_see(event.actor, own)


def _matches(
    event: Happening, user: str | None, followees: set[str], one: dict[str, Any], level: int, shown: set[str]
) -> bool:
    wanted = one.get("filter", {}).get("category")
    if wanted and not any(f"category:{category}" in event.post.terms for category in wanted):
        return False
    topic = one["topic"]
    if topic == "home":
        return any(actor == user or actor in followees for actor in {event.actor, *event.also_actors})
    if topic.startswith("user:"):
        return topic.removeprefix("user:") in shown
    if event.kind in RETWEETS:
        return False
    return level == 0 if topic == "explore" else topic in event.post.terms
