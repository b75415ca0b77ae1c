"""Users on the wire."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from x18.core.fields import Count, Moment
from x18.core.paging import Listing
from x18.core.text import described

MAX_LENGTH: Final = {
    "display_name": 100,
    "bio": 500,
    "location": 100,
    "website": 2048,
    "avatar_url": 2048,
    "header_url": 2048,
}
ONE_LINE: Final = "A single line without direction controls, invisible characters and piles of marks."
MAX_PRICE: Final = 99_999_999.99

Username = Annotated[
    str, Meta(description="Unique, ignoring case.", extra_json_schema={"pattern": "^[A-Za-z0-9_]{3,50}$"})
]
Email = Annotated[
    str,
    Meta(description="Unique, ignoring case.", extra_json_schema={"format": "email", "maxLength": 254}),
]
Address = Annotated[
    str | None,
    described(
        "An http or https address, or that of an uploaded file; kept, never fetched.", most=MAX_LENGTH["website"]
    ),
]


class UserView(msgspec.Struct, kw_only=True):
    """The public form of a user. The two flags are there only for a viewer."""

    id: UUID
    username: str
    display_name: str
    bio: str
    location: str
    website: Annotated[str, Meta(description="Empty if there is none; so are the two addresses below.")]
    avatar_url: str
    header_url: str
    verified: bool
    subscription_price: Annotated[float, Meta(ge=0, le=MAX_PRICE)]
    followers_count: Count
    following_count: Count
    posts_count: Count
    private_account: Annotated[bool, Meta(description="Only followers see the posts; anyone can follow.")]
    created_at: Moment
    is_following: Annotated[bool | UnsetType, Meta(description="Whether the viewer follows this user.")] = UNSET
    is_followed_by: Annotated[bool | UnsetType, Meta(description="Whether this user follows the viewer.")] = UNSET


class MeUser(UserView, kw_only=True):
    """The own account, with fields that only its user sees."""

    email: str
    updated_at: Moment
    last_active_at: Moment


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """The fields to change; what is not sent stays. An empty text or null removes."""

    display_name: Annotated[
        str | UnsetType, described(f"Not empty. {ONE_LINE}", least=1, most=MAX_LENGTH["display_name"])
    ] = UNSET
    bio: Annotated[str | None | UnsetType, described("A few sentences.", most=MAX_LENGTH["bio"])] = UNSET
    location: Annotated[str | None | UnsetType, described(f"Free text. {ONE_LINE}", most=MAX_LENGTH["location"])] = (
        UNSET
    )
    website: Address | UnsetType = UNSET
    avatar_url: Address | UnsetType = UNSET
    header_url: Address | UnsetType = UNSET
    private_account: Annotated[
        bool | UnsetType, Meta(description="From now on all posts, old ones too, are for followers only.")
    ] = UNSET
    subscription_price: Annotated[
        float | UnsetType,
        Meta(
            description="Rounded to cents; stored only, nothing is charged.",
            extra_json_schema={"minimum": 0, "maximum": MAX_PRICE},
        ),
    ] = UNSET
    username: Username | UnsetType = UNSET
    email: Email | UnsetType = UNSET


class UserList(Listing, kw_only=True):
    """A page of users; its cursor is that of the follow, not a user's id."""

    users: list[UserView]
