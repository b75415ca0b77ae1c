"""Visibility of posts: the one rule for REST, live delivery, replay, search and counters.

A post has a *level* (how close one must be to its author), a viewer has a *closeness* to the author; one may see a post when
the closeness reaches the level. ``may_see`` says it in Python, ``visible`` in SQL; a property test holds them together. Nobody
reaches the level of what a disabled account wrote or did.
"""

from enum import IntEnum


class Level(IntEnum):
    """The relation to the author that a viewer needs at least. The first three are stored in ``posts.visibility``."""

    PUBLIC = 0
    FOLLOWERS = 1
    PRIVATE = 2
    NOBODY = 3


def level_of(visibility: int, author_is_private: bool, author_is_disabled: bool = False) -> Level:
    """The level in force: in a private account even a public post is for followers only, in a disabled one for nobody."""
    if author_is_disabled:
        return Level.NOBODY
    return Level(max(visibility, Level.FOLLOWERS if author_is_private else Level.PUBLIC))


def widest_level(visibility: int, *, was_public: bool) -> Level:
    """The lowest level that was ever in force, for telling of a deletion whoever could have had the post, and nobody else.

    ``was_public``: whether the account was public at any time since the post was written.
    """
    return level_of(visibility, not was_public)


def closeness(*, is_author: bool, follows_author: bool) -> Level:
    """The level of a viewer. An anonymous viewer neither is the author nor follows anybody."""
    return Level.PRIVATE if is_author else Level.FOLLOWERS if follows_author else Level.PUBLIC


def may_see(level: int, *, is_author: bool, follows_author: bool) -> bool:
    """Whether a viewer may see a post of this level."""
    return closeness(is_author=is_author, follows_author=follows_author) >= level


ACCOUNT_LEVEL = f"GREATEST(u.private_account::int, {Level.NOBODY} * (u.disabled_at IS NOT NULL)::int)"
"""SQL of ``level_of`` for what is public by itself, such as a retweet, and whoever did it, ``u``."""

LEVEL = f"GREATEST(p.visibility, {ACCOUNT_LEVEL})"
"""SQL of ``level_of`` for a post ``p`` and its author ``u``."""


def never_public(account: str, made: str) -> str:
    """SQL condition: the account, a row of ``users``, has not been public since the moment ``made``, which may be told in milliseconds."""
    return f"({account}.private_account AND NOT COALESCE({made} < {account}.public_until - interval '1 millisecond', false))"


WIDEST = f"GREATEST(p.visibility, (NOT p.in_trends AND {never_public('u', 'p.created_at')})::int)"
"""SQL of ``widest_level`` for a post ``p`` and its author ``u``."""


AUTHOR = "JOIN LATERAL (SELECT id, private_account, disabled_at FROM users WHERE id = p.author_id OFFSET 0) u ON true"
"""SQL of the author ``u`` of a post ``p``, for lists: looked up post by post, where the planner would rather read all users."""


def is_enabled(user_id: str) -> str:
    """SQL condition: the account with this id is not disabled. Asks an index that holds the disabled ones only."""
    return f"NOT EXISTS (SELECT FROM users d WHERE d.id = {user_id} AND d.disabled_at IS NOT NULL)"


def is_public(user_id: str) -> str:
    """SQL condition: everybody sees the account with this id, which is neither private nor disabled. Asks an index that holds the others."""
    return (
        f"NOT EXISTS (SELECT FROM users d WHERE d.id = {user_id} AND (d.private_account OR d.disabled_at IS NOT NULL))"
    )


def visible_to_followers(viewer: str) -> str:
    """SQL condition of ``may_see`` for what ``e.actor_id`` wrote, where the viewer is that user or follows them.

    Only ``e.visibility`` is asked: that the account is private changes nothing for these. Disabled ones must be left out before.
    """
    return f"(e.visibility <= {Level.FOLLOWERS} OR e.actor_id = {viewer})"


def visible(viewer: str, *, follows: str = "") -> str:
    """SQL condition of ``may_see`` for a post ``p`` and its author ``u``.

    ``viewer`` is the placeholder of the viewer's id (``"$2"``), which may be null for an anonymous one. ``follows`` tells whether the
    viewer follows the author, where that is known already.
    """
    follows = (
        follows or f"(SELECT true FROM follows vf WHERE vf.follower_id = {viewer}::uuid AND vf.followee_id = u.id)"
    )
    own = f"u.id = {viewer}::uuid AND u.disabled_at IS NULL"
    return f"({LEVEL} = {Level.PUBLIC} OR {own} OR {LEVEL} = {Level.FOLLOWERS} AND COALESCE({follows}, false))"
