"""Who may see a post: one rule for REST, live delivery, replay and search.

A post has a *level* (how close one must be to its author), a viewer has a *closeness* to the author; one may see a post when
the closeness reaches the level. ``may_see`` says it in Python, ``visible`` in SQL; a property test holds them together.
"""

from enum import IntEnum


class Level(IntEnum):
    """How close to the author one must be. Stored in ``posts.visibility``."""

    PUBLIC = 0
    FOLLOWERS = 1
    PRIVATE = 2


def level_of(visibility: int, author_is_private: bool) -> Level:
    """The level in force: in a private account even a public post is for followers only."""
    return Level(max(visibility, Level.FOLLOWERS if author_is_private else Level.PUBLIC))


def closeness(*, is_author: bool, follows_author: bool) -> Level:
    """How close a viewer is. An anonymous one neither is the author nor follows anybody."""
    return Level.PRIVATE if is_author else Level.FOLLOWERS if follows_author else Level.PUBLIC


def may_see(level: int, *, is_author: bool, follows_author: bool) -> bool:
    """Whether a viewer may see a post of this level."""
    return closeness(is_author=is_author, follows_author=follows_author) >= level


LEVEL = "GREATEST(p.visibility, u.private_account::int)"
"""SQL of ``level_of`` for a post ``p`` and its author ``u``."""


AUTHOR = "JOIN LATERAL (SELECT id, private_account FROM users WHERE id = p.author_id OFFSET 0) u ON true"
"""SQL of the author ``u`` of a post ``p``, for lists: looked up post by post, where the planner would rather read all users."""


def visible_to_followers(viewer: str) -> str:
    """SQL condition of ``may_see`` for what ``e.actor_id`` wrote, where the viewer is that user or follows them.

    Only ``e.visibility`` is asked: that the account is private changes nothing for these.
    """
    return f"(e.visibility <= {Level.FOLLOWERS.value} OR e.actor_id = {viewer})"


def visible(viewer: str) -> str:
    """SQL condition of ``may_see`` for a post ``p`` and its author ``u``.

    ``viewer`` is the placeholder of the viewer's id (``"$2"``), which may be null for an anonymous one.
    """
    follows = f"(SELECT true FROM follows vf WHERE vf.follower_id = {viewer}::uuid AND vf.followee_id = u.id)"
    return f"({LEVEL} = 0 OR u.id = {viewer}::uuid OR {LEVEL} = 1 AND COALESCE({follows}, false))"
