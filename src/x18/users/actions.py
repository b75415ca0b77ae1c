"""Changing one's profile; following."""

import math
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET

from x18.core import db
from x18.core.errors import BadInput, NotFound
from x18.core.text import clean_email, clean_lines, clean_name, clean_text, split_url
from x18.realtime import notify, outbox
from x18.realtime.events import EventKind
from x18.realtime.notify import NotificationKind
from x18.users.names import clean_username, forms_of, is_reserved, taken
from x18.users.schemas import MAX_LENGTH, MAX_PRICE, ProfileChange

MAX_FOLLOWING: Final = 5_000
"""Home is read by walking the followees; the cap bounds its cost (33 ms at the cap)."""

COLUMNS: Final = ProfileChange.__struct_fields__


async def change_profile(user_id: UUID, change: ProfileChange) -> None:
    """Write the fields that were sent, all or none.

    Raises:
        BadInput: names the field.
        Conflict: the username or the address is taken.
    """
    values = _clean(change)
    if not values:
        return
    columns = [column for column in COLUMNS if column in values]
    assignments = ", ".join(f"{column} = ${place}" for place, column in enumerate(columns, start=4))
    async with db.transaction():
        was = await db.fetch_row(
            "SELECT username, display_name, bio, private_account FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id
        )
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
        if values.get("private_account", was["private_account"]) != was["private_account"]:
            await outbox.append(EventKind.PRIVACY_CHANGED, user_id, user_id)


async def follow(follower_id: UUID, followee_id: UUID) -> bool:
    """Follow somebody; whether that is new.

    Raises:
        BadInput: oneself, or more than 5,000 users.
        NotFound: no such user.
    """
    if follower_id == followee_id:
        raise BadInput("You cannot follow yourself.", code="cannot_follow_yourself")
    async with db.transaction():
        following = await _lock_pair(follower_id, followee_id)
        if await db.fetch_value(
            "SELECT true FROM follows WHERE follower_id = $1 AND followee_id = $2", follower_id, followee_id
        ):
            return False
        if following >= MAX_FOLLOWING:
            raise BadInput(
                f"You follow {MAX_FOLLOWING} users, which is the most: unfollow somebody first.",
                code="too_many_follows",
            )
        await db.execute("INSERT INTO follows (follower_id, followee_id) VALUES ($1, $2)", follower_id, followee_id)
        await _count(follower_id, followee_id, 1)
        await notify.notify([followee_id], NotificationKind.FOLLOW, follower_id)
        await outbox.append(EventKind.FOLLOW, follower_id, followee_id)
    return True


async def unfollow(follower_id: UUID, followee_id: UUID) -> bool:
    """Stop following; whether one did.

    Raises:
        NotFound: no such user.
    """
    async with db.transaction():
        await _lock_pair(follower_id, followee_id)
        gone = await db.fetch_value(
            "DELETE FROM follows WHERE follower_id = $1 AND followee_id = $2 RETURNING true", follower_id, followee_id
        )
        if gone:
            await _count(follower_id, followee_id, -1)
            await notify.take_back(NotificationKind.FOLLOW, follower_id, recipient_id=followee_id)
            await outbox.append(EventKind.UNFOLLOW, follower_id, followee_id)
    return bool(gone)


async def _lock_pair(follower_id: UUID, followee_id: UUID) -> int:
    """Lock both users in the order of their ids, so that two who follow each other do not deadlock. How many the first follows."""
    rows = await db.fetch(
        """SELECT id, following_count FROM users WHERE id = ANY($1) AND disabled_at IS NULL
           ORDER BY id FOR NO KEY UPDATE""",
        [follower_id, followee_id],
    )
    counts = {row["id"]: row["following_count"] for row in rows}
    if followee_id not in counts:
        raise NotFound("No such user.", code="user_not_found")
    return int(counts.get(follower_id, 0))


async def _count(follower_id: UUID, followee_id: UUID, step: int) -> None:
    await db.execute(
        """UPDATE users SET following_count = following_count + CASE WHEN id = $1 THEN $3 ELSE 0 END,
                            followers_count = followers_count + CASE WHEN id = $2 THEN $3 ELSE 0 END
           WHERE id IN ($1, $2)""",
        follower_id,
        followee_id,
        step,
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
    """Only kept, never fetched. Paths of this server are allowed: an avatar may be an uploaded file."""
    try:
        parts = split_url(text)
        good = not text or (parts.scheme in ("http", "https") and parts.hostname) or text.startswith("/storage/media/")
    except ValueError:
        good = False
    if not good or any(character.isspace() for character in text):
        raise BadInput.of(field, "must be an http or https address")
    return text
