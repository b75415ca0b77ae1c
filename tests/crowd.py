"""Many users at once, made without asking X18, where registering them would be the slow part of a test."""

from datetime import UTC, datetime, timedelta

import asyncpg

from x18.core.ids import new_id
from x18.core.tokens import Tokens
from x18.settings import EXAMPLE_SECRETS

TOKENS = Tokens(
    EXAMPLE_SECRETS["JWT_ACCESS_SECRET"],
    EXAMPLE_SECRETS["JWT_REFRESH_SECRET"],
    access_ttl=timedelta(minutes=15),
    refresh_ttl=timedelta(days=1),
)


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
