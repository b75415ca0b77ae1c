"""Sessions that ended without an event, as when somebody edits the tables, are found."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from tests.databases import new_database
from x18.auth.sessions import Device, Owner, open_session
from x18.core import db
from x18.core.ids import new_id
from x18.core.tokens import Tokens
from x18.realtime.channel import Channel
from x18.realtime.protocol import CloseCode
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


@pytest.fixture
async def pool(servers: Servers) -> AsyncIterator[None]:
    """What ``x18.core.db`` speaks to."""
    async with new_database(servers) as url:
        await db.start_pool(url, max_size=2)
        yield
        await db.close_pool()


async def new_session(name: str) -> UUID:
    user = new_id()
    await db.execute(
        "INSERT INTO users (id, username, email, password_hash, display_name) VALUES ($1, $2, $2, 'x', $2)", user, name
    )
    return TOKENS.read_access((await open_session(Owner(user), Device("", ""), TOKENS)).access).session_id


@pytest.mark.usefixtures("pool")
async def test_connections_of_ended_sessions_are_closed_and_no_others() -> None:
    names = ("good", "revoked", "disabled", "deleted", "expired")
    good, revoked, disabled, deleted, expired = [await new_session(name) for name in names]
    await db.execute("UPDATE auth_sessions SET expires_at = now() WHERE id = $1", expired)
    await db.execute("UPDATE auth_sessions SET revoked_at = $2 WHERE id = $1", revoked, datetime.now(UTC))
    await db.execute("UPDATE users SET disabled_at = now() WHERE username = 'disabled'")
    await db.execute("DELETE FROM auth_sessions WHERE id = $1", deleted)
    live = [Live(one) for one in (good, None, revoked, disabled, deleted, expired)]
    channel: Any = SimpleNamespace(sessions=set(live))

    await Channel._recheck(channel)

    assert [one.closed_with for one in live] == [None, None, *[CloseCode.REVOKED] * 4]
