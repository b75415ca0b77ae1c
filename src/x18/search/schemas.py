"""Search on the wire."""

import msgspec

from x18.core.paging import Listing
from x18.posts.schemas import PostList, PostView
from x18.users.schemas import UserView


class Totals(msgspec.Struct, kw_only=True):
    """How many there are of each kind, counted up to 1,000."""

    users: int
    posts: int


class FoundView(msgspec.Struct, kw_only=True):
    """Users and posts; a kind that was not asked for is empty."""

    users: list[UserView]
    posts: list[PostView]
    total: Totals
    limit: int
    offset: int


class FoundUsers(Listing, kw_only=True):
    """Users, the best match first. There is no cursor: pages go by ``offset``."""

    users: list[UserView]


class HashtagPosts(PostList, kw_only=True):
    """A hashtag in its canonical form and a page of posts with it."""

    hashtag: str


class HashtagCount(msgspec.Struct, kw_only=True):
    """How many posts have a hashtag."""

    tag: str
    count: int


class TrendingHashtags(msgspec.Struct, kw_only=True):
    """Hashtags by the number of posts, ties by name."""

    hashtags: list[HashtagCount]
    limit: int
    timeframe: str
