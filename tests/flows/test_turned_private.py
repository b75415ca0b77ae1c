"""What was public and is no longer: gone from every list, ranking, replay and home, for all but followers."""

import asyncio
import secrets

import httpx
import pytest

from tests.api.test_posts import publish
from tests.api.test_timeline import ids
from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import follow
from tests.flows.test_private_accounts import delete, retweet, set_private
from tests.live import live
from tests.server import Server
from x18.timeline.queries import RECENT


async def becomes(client: httpx.AsyncClient, path: str, expected: list[str]) -> None:
    """Wait until a list that may be seconds old holds this."""
    found: list[str] = []
    try:
        async with asyncio.timeout(30):
            while (found := await ids(client, path)) != expected:
                await asyncio.sleep(0.05)
    except TimeoutError:
        assert found == expected, path


@pytest.fixture
async def two(make_user: MakeUser) -> tuple[Account, Account, str, list[str]]:
    """An author who stays public and one who turns private, a mark, and a post of each with it: liked, and one without a reaction."""
    public, turning, fan = await make_user("public"), await make_user("turning"), await make_user("fan")
    mark = "p" + secrets.token_hex(5)
    posts = []
    for author in (public, turning):  # what will be hidden is the newest
        for liked in (True, False):
            made = await publish(
                author, f"{mark}", metadata={"category": mark, "market": mark, "symbol": mark, "tags": [mark]}
            )
            posts.append(made["id"])
            if liked:
                await fan.client.post(f"/api/posts/{made['id']}/like")
    return public, turning, mark, posts


PATHS = (
    "explore?category={0}", "explore?market={0}", "explore?tag={0}", "explore?symbol={0}", "explore?tag={0}&category={0}",
    "search?tag={0}",
)  # fmt: skip
RANKED = ("trending?tag={0}", "trending?category={0}", "trending?timeframe=7d&symbol={0}&tag={0}")


async def test_lists_by_metadata_leave_out_an_account_that_turned_private(
    two: tuple[Account, Account, str, list[str]], anonymous: httpx.AsyncClient
) -> None:
    _, turning, mark, (liked, plain, hidden, hidden_too) = two
    lists, ranked = [[f"/api/timeline/{path}".format(mark) for path in paths] for paths in (PATHS, RANKED)]
    for path in lists:
        assert await ids(anonymous, path) == [hidden_too, hidden, plain, liked]
    for path in ranked:
        await becomes(anonymous, path, [hidden, liked, hidden_too, plain])
    await set_private(turning)
    for path in lists:
        assert await ids(anonymous, path) == [plain, liked]
    for path in ranked:
        assert await ids(anonymous, path) == [liked, plain]
    for path in lists + ranked:
        assert (await anonymous.get(f"{path}&count=true")).json()["total"] == 2
        assert await ids(anonymous, f"{path}&limit=1") == [liked if "trending" in path else plain]


async def test_trending_without_a_filter_leaves_it_out_too(
    two: tuple[Account, Account, str, list[str]], anonymous: httpx.AsyncClient
) -> None:
    _, turning, _, (_, _, hidden, hidden_too) = two

    async def trending() -> set[str]:
        """As far down as other tests may have pushed these."""
        found: set[str] = set()
        for offset in range(0, 2_000, 100):
            page = await ids(anonymous, f"/api/timeline/trending?limit=100&timeframe=1h&offset={offset}")
            found |= set(page)
            if not page:
                break
        return found

    async with asyncio.timeout(30):
        while hidden not in await trending():
            await asyncio.sleep(0.05)
    await set_private(turning)
    assert not {hidden, hidden_too} & await trending()


async def test_an_old_topic_that_only_the_index_finds_leaves_it_out_too(
    two: tuple[Account, Account, str, list[str]], anonymous: httpx.AsyncClient, make_user: MakeUser, database: object
) -> None:
    _, turning, mark, (liked, plain, _, _) = two
    other = await make_user("other")
    fill = """INSERT INTO posts (id, author_id, visibility, content) SELECT order_id(1), $1, 0, '' FROM generate_series(1, $2::int)"""
    await database.execute(fill, other.id, RECENT)  # type: ignore[attr-defined]
    await set_private(turning)
    assert await ids(anonymous, f"/api/timeline/explore?tag={mark}&limit=50") == [plain, liked]
    assert await ids(anonymous, f"/api/timeline/explore?tag={mark}&limit=1") == [plain], "the page is filled"
    await database.execute("DELETE FROM posts WHERE author_id = $1", other.id)  # type: ignore[attr-defined]


