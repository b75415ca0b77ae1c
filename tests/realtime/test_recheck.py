"""Sessions that ended without an event, as when somebody edits the tables, are found."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from tests.databases import own_pool
from x18.auth.sessions import Device, Owner, open_session
from x18.core import db
from x18.core.ids import new_id
from x18.core.tokens import Tokens
from x18.realtime import channel as channels
from x18.realtime.protocol import CloseCode
from x18.realtime.seal import Seal
from x18.runtime.embedded import Servers

TOKENS = Tokens("a" * 32, "b" * 32, access_ttl=timedelta(minutes=15), refresh_ttl=timedelta(days=30))


class Live:
    """A connection of a session, as far as the check goes."""

    def __init__(self, session_id: UUID | None) -> None:
        self.connection = SimpleNamespace(session_id=session_id)
        self.closed_with: CloseCode | None = None

    def close(self, code: CloseCode, _: str) -> None:
        """Remember."""
        self.closed_with = code

    def tick(self, *_: float) -> None:
        """A second is over."""


@pytest.fixture
async def database_url(servers: Servers) -> AsyncIterator[str]:
    """The address of what ``x18.core.db`` speaks to."""
    async with own_pool(servers) as url:
        yield url


async def new_session(name: str) -> UUID:
    user = new_id()
    await db.execute(
        "INSERT INTO users (id, username, email, password_hash, display_name) VALUES ($1, $2, $2, 'x', $2)", user, name
    )
    return TOKENS.read_access((await open_session(Owner(user), Device("", ""), TOKENS)).access).session_id


@pytest.mark.usefixtures("database_url")
async def test_connections_of_ended_sessions_are_closed_and_no_others() -> None:
    names = ("good", "revoked", "disabled", "deleted", "expired")
    good, revoked, disabled, deleted, expired = [await new_session(name) for name in names]
    await db.execute("UPDATE auth_sessions SET expires_at = now() WHERE id = $1", expired)
    await db.execute("UPDATE auth_sessions SET revoked_at = $2 WHERE id = $1", revoked, datetime.now(UTC))
    await db.execute("UPDATE users SET disabled_at = now() WHERE username = 'disabled'")
    await db.execute("DELETE FROM auth_sessions WHERE id = $1", deleted)
    live = [Live(one) for one in (good, None, revoked, disabled, deleted, expired)]
    channel: Any = SimpleNamespace(sessions=set(live))

    await channels.Channel._recheck(channel)

    assert [one.closed_with for one in live] == [None, None, *[CloseCode.REVOKED] * 4]


async def nobody(*_: object) -> Any:
    """Nobody logs in, and nothing is counted."""
    raise AssertionError


async def test_a_running_channel_looks_again_and_again(
    database_url: str, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "RECHECK_EVERY_S", 0.01)
    redis = Redis.from_url(str(servers.redis_url))
    channel = channels.Channel(
        database_url=database_url,
        redis=redis,
        seal=Seal("a", "b"),
        renderers={},
        read_counts=nobody,
        authenticate=nobody,
        redeem=nobody,
        origins=(),
        query_tokens=False,
        limited=True,
    )
    live: Any = Live(await new_session("edited"))
    channel.sessions.add(live)
    await channel.start()
    try:
        await db.execute("DELETE FROM auth_sessions")
        async with asyncio.timeout(30):
            while live.closed_with is None:
                await asyncio.sleep(0.01)
    finally:
        channel.sessions.clear()
        await channel.stop()
        await redis.aclose()
    assert live.closed_with == CloseCode.REVOKED
