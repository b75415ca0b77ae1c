"""Changing one's profile; following."""

import math
import re
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET

from x18.core import db
from x18.core.errors import BadInput, NotAuthenticated, NotFound
from x18.core.text import clean_email, clean_lines, clean_name, clean_text, split_url
from x18.media.kinds import NAME
from x18.realtime import notify, outbox
from x18.realtime.events import EventKind
from x18.realtime.notify import NotificationKind
from x18.users import former_names, profile_news
from x18.users.names import clean_username, forms_of, is_reserved, taken
from x18.users.schemas import MAX_LENGTH, MAX_PRICE, ProfileChange

MAX_FOLLOWING: Final = 5_000
"""Home is read by walking the followees; the cap bounds its cost (33 ms at the cap)."""

MEDIA: Final = "/storage/media/"
NO_ADDRESS: Final = re.compile(r"[\s\x00-\x1f\x7f\"<>\\^`{|}]")
"""Characters that no address holds (RFC 3986, appendix C), and those that end an attribute of HTML."""

COLUMNS: Final = ProfileChange.__struct_fields__
SHOWN: Final = [column for column in COLUMNS if column != "email"]
"""The columns of a profile that others see."""


async def change_profile(user_id: UUID, change: ProfileChange) -> None:
    """Write the fields that were sent, all or none.

    Raises:
        BadInput: names the field.
        Conflict: the username or the address is taken, or more names were given up than may rest.
    """
    values = _clean(change)
    if not values:
        return
    columns = [column for column in COLUMNS if column in values]
    assignments = ", ".join(f"{column} = ${place}" for place, column in enumerate(columns, start=4))
    async with db.transaction():
        was = await db.fetch_row(f"SELECT {', '.join(SHOWN)} FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
        if was is None:
            return
        username = values.get("username", "")
        if is_reserved(username) and was["username"].lower() != username.lower():
            raise taken("users_username")
        try:
            await db.execute(
                f"UPDATE users SET {assignments}, folded_name = $2, words = $3, updated_at = now() WHERE id = $1",
                user_id,
                *forms_of(values.get("display_name", was["display_name"]), values.get("bio", was["bio"])),
                *(values[column] for column in columns),
            )
        except asyncpg.UniqueViolationError as error:
            raise taken(error.constraint_name) from error
        if "username" in values:
            await former_names.exchange(user_id, was["username"], values["username"])
        if values.get("private_account", was["private_account"]) != was["private_account"]:
            await outbox.append(EventKind.PRIVACY_CHANGED, user_id, user_id)
        if any(column in values and values[column] != was[column] for column in SHOWN):
            await profile_news.tell(user_id)


async def follow(follower_id: UUID, followee_id: UUID) -> bool:
    """Follow somebody; whether that is new.

    Raises:
        BadInput: oneself, or more than 5,000 users.
        NotFound: no such user.
    """
    if follower_id == followee_id:
        raise BadInput("You cannot follow yourself.", code="cannot_follow_yourself")
    async with db.transaction():
        pair = await _lock_pair(follower_id, followee_id)
        if not pair.followee_is_enabled:
            raise NotFound("No such user.", code="user_not_found")
        if await db.fetch_value(
            "SELECT true FROM follows WHERE follower_id = $1 AND followee_id = $2", follower_id, followee_id
        ):
            return False
        if pair.following >= MAX_FOLLOWING:
            raise BadInput(
                f"You follow {MAX_FOLLOWING} users, which is the limit: unfollow somebody first.",
                code="too_many_follows",
            )
        await db.execute("INSERT INTO follows (follower_id, followee_id) VALUES ($1, $2)", follower_id, followee_id)
        await _count(follower_id, followee_id, 1)
        await notify.notify([followee_id], NotificationKind.FOLLOW, follower_id)
        await outbox.append(EventKind.FOLLOW, follower_id, followee_id)
    return True


async def unfollow(follower_id: UUID, followee_id: UUID) -> bool:
    """Stop following; whether one did. A disabled account can be left too.

    Raises:
        NotFound: no such user, or a disabled one that one did not follow.
    """
    async with db.transaction():
        pair = await _lock_pair(follower_id, followee_id)
        gone = await db.fetch_value(
            "DELETE FROM follows WHERE follower_id = $1 AND followee_id = $2 RETURNING true", follower_id, followee_id
        )
        if not gone and not pair.followee_is_enabled:
            raise NotFound("No such user.", code="user_not_found")
        if gone:
            await _count(follower_id, followee_id, -1, followee_counts=pair.followee_is_enabled)
            await notify.take_back(NotificationKind.FOLLOW, follower_id, recipient_id=followee_id)
            await outbox.append(EventKind.UNFOLLOW, follower_id, followee_id)
    return bool(gone)


class _Pair(NamedTuple):
    """The number of users whom the follower follows, and whether the followee's account is enabled."""

    following: int
    followee_is_enabled: bool


async def _lock_pair(follower_id: UUID, followee_id: UUID) -> _Pair:
    """Lock both users in the order of their ids, so that two who follow each other do not deadlock.

    Raises:
        NotFound: the one to follow is not there at all.
        NotAuthenticated: the follower was disabled just now.
    """
    rows = await db.fetch(
        """SELECT id, following_count, disabled_at IS NULL AS is_enabled FROM users WHERE id = ANY($1)
           ORDER BY id FOR NO KEY UPDATE""",
        [follower_id, followee_id],
    )
    users = {row["id"]: row for row in rows}
    if followee_id not in users:
        raise NotFound("No such user.", code="user_not_found")
    if follower_id not in users or not users[follower_id]["is_enabled"]:
        raise NotAuthenticated("The session has ended; log in again.", code="session_revoked")
    return _Pair(users[follower_id]["following_count"], users[followee_id]["is_enabled"])


async def _count(follower_id: UUID, followee_id: UUID, step: int, *, followee_counts: bool = True) -> None:
    """Both counters; ``following_count`` leaves out disabled accounts, as the list does."""
    await db.execute(
        """UPDATE users SET following_count = following_count + CASE WHEN id = $1 AND $4 THEN $3 ELSE 0 END,
                            followers_count = followers_count + CASE WHEN id = $2 THEN $3 ELSE 0 END
           WHERE id IN ($1, $2)""",
        follower_id,
        followee_id,
        step,
        followee_counts,
    )


def _clean(change: ProfileChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, value in msgspec.structs.asdict(change).items():
        if value is UNSET:
            continue
        values[field] = _clean_field(field, value)
    return values


def _clean_field(field: str, value: Any) -> Any:
    if field == "username":
        return clean_username(value)
    if field == "email":
        return clean_email(value)
    if field == "subscription_price":
        return _clean_price(value)
    if field in MAX_LENGTH:
        clean = {"display_name": clean_name, "location": clean_name, "bio": clean_lines}.get(field, clean_text)
        text = clean(field, value or "", least=1 if field == "display_name" else 0, most=MAX_LENGTH[field])
        return _clean_url(field, text) if field in ("website", "avatar_url", "header_url") else text
    return value


def _clean_price(value: float) -> Any:
    if not math.isfinite(value) or not 0 <= value <= MAX_PRICE:
        raise BadInput.of("subscription_price", f"must be from 0 to {MAX_PRICE:.2f}")
    return round(value, 2)


def _clean_url(field: str, text: str) -> str:
    """Only kept, never fetched. An avatar may be an uploaded file: of the paths of this server these are allowed and no others."""
    try:
        parts = split_url(text)
        uploaded = text.startswith(MEDIA) and NAME.fullmatch(text.removeprefix(MEDIA))
        good = not text or (parts.scheme in ("http", "https") and parts.hostname) or uploaded
    except ValueError:
        good = False
    if not good or NO_ADDRESS.search(text):
        raise BadInput.of(field, "must be an http or https address")
    return text
