"""Search on the wire."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from x18.core.paging import Listing
from x18.core.windows import Timeframe
from x18.posts.schemas import PostList, PostView
from x18.users.schemas import UserView

FoundCount = Annotated[int, Meta(ge=0, le=1_000, description="Counted up to 1,000.")]


class Totals(msgspec.Struct, kw_only=True):
    """The number of results of each kind."""

    users: FoundCount
    posts: FoundCount


class FoundView(msgspec.Struct, kw_only=True):
    """Users and posts; a kind that was not asked for is empty."""

    users: list[UserView]
    posts: list[PostView]
    total: Totals
    limit: Annotated[int, Meta(ge=1, le=100)]
    offset: Annotated[int, Meta(ge=0, le=10_000)]
    next_cursor: Annotated[UUID | None, Meta(description="Always null: pages go by `offset`, as in `Link`.")] = None


class FoundUsers(Listing, kw_only=True):
    """Users, the best match first. There is no cursor: pages go by ``offset``."""

    users: list[UserView]


class HashtagPosts(PostList, kw_only=True):
    """A hashtag in its canonical form and a page of posts with it."""

    hashtag: Annotated[str, Meta(description="Without `#`, in the form in which hashtags are compared.")]


class HashtagCount(msgspec.Struct, kw_only=True):
    """A hashtag with the numbers of people and posts that use it."""

    tag: Annotated[str, Meta(description="Without `#`, in the form in which hashtags are compared.")]
    count: Annotated[int, Meta(ge=0, description="Of public posts in the time that was asked for.")]
    authors: Annotated[int, Meta(ge=0, description="Of people who wrote them, by which hashtags are ranked.")]


class TrendingHashtags(Listing, kw_only=True):
    """Hashtags by the number of people, then of posts, ties by name, the first hundred. There is no cursor: pages go by ``offset``."""

    hashtags: list[HashtagCount]
    timeframe: Timeframe
