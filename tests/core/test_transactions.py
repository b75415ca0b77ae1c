"""What a transaction promises to whoever runs in it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.databases import own_pool
from x18.core import db
from x18.runtime.embedded import Servers


@pytest.fixture(autouse=True, scope="module")
async def pool(servers: Servers) -> AsyncIterator[None]:
    """What ``x18.core.db`` speaks to, with a table whose constraint is checked by the commit."""
    async with own_pool(servers):
        await db.execute("CREATE TABLE once (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        yield


async def test_what_shall_follow_a_commit_follows_it_once_and_in_order() -> None:
    called: list[str] = []
    db.after_commit(lambda: called.append("where none is open"))
    async with db.transaction():
        db.after_commit(lambda: called.append("outer"))
        async with db.transaction():
            db.after_commit(lambda: called.append("inner"))
        assert called == ["where none is open"]

    assert called == ["where none is open", "outer", "inner"]
    db.after_commit(lambda: called.append("again where none is open"))
    assert len(called) == 4


async def break_off(called: list[str]) -> None:
    async with db.transaction():
        async with db.transaction():
            await db.execute("INSERT INTO once VALUES (2)")
            db.after_commit(lambda: called.append("inner"))
        db.after_commit(lambda: called.append("outer"))
        raise ZeroDivisionError


async def fail_to_commit(called: list[str]) -> None:
    async with db.transaction():
        await db.execute("INSERT INTO once VALUES (3), (3)")  # told by the commit
        db.after_commit(lambda: called.append("never"))


async def test_nothing_follows_a_rollback() -> None:
    called: list[str] = []
    with pytest.raises(ZeroDivisionError):
        await break_off(called)
    with pytest.raises(asyncpg.UniqueViolationError):
        await fail_to_commit(called)

    assert called == []
    assert await db.fetch_value("SELECT count(*) FROM once") == 0, "an inner one is undone with the outer one"


async def test_a_connection_comes_back_whatever_became_of_its_transaction() -> None:
    for _ in range(5):  # more than there are
        with pytest.raises(asyncpg.UniqueViolationError):
            await fail_to_commit([])

    assert db.pools_in_use()["requests"].used == 0