async def test_a_bookmark_and_a_notification_do_not_keep_it_readable(server: Server, make_user: MakeUser) -> None:
    author, reader, follower = await make_user("author"), await make_user("reader"), await make_user("follower")
    await follow(follower, author)
    made = await publish(author, f"@{reader.username} @{follower.username} a secret soon")
    kept = await publish(follower, "kept")
    for user in (reader, follower):
        for bookmarked in (kept, made):
            assert (await user.client.post(f"/api/posts/{bookmarked['id']}/bookmark")).status_code == 201
    async with live(server) as clock:
        cursor = clock.cursor
    mention = await publish(author, f"@{reader.username} @{follower.username} another")
    await set_private(author)
    for user, sees in ((reader, False), (follower, True)):
        expected = [made["id"], kept["id"]] if sees else [kept["id"]]
        assert await ids(user.client, "/api/bookmarks") == expected
        assert await ids(user.client, "/api/bookmarks?limit=1") == expected[:1]
        notes = (await user.client.get("/api/notifications")).json()["notifications"]
        assert [note["post"] is not None for note in notes] == [sees, sees]
        async with live(server, user.access_token) as resumed:
            await resumed.subscribe("notifications", since=cursor)
            told = await resumed.wait_for(
                lambda event: event["type"] == "notification" and event["payload"]["post_id"] == mention["id"]
            )
            assert (told["payload"]["post"] is not None) is sees


@pytest.mark.parametrize("visibility", ["followers", "private", "public"])
async def test_what_is_not_for_everybody_cannot_be_retweeted(
    server: Server, make_user: MakeUser, visibility: str
) -> None:
    author, follower, reader = await make_user("author"), await make_user("follower"), await make_user("reader")
    await follow(follower, author)
    await follow(reader, follower)
    if visibility == "public":
        await set_private(author)
    made = await publish(author, "not for everybody", visibility=visibility)
    async with live(server, reader.access_token, "home") as client:
        for user, status in ((author, 403), (follower, 403 if visibility != "private" else 404)):
            assert (await user.client.post(f"/api/posts/{made['id']}/retweet")).status_code == status
        assert (await author.client.get(f"/api/posts/{made['id']}")).json()["retweets_count"] == 0
        await publish(reader, "fence")
        await client.wait_for_type("post")
        assert [event["type"] for event in client.events] == ["post"]
    assert made["id"] not in await ids(reader.client, "/api/timeline/home")


async def test_who_left_and_what_then_turned_private_is_not_replayed(server: Server, make_user: MakeUser) -> None:
    author, fan, former = await make_user("author"), await make_user("fan"), await make_user("former")
    for followee in (author, fan):
        await follow(former, followee)
    async with live(server, former.access_token, "home", f"user:{author.id}") as client:
        cursor = client.cursor
        made = await publish(author, "for everybody, for now")
        await retweet(fan, made["id"])
        await client.wait_for_type("retweet")
        await delete(former, f"/api/users/{author.id}/follow")
        between = await publish(author, "for everybody")
        told = await client.wait_for_post(between["id"])
        assert told["topics"] == [f"user:{author.id}"], "the hub knows of the unfollow"
        await set_private(author)
        after = await publish(author, "for followers")
        fence = str((await publish(former, "fence"))["id"])
        await client.wait_for_post(fence)
        assert after["id"] not in client.post_ids
        async with live(server, former.access_token) as resumed:
            await resumed.subscribe("home", f"user:{author.id}", since=cursor)
            await resumed.wait_for_post(fence)
            shown = [event["payload"]["id"] for event in resumed.events if event["type"] != "user.updated"]
            assert shown == [fence]
