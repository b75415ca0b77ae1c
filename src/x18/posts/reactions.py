"""Like, retweet, bookmark: one statement each, in which the counter moves only when the row did.

The order of locks is the same everywhere: posts, the rows of reactions, post_stats, users. The post is locked first and by hand: a
foreign key would lock it last, and deadlock with whoever deletes the post.
"""

from typing import Final
from uuid import UUID

from x18.core import db
from x18.core.errors import Forbidden, NotFound
from x18.posts.counts import LIKE_SCORE, RETWEET_SCORE
from x18.realtime.audience import LEVEL, never_public, visible
from x18.realtime.events import EventKind
from x18.realtime.notify import INBOX, KIND_TOLD, ONCE, NotificationKind
from x18.realtime.outbox import wake

# $1 viewer, $2 post
POST: Final = f"""
    p AS (SELECT p.id, p.author_id, {LEVEL} AS level FROM posts p JOIN users u ON u.id = p.author_id
          WHERE p.id = $2 AND {visible("$1")} FOR KEY SHARE OF p)"""


def _own(score: int, sign: str) -> str:
    """SQL that keeps the author's own reaction apart, since the rank leaves it out; ``p`` is the post."""
    return f", own_score = own_score {sign} CASE WHEN p.author_id = $1 THEN {score} ELSE 0 END" if score else ""


def _add(
    table: str, counter: str, *, notify: NotificationKind | None = None, score: int = 0, feeds: bool = False
) -> str:
    """The statement that adds a row; one row (level, made), or none where the viewer sees no such post."""
    entry = (
        "entry AS (INSERT INTO feed_entries (id, actor_id, post_id) SELECT id, $1, post_id FROM made)," if feeds else ""
    )
    event = f"UNION ALL SELECT {EventKind.RETWEET}, $1, NULL, id FROM made" if feeds else ""
    held = f"""
    held AS MATERIALIZED (SELECT p.id, p.author_id, pg_advisory_xact_lock_shared({INBOX.format("p.author_id")})
                          FROM counted JOIN p ON p.id = counted.post_id WHERE p.author_id <> $1),"""
    told = f"""
        INSERT INTO notifications (user_id, actor_id, kind, post_id)
        SELECT author_id, $1, {notify}, id FROM held {ONCE}"""
    nobody = "SELECT $2::uuid AS id, $1::uuid AS user_id, true AS is_new WHERE false"
    condition = "WHERE p.level = 0" if feeds else ""
    return f"""
    WITH {POST},
    made AS (INSERT INTO {table} (user_id, post_id) SELECT $1, p.id FROM p {condition}
             ON CONFLICT DO NOTHING RETURNING id, post_id), {entry}
    counted AS (UPDATE post_stats s SET {counter} = {counter} + 1 {_own(score, "+")} FROM made JOIN p ON p.id = made.post_id
                WHERE s.post_id = made.post_id RETURNING s.post_id),
    {held if notify else ""}
    told AS ({told if notify else nobody}),
    events AS (INSERT INTO event_outbox (kind, actor_id, recipient_id, object_id)
               SELECT {KIND_TOLD}, $1, user_id, id FROM told
               UNION ALL SELECT {EventKind.COUNTS}, $1, NULL, post_id FROM made {event})
    SELECT level, EXISTS (SELECT 1 FROM made) AS made FROM p"""


def _remove(
    table: str, counter: str, *, notify: NotificationKind | None = None, score: int = 0, feeds: bool = False
) -> str:
    """The statement that takes a row away; $1 viewer, $2 post."""
    entry = f"""
    entry AS (DELETE FROM feed_entries e USING gone WHERE e.id = gone.id),
    stone AS (INSERT INTO retweet_tombstones (id, post_id, level)
              SELECT gone.id, gone.post_id, {never_public("u", "gone.created_at")}::int FROM gone JOIN users u ON u.id = $1),"""
    event = f"UNION ALL SELECT {EventKind.RETWEET_DELETED}, $1, NULL, id FROM gone" if feeds else ""
    kind = notify or 0
    return f"""
    WITH p AS (SELECT id, author_id FROM posts WHERE id = $2 FOR KEY SHARE),
    gone AS (DELETE FROM {table} t USING p WHERE t.user_id = $1 AND t.post_id = p.id RETURNING t.id, t.post_id, t.created_at),
    {entry if feeds else ""}
    counted AS (UPDATE post_stats s SET {counter} = {counter} - 1 {_own(score, "-")} FROM gone JOIN p ON p.id = gone.post_id
                WHERE s.post_id = gone.post_id),
    told AS (UPDATE notifications n SET gone_at = now() FROM gone
             WHERE n.actor_id = $1 AND n.kind = {kind} AND n.post_id = gone.post_id AND n.gone_at IS NULL RETURNING n.id, n.user_id)
    INSERT INTO event_outbox (kind, actor_id, recipient_id, object_id)
    SELECT {EventKind.NOTIFICATION_GONE}, $1, user_id, id FROM told
    UNION ALL SELECT {EventKind.COUNTS}, $1, NULL, post_id FROM gone {event}"""


LIKE: Final = _add("likes", "likes_count", notify=NotificationKind.LIKE, score=LIKE_SCORE)
UNLIKE: Final = _remove("likes", "likes_count", notify=NotificationKind.LIKE, score=LIKE_SCORE)
RETWEET: Final = _add("retweets", "retweets_count", notify=NotificationKind.RETWEET, score=RETWEET_SCORE, feeds=True)
UNRETWEET: Final = _remove(
    "retweets", "retweets_count", notify=NotificationKind.RETWEET, score=RETWEET_SCORE, feeds=True
)
BOOKMARK: Final = _add("bookmarks", "bookmarks_count")
UNBOOKMARK: Final = _remove("bookmarks", "bookmarks_count")


async def like(viewer_id: UUID, post_id: UUID) -> bool:
    """Like a post; whether that is new."""
    return (await _react(LIKE, viewer_id, post_id))[1]


async def unlike(viewer_id: UUID, post_id: UUID) -> None:
    """Take the like back, if there is one."""
    await _undo(UNLIKE, viewer_id, post_id)


async def retweet(viewer_id: UUID, post_id: UUID) -> bool:
    """Show a post to one's followers; whether that is new.

    Raises:
        Forbidden: ``not_retweetable``: the post is not for everybody.
    """
    level, is_new = await _react(RETWEET, viewer_id, post_id)
    if level:
        raise Forbidden("Only public posts can be retweeted.", code="not_retweetable")
    return is_new


async def unretweet(viewer_id: UUID, post_id: UUID) -> None:
    """Take the retweet back, if there is one."""
    await _undo(UNRETWEET, viewer_id, post_id)


async def bookmark(viewer_id: UUID, post_id: UUID) -> bool:
    """Keep a post, unseen by others; whether that is new."""
    return (await _react(BOOKMARK, viewer_id, post_id))[1]


async def unbookmark(viewer_id: UUID, post_id: UUID) -> None:
    """Take the bookmark away, if there is one."""
    await _undo(UNBOOKMARK, viewer_id, post_id)


async def _react(statement: str, viewer_id: UUID, post_id: UUID) -> tuple[int, bool]:
    row = await db.fetch_row(statement, viewer_id, post_id)
    if row is None:
        raise NotFound("No such post.", code="post_not_found")
    wake()
    return row["level"], row["made"]


async def _undo(statement: str, viewer_id: UUID, post_id: UUID) -> None:
    await db.execute(statement, viewer_id, post_id)
    wake()
