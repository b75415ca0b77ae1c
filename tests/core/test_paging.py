"""What lists rely on: that a horizon is known before the rows are read, and is one for ever."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from tests.databases import own_pool
from x18.core import db
from x18.core.ids import MAX_ID, MIN_ID
from x18.core.order import Horizon, Order, horizon
from x18.core.paging import Page, read_page
from x18.runtime.embedded import Servers


@pytest.fixture(autouse=True, scope="module")
async def pool(servers: Servers) -> AsyncIterator[None]:
    """What ``x18.core.db`` speaks to."""
    async with own_pool(servers):
        yield


async def new_id() -> UUID:
    made: UUID = await db.fetch_value(f"SELECT order_id({Order.MEDIA.value})")
    return made


async def test_what_another_request_learns_while_the_rows_are_read_settles_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(horizon, "_known", {})
    rows = [await new_id()]
    asked: list[Page] = []

    async def read(page: Page) -> list[UUID]:
        asked.append(page)
        found = [row for row in rows if row < page.below]
        if len(asked) == 1:  # something older appears, and somebody else looks at the horizon after it
            rows.append(UUID(int=rows[0].int - 1))
            horizon._known[Order.MEDIA] = UUID(int=rows[0].int + 1)
        return sorted(found, reverse=True)

    shown, ends = await read_page(Order.MEDIA, Page(), read, lambda row: row)

    assert shown == rows, "and both are on the page"
    assert ends.newest_cursor == rows[0]
    assert asked[-1].ceiling > rows[0]


async def test_what_was_a_horizon_once_stays_one() -> None:
    looked = Horizon()
    await looked.look()
    now = looked.known(Order.POSTS)
    ahead = UUID(int=now.int + (3_600_000 << 80))
    looked._known[Order.POSTS] = ahead
    await looked.look()

    assert looked.known(Order.POSTS) == ahead
    assert MIN_ID < now <= looked.known(Order.MEDIA) < MAX_ID


async def test_a_look_is_no_part_of_the_transaction_of_whoever_asks() -> None:
    looked = Horizon()
    async with db.transaction() as connection:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await db.execute("SELECT 1 / 0")
        with pytest.raises(asyncpg.InFailedSQLTransactionError):
            await connection.execute("SELECT 1")
        await looked.look()

    assert looked.known(Order.POSTS) > MIN_ID
