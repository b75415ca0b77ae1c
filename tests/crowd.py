"""Many users at once, made without asking X18, where registering them would be the slow part of a test."""

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import httpx

from x18.core.ids import new_id
from x18.core.tokens import Tokens
from x18.settings import EXAMPLE_SECRETS

TOKENS = Tokens(
    EXAMPLE_SECRETS["JWT_ACCESS_SECRET"],
    EXAMPLE_SECRETS["JWT_REFRESH_SECRET"],
    access_ttl=timedelta(minutes=15),
    refresh_ttl=timedelta(days=1),
)

AT_ONCE: Final = 40
"""Several times as many as PostgreSQL is asked at a time. A thousand would only wait: on a busy machine for longer than X18 lets a
request wait for a connection to PostgreSQL, or a new connection for its first head, and then it answers 503 or 408, as it should."""


async def send_all(requests: Iterable[Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """The answers to many requests, ``AT_ONCE`` of them under way."""
    places = asyncio.Semaphore(AT_ONCE)

    async def send(request: Awaitable[httpx.Response]) -> httpx.Response:
        async with places:
            return await request

    return await asyncio.gather(*map(send, requests))


async def make_crowd(database: asyncpg.Pool, size: int) -> list[str]:
    """New users with a session each; their access tokens."""
    users = [(new_id(), new_id()) for _ in range(size)]
    expires_at = datetime.now(UTC) + timedelta(days=1)
    await database.executemany(
        """INSERT INTO users (id, username, email, password_hash, display_name)
           VALUES ($1::uuid, 'crowd_' || right(replace($1::text, '-', ''), 24), $1::text || '@example.com', '', 'one of many')""",
        [(user_id,) for user_id, _ in users],
    )
    await database.executemany(
        "INSERT INTO auth_sessions (id, user_id, refresh_token_hash, family_id, expires_at) VALUES ($2, $1, '', $2, $3)",
        [(user_id, session_id, expires_at) for user_id, session_id in users],
    )
    return [TOKENS.make_access(user_id, session_id) for user_id, session_id in users]
