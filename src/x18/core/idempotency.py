"""``Idempotency-Key``: a request that is sent again is answered again, and done once."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request

from x18.core import db
from x18.core.errors import BadInput, Conflict, TooManyRequests
from x18.core.ids import new_id

KEPT: Final = timedelta(hours=24)
MAX_KEY: Final = 255
MOST_KEPT: Final = 10_000
"""Answers that are kept for one user at a time."""

_encoder = msgspec.json.Encoder()


async def once(
    request: Request[Any, Any, Any], user_id: UUID, content: bytes, make: Callable[[], Awaitable[msgspec.Struct]]
) -> msgspec.Raw:
    """The answer of ``make`` as JSON; for a key that this user sent before within 24 h, the answer of that time.

    ``content`` is what was asked for. All is one transaction: of parallel requests one acts and the others wait for it, and what
    fails leaves the key unused. So ``make`` may speak to the database only: what takes long is done before, after ``recall``.

    Raises:
        BadInput: a key that is none.
        Conflict: ``idempotency_key_reused``, for something else.
        TooManyRequests: as many answers are kept for this user as may be.
    """
    key, fingerprint = _key_of(request), _fingerprint(request, content)
    if key is None:
        return msgspec.Raw(_encoder.encode(await make()))
    async with db.transaction():
        await db.execute(
            "DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND created_at < now() - $3::interval",
            user_id,
            key,
            KEPT,
        )
        is_first = await db.fetch_value(
            """INSERT INTO idempotency_keys (id, user_id, key, fingerprint) VALUES ($1, $2, $3, $4)
               ON CONFLICT (user_id, key) DO NOTHING RETURNING true""",
            new_id(),
            user_id,
            key,
            fingerprint,
        )
        if is_first:
            await _check_room(user_id)
            answer = _encoder.encode(await make())
            await db.execute(
                "UPDATE idempotency_keys SET body = $3 WHERE user_id = $1 AND key = $2", user_id, key, answer
            )
        else:
            answer = await _answer_of(user_id, key, fingerprint)
    return msgspec.Raw(answer)


async def recall(request: Request[Any, Any, Any], user_id: UUID, content: bytes) -> msgspec.Raw | None:
    """The answer of an earlier request with the same key; None for a new key, and while the first one is still at it.

    Raises:
        BadInput, Conflict: as ``once``.
    """
    key = _key_of(request)
    if key is None:
        return None
    known = await db.fetch_value(
        "SELECT true FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND created_at >= now() - $3::interval",
        user_id,
        key,
        KEPT,
    )
    return msgspec.Raw(await _answer_of(user_id, key, _fingerprint(request, content))) if known else None


async def forget_old_keys() -> None:
    """Delete what nobody may send again."""
    await db.execute("DELETE FROM idempotency_keys WHERE created_at < now() - $1::interval", KEPT)


def _key_of(request: Request[Any, Any, Any]) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and (not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        raise BadInput.of("Idempotency-Key", f"must have 1 to {MAX_KEY} printable characters")
    return key


def _fingerprint(request: Request[Any, Any, Any], content: bytes) -> bytes:
    return hashlib.sha256(request.scope["path"].rstrip("/").encode() + b"\n" + content).digest()


async def _check_room(user_id: UUID) -> None:
    kept = await db.fetch_value(
        "SELECT count(*) FROM (SELECT FROM idempotency_keys WHERE user_id = $1 LIMIT $2) k", user_id, MOST_KEPT + 1
    )
    if kept > MOST_KEPT:
        raise TooManyRequests(
            f"You sent {MOST_KEPT:,} requests with an Idempotency-Key within a day: send no key, or come back later.",
            retry_after_s=3600,
        )


async def _answer_of(user_id: UUID, key: str, fingerprint: bytes) -> bytes:
    row = await db.fetch_row(
        "SELECT fingerprint, body FROM idempotency_keys WHERE user_id = $1 AND key = $2", user_id, key
    )
    if row is None or row["fingerprint"] != fingerprint:
        raise Conflict(
            "This Idempotency-Key was used for another request: send a new one.", code="idempotency_key_reused"
        )
    body: bytes = row["body"]
    return body
