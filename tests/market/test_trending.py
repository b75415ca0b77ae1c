"""Trending symbols: people are counted, of posts that everybody may see."""

import asyncio
import secrets
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.test_posts import publish
from tests.conftest import MakeUser
from x18.market.trending import change_of

PATH = "/api/widgets/trending-tickers"
Found = dict[str, Any]


def new_symbol() -> str:
    """One that stands before other tests' among those that as many people used as often."""
    return "A" + secrets.token_hex(6).upper()


async def becomes(api: httpx.AsyncClient, ticker: str, count: int, authors: int, timeframe: str = "24h") -> Found:
    """Wait until so many posts and people are counted; what is said of the symbol, or nothing of one that nobody used."""
    async with asyncio.timeout(10):
        while True:
            answer = await api.get(PATH, params={"limit": 100, "timeframe": timeframe})
            assert answer.status_code == 200, answer.text
            found = next((one for one in answer.json() if one["ticker"] == ticker), None)
            if (found["count"], found["authors"]) == (count, authors) if found else not count:
                return found or {}
            await asyncio.sleep(0.05)


async def test_people_are_counted_whether_by_cashtag_or_metadata(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    loud, quiet = await make_user("loud"), await make_user("quiet")
    of_one, of_two = new_symbol(), new_symbol()
    for _ in range(4):
        await publish(loud, f"${of_one.lower()}-usd and ${of_one}-USD again")
    await publish(loud, "x", metadata={"symbol": of_two})
    await publish(quiet, f"${of_two}")

    await becomes(api, f"{of_one}-USD", 4, 1)
    found = await becomes(api, of_two, 2, 2)

    assert found == {"ticker": of_two, "count": 2, "authors": 2, "change": None}
    tickers = [one["ticker"] for one in (await api.get(f"{PATH}?limit=100")).json()]
    assert tickers.index(of_two) < tickers.index(f"{of_one}-USD"), "many people go before many posts"
    assert (await api.get(f"{PATH}?limit=100")).json()[:2] == (await api.get(f"{PATH}?limit=2")).json()
    assert len((await api.get(PATH)).json()) <= 5


async def test_only_what_everybody_may_see_counts(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, shy, gone, other = [await make_user(name) for name in ("author", "shy", "gone", "other")]
    symbol = new_symbol()
    deleted = [await publish(author, f"${symbol}") for _ in range(2)]
    for level in ("followers", "private"):
        await publish(author, f"${symbol}", visibility=level)
    for user in (author, shy, gone, other):
        await publish(user, f"${symbol}")
    await becomes(api, symbol, 6, 4)

    for post in deleted:
        await author.client.delete(f"/api/posts/{post['id']}")
    await becomes(api, symbol, 4, 4)
    await shy.client.patch("/api/users/me", json={"private_account": True})
    await publish(shy, f"${symbol}")
    await becomes(api, symbol, 3, 3)
    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", gone.id)
    await becomes(api, symbol, 2, 2)
    await shy.client.patch("/api/users/me", json={"private_account": False})
    await database.execute("UPDATE users SET disabled_at = NULL WHERE id = $1", gone.id)
    await becomes(api, symbol, 4, 4)


async def test_of_a_symbol_nobody_may_see_nothing_is_told(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    private, public = await make_user("private", private_account=True), await make_user("public")
    hidden, fence = new_symbol(), new_symbol()
    await publish(private, f"${hidden}")
    await publish(public, f"${hidden}", visibility="followers")
    await publish(public, f"${fence}")

    await becomes(api, fence, 1, 1)

    assert hidden not in (await api.get(f"{PATH}?limit=100&timeframe=7d")).text


async def test_change_is_that_of_the_people_against_the_span_before(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    users = [await make_user() for _ in range(3)]
    symbol = new_symbol()
    for user in users:
        await publish(user, f"${symbol}")
    await becomes(api, symbol, 3, 3)
    # Both spans of 24 h begin with a full hour: 36 h ago lies in the one before, 60 h ago in none.
    for hours, ids in ((36, [users[0].id, users[1].id]), (60, [user.id for user in users])):
        await database.execute(
            """INSERT INTO symbol_uses (symbol, hour, author_id, posts)
               SELECT $1, date_trunc('hour', now() - $2 * interval '1 hour', 'UTC'), id, 5 FROM unnest($3::uuid[]) id""",
            symbol,
            hours,
            ids,
        )

    async with asyncio.timeout(10):
        while (found := await becomes(api, symbol, 3, 3))["change"] is None:
            await asyncio.sleep(0.05)

    assert found["change"] == 50.0
    assert (await becomes(api, symbol, 28, 3, "7d"))["change"] is None


@pytest.mark.parametrize(
    ("now", "before", "change"), [(3, 2, 50.0), (1, 3, -66.7), (2, 2, 0.0), (4, 0, None), (3, 1.5, 100.0)]
)
def test_change_is_in_percent(now: float, before: float, change: float | None) -> None:
    assert change_of(now, before) == change


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "timeframe=30d", "timeframe="])
async def test_another_limit_or_timeframe_is_a_400(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"{PATH}?{query}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, query.partition("=")[0])
