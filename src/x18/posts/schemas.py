"""Posts on the wire."""

from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from x18.core.fields import Count, Moment
from x18.core.paging import Listing
from x18.core.text import described
from x18.media.schemas import MediaView
from x18.posts import foreign
from x18.users.schemas import UserView

MAX_CONTENT: Final = 5_000
MAX_MEDIA: Final = 4

ClientId = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$")]
"""Visible ASCII."""

Visibility = Annotated[
    Literal["public", "followers", "private"],
    Meta(description="Who can see it: everybody, followers, or only the author."),
]


class AnsweredUser(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote the post that a reply answers, by the names that the user has now."""

    id: UUID
    username: str
    display_name: str


class PostView(msgspec.Struct, kw_only=True):
    """A post. The three flags are there only for a viewer; ``retweeted_by`` only where a timeline shows a retweet."""

    id: UUID
    user_id: UUID
    user: UserView
    content: str
    metadata: Annotated[dict[str, Any], Meta(description="As it was sent.")]
    media: list[MediaView]
    hashtags: Annotated[
        list[str],
        Meta(
            description="Those in the content, without `#`, in the one form in which they are compared: lower case, without accents."
        ),
    ]
    mentions: Annotated[list[str], Meta(description="The users named in the content, by the names they have now.")]
    visibility: Visibility
    reply_to_id: Annotated[UUID | None, Meta(description="The post that this one answers, also when that is gone.")]
    reply_to_user: Annotated[
        AnsweredUser | None,
        Meta(
            description="Who wrote that. Null where it is gone, or where not everybody may see it, unless it is by the same author."
        ),
    ]
    root_post_id: Annotated[
        UUID | None, Meta(description="The post that a thread of replies began with, also when that is gone.")
    ]
    likes_count: Count
    retweets_count: Count
    replies_count: Count
    bookmarks_count: Count
    created_at: Moment
    updated_at: Moment
    is_liked: Annotated[bool | UnsetType, Meta(description="By the viewer.")] = UNSET
    is_retweeted: Annotated[bool | UnsetType, Meta(description="By the viewer.")] = UNSET
    is_bookmarked: Annotated[bool | UnsetType, Meta(description="By the viewer.")] = UNSET
    retweeted_by: UserView | UnsetType = UNSET
    retweeted_at: Moment | UnsetType = UNSET


class PostDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A post to be made. Names in camelCase (`mediaIds`, `replyToId`) are taken too. What limits who may see a post and is not known
    here, such as `price_cents`, is refused and not ignored.
    """

    translate: ClassVar = staticmethod(foreign.translate)

    content: Annotated[
        str,
        described(
            "`#hashtags`, `$CASHTAGS` and `@mentions` are recognised. May be empty if the post has media.",
            most=MAX_CONTENT,
        ),
    ] = ""
    metadata: Annotated[
        dict[str, Any] | None,
        Meta(
            description="Any JSON object of at most 16 KiB and 8 levels. Lists and topics are filtered by `category`, `market` and "
            "`symbol` (texts of at most 64 characters) and `tags` (at most 32 of them)."
        ),
    ] = None
    media_ids: Annotated[
        list[UUID] | None,
        Meta(
            description="Your own files that are ready and in no post yet.", extra_json_schema={"maxItems": MAX_MEDIA}
        ),
    ] = None
    visibility: Visibility = "public"
    reply_to_id: Annotated[UUID | None, Meta(description="The post that this one answers.")] = None
    client_id: Annotated[
        ClientId | None,
        Meta(
            description="What the client calls the post until it knows its id. The event `post` repeats it to the author's own "
            "connections, so that a client knows its post when that comes live before the answer does; nobody else is shown it.",
        ),
    ] = None


class PostList(Listing, kw_only=True):
    """A page of posts."""

    posts: list[PostView]


class RetweetBody(msgspec.Struct, frozen=True):
    """Payload of the event ``retweet``."""

    post: PostView
    retweeted_by: UserView
    retweeted_at: Moment


class PostGone(msgspec.Struct, frozen=True):
    """Payload of the event ``post.deleted``."""

    id: UUID


class RetweetGone(msgspec.Struct, frozen=True):
    """Payload of the event ``retweet.deleted``: the post, and who took the retweet back."""

    id: UUID
    retweeted_by: UUID
