"""Timelines on the wire."""

from typing import Annotated

from msgspec import Meta

from x18.posts.schemas import PostList
from x18.users.schemas import UserView


class UserTimeline(PostList, kw_only=True):
    """A user and a page of the user's posts and retweets."""

    user: UserView


class MetadataSearch(PostList, kw_only=True):
    """Posts by metadata, and the filters that were asked for."""

    filters: Annotated[dict[str, list[str]], Meta(description="By name, as they were understood.")]
