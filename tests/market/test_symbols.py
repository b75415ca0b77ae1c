"""The page of a symbol, and completion: public posts of accounts that everybody sees, and of nobody else."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from tests.api.test_posts import publish
from tests.conftest import MakeUser
from tests.live import live
from tests.market.test_trending import new_symbol
from tests.server import Server
from x18.core.ids import id_floor

View = dict[str, Any]


async def page(client: httpx.AsyncClient, symbol: str, timeframe: str = "7d") -> View:
    answer = await client.get(f"/api/symbols/{symbol}", params={"timeframe": timeframe})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def becomes(client: httpx.AsyncClient, symbol: str, posts: int, authors: int, timeframe: str = "7d") -> View:
    """The page once so many posts and people are counted."""
    async with asyncio.timeout(10):
        while True:
            found = await page(client, symbol, timeframe)
            if (found["posts_count"], found["authors_count"]) == (posts, authors):
                assert sum(bucket["count"] for bucket in found["posts_over_time"]) == posts
                return found
            await asyncio.sleep(0.05)


async def test_a_page_says_how_much_by_whom_and_with_what(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    loud, quiet = await make_user("loud"), await make_user("quiet")
    symbol, other, third, tag = new_symbol(), new_symbol(), new_symbol(), "t" + secrets.token_hex(5)
    for _ in range(2):
        await publish(loud, f"${symbol} with ${third}, ${symbol}")
    await publish(loud, "only in the metadata", metadata={"symbol": symbol.lower(), "tags": [third]})
    await publish(quiet, f"#{tag} ${symbol} beats ${other} #{tag}")
    await publish(loud, f"${symbol} ${other}")
    await publish(quiet, f"${third} alone #{tag}")
    await loud.client.post(f"/api/users/{quiet.id}/follow")

    found = await becomes(api, symbol, 5, 2)
    seen = await page(loud.client, symbol)

    assert (found["symbol"], found["timeframe"]) == (symbol, "7d")
    assert found["posts_over_time"][-1]["count"] == 5
    assert [(one["user"]["id"], one["posts_count"]) for one in found["top_authors"]] == [
        (str(loud.id), 4),
        (str(quiet.id), 1),
    ]
    assert found["related_symbols"] == [{"symbol": other, "count": 2}, {"symbol": third, "count": 1}]
    assert found["related_hashtags"] == [{"tag": tag, "count": 1}]
    assert [one["user"].get("is_following") for one in seen["top_authors"]] == [False, True]
    assert "is_following" not in found["top_authors"][0]["user"]


@pytest.mark.parametrize(("timeframe", "number", "hours"), [("24h", 24, 1), ("7d", 28, 6), ("30d", 30, 24)])
async def test_time_is_told_in_equal_parts_with_zeroes(
    api: httpx.AsyncClient,
    make_user: MakeUser,
    database: asyncpg.Pool,
    timeframe: str,
    number: int,
    hours: int,
) -> None:
    author, symbol = await make_user(), new_symbol()
    part = timedelta(hours=hours)
    used = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 2 * part
    for hour, posts in ((used, 3), (used - (number - 1) * part, 7)):  # the latter is older than the first part
        await database.execute("INSERT INTO symbol_uses VALUES ($1, $2, $3, $4)", symbol, hour, author.id, posts)

    found = await becomes(api, symbol, 3, 1, timeframe)

    starts = [datetime.fromisoformat(bucket["start"]) for bucket in found["posts_over_time"]]
    assert len(starts) == number
    assert {later - start for start, later in pairwise(starts)} == {part}
    assert starts[-1] <= datetime.now(UTC) < starts[-1] + part + timedelta(hours=1)
    assert [bucket["count"] for bucket in found["posts_over_time"]] == [
        3 if start <= used < start + part else 0 for start in starts
    ]


async def test_only_what_everybody_may_see_counts(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, shy, gone = [await make_user(name) for name in ("author", "shy", "gone")]
    symbol, hidden = new_symbol(), new_symbol()
    deleted = await publish(author, f"${symbol} ${hidden}")
    for level in ("followers", "private"):
        await publish(author, f"${symbol} ${hidden} #{hidden}", visibility=level)
    await publish(author, f"${symbol}")
    for user in (shy, gone):
        await publish(user, f"${symbol} ${hidden}")
    assert (await becomes(api, symbol, 4, 3))["related_symbols"] == [{"symbol": hidden, "count": 3}]

    await author.client.delete(f"/api/posts/{deleted['id']}")
    await shy.client.patch("/api/users/me", json={"private_account": True})
    await publish(shy, f"${symbol}")
    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", gone.id)

    found = await becomes(api, symbol, 1, 1)
    for client in (api, author.client, shy.client):
        seen = await page(client, symbol)
        assert [one["user"]["id"] for one in seen["top_authors"]] == [str(author.id)]
        assert (seen["posts_count"], seen["related_symbols"], seen["related_hashtags"]) == (1, [], [])
    assert found["posts_over_time"][-1]["count"] == 1


async def test_a_symbol_that_nobody_used_is_all_zeroes(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    symbol, private = new_symbol(), await make_user(private_account=True)
    await publish(private, f"${symbol}")

    for name in (symbol, "NOBODY-HAS-IT"):
        found = await page(api, name, "24h")

        assert {bucket["count"] for bucket in found["posts_over_time"]} == {0}
        assert {**found, "posts_over_time": []} == {
            "symbol": name, "timeframe": "24h", "posts_count": 0, "authors_count": 0, "posts_over_time": [],
            "top_authors": [], "related_symbols": [], "related_hashtags": [],
        }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("{}/USD", "{}/USD"),
        ("{}/USD", "{}%2Fusd/"),
        ("/{}", "%2F{}"),
        ("/{}", "/{}"),
        ("{}.B", "$" + "{}.b"),
        ("{}.B", "%24{}.B"),
        ("^{}", "%5E{}"),
        ("{}=F", "{}=F"),
        ("{} X", "%20{}%20x%20"),
        ("É{}", "%C3%A9{}"),
        ("{}+50%", "{}+50%25"),
    ],
)
async def test_a_symbol_is_named_in_the_path_however_it_is_written(
    api: httpx.AsyncClient, make_user: MakeUser, written: str, path: str
) -> None:
    author, name = await make_user(), new_symbol()
    made = await publish(author, "x", metadata={"symbol": written.format(name)})
    filtered = await api.get("/api/timeline/explore", params={"symbol": written.format(name)})
    assert [post["id"] for post in filtered.json()["posts"]] == [made["id"]]

    found = await becomes(api, path.format(name), 1, 1)

    assert found["symbol"] == written.format(name).replace("É", "E")


async def test_over_a_socket_it_is_the_same(server: Server, api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, name = await make_user(), f"{new_symbol()}/USD"
    await publish(author, f"${name}")
    shown = await becomes(api, quote(name, safe=""), 1, 1)
    async with live(server) as client:
        for path in (f"/api/symbols/{name}", f"/api/symbols/{quote(name, safe='')}"):
            result = await client.ask("call", {"method": "GET", "path": path})
            assert (result["payload"]["status"], result["payload"]["body"]) == (200, shown)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("%20", "symbol"),
        ("$", "symbol"),
        ("x" * 65, "symbol"),
        ("%00", "symbol"),
        ("%E2%80%8B", "symbol"),
        ("BTC?timeframe=1h", "timeframe"),
        ("?query=" + "x" * 65, "query"),
        ("?query=%00", "query"),
        ("?limit=0", "limit"),
        ("?limit=101", "limit"),
    ],
)
async def test_what_is_no_symbol_is_a_400(api: httpx.AsyncClient, path: str, field: str) -> None:
    answer = await api.get(f"/api/symbols/{path}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


async def test_what_else_is_named_is_read_from_the_newest_posts(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    """A bot that writes much cannot make the page dear, nor its own words the ones that are related."""
    bot, people = await make_user("bot"), [await make_user() for _ in range(2)]
    symbol, shouted, said = new_symbol(), new_symbol(), new_symbol()
    for user in people:
        await publish(user, f"${symbol} ${said}")
    made = await publish(bot, f"${symbol} ${shouted}")
    floor = id_floor(datetime.now(UTC)).int
    await database.execute(
        """INSERT INTO posts (id, author_id, content, terms) SELECT id, $2, 'x', ARRAY['s:' || $3, 's:' || $4]
           FROM unnest($1::uuid[]) id""",
        [str(id_floor(datetime.now(UTC)))[:-12] + f"{floor + number & 0xFFFFFFFFFFFF:012x}" for number in range(1, 60)],
        bot.id,
        symbol,
        shouted,
    )

    found = await becomes(api, symbol, 3, 3)

    assert found["related_symbols"] == [{"symbol": said, "count": 2}, {"symbol": shouted, "count": 1}]
    assert made["id"]


async def test_completion_offers_what_people_use(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    one, other, private = await make_user(), await make_user(), await make_user(private_account=True)
    mark = new_symbol()
    rare, common, hidden = f"{mark}A", f"{mark}B", f"{mark}C"
    for _ in range(3):
        await publish(one, f"${rare}")
    for user in (one, other):
        await publish(user, f"${common}")
    await publish(private, f"${hidden}")
    wanted = [{"symbol": common, "count": 2}, {"symbol": rare, "count": 3}]

    async def offered(query: str, **options: Any) -> Any:
        answer = await api.get("/api/symbols", params={"query": query, **options})
        assert answer.status_code == 200, answer.text
        return answer.json()["symbols"]

    async with asyncio.timeout(10):
        while await offered(mark) != wanted:
            await asyncio.sleep(0.05)
    assert await offered(f" ${mark.lower()}") == wanted
    assert await offered(mark, limit=1) == wanted[:1]
    assert await offered(rare) == wanted[1:]
    assert await offered(f"{mark}C") == await offered("%") == await offered("_") == []
    await publish(one, " ".join(f"${mark}D{letter}" for letter in "ABCDEFGHI"))
    async with asyncio.timeout(10):
        while len((await api.get(f"/api/symbols?query={mark}D&limit=100")).json()["symbols"]) < 9:
            await asyncio.sleep(0.05)
    assert len(await offered(f"{mark}D")) == 8
    assert await offered("$") == await offered("") == (await api.get("/api/symbols")).json()["symbols"]
