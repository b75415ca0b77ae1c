"""A disabled account is gone from everything that others see, and is all there again when it is enabled."""

import secrets
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.test_posts import publish
from tests.api.test_search import becomes
from tests.conftest import PASSWORD, Account, MakeUser
from tests.flows.test_counts import counts_of, wait_for_likes
from tests.live import live
from tests.server import Server
from x18.auth.administration import disable_user, enable_user
from x18.core import db
from x18.core.errors import NotAuthenticated
from x18.posts import actions as posts
from x18.posts.schemas import PostDraft
from x18.users import actions as users


@pytest.fixture
async def switch(database: asyncpg.Pool) -> Any:
    """Disables or enables an account, as ``x18 user`` does."""

    async def switch(user: Account, *, disabled: bool) -> None:
        async with database.acquire() as connection, db.using(connection):
            await (disable_user if disabled else enable_user)(user.id)

    return switch


async def shown(client: httpx.AsyncClient, path: str) -> list[str]:
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.text)
    body = answer.json()
    return [row["id"] for row in body.get("posts") or body.get("users") or body.get("media") or []]


async def test_posts_are_gone_everywhere_and_come_back(make_user: MakeUser, switch: Any) -> None:
    spammer, reader, retweeter = await make_user("spammer"), await make_user("reader"), await make_user("retweeter")
    mark = "x" + secrets.token_hex(5)
    root = await publish(reader, f"question {mark}q")
    made = await publish(spammer, f"{mark} #{mark}", metadata={"category": mark, "tags": [mark]})
    reply = await publish(spammer, f"{mark}r", reply_to_id=root["id"])
    other = await publish(retweeter, f"{mark}o")
    for user in (spammer, retweeter):
        await reader.client.post(f"/api/users/{user.id}/follow")
    await retweeter.client.post(f"/api/posts/{made['id']}/retweet")
    await spammer.client.post(f"/api/posts/{other['id']}/retweet")
    await reader.client.post(f"/api/posts/{made['id']}/bookmark")
    await reader.client.post(f"/api/posts/{made['id']}/like")
    lists = [
        f"/api/timeline/explore?category={mark}", f"/api/timeline/explore?tag={mark}", f"/api/timeline/search?category={mark}",
        f"/api/timeline/trending?category={mark}", f"/api/timeline/trending?tag={mark}", f"/api/search/posts?q={mark}",
        f"/api/search/hashtag/{mark}", f"/api/search?q={mark}&type=posts", "/api/bookmarks",
        f"/api/timeline/home?category={mark}", f"/api/timeline/home?tag={mark}",
    ]  # fmt: skip
    for path in lists:
        assert await shown(reader.client, path) == [made["id"]], path
    home = await shown(reader.client, "/api/timeline/home")
    assert sorted(home) == sorted([made["id"], reply["id"], other["id"], root["id"]])

    await switch(spammer, disabled=True)

    for path in lists:
        assert await shown(reader.client, path) == [], path
        assert (await reader.client.get(f"{path}{'&' if '?' in path else '?'}count=true")).json()["total"] in (
            0, {"users": 0, "posts": 0},
        )  # fmt: skip
    page = (await reader.client.get("/api/timeline/home?count=true")).json()
    assert ([post["id"] for post in page["posts"]], page["total"]) == ([other["id"], root["id"]], 2)
    assert all("retweeted_by" not in post for post in page["posts"])
    assert await shown(reader.client, f"/api/timeline/user/{retweeter.id}") == [other["id"]]
    assert await shown(reader.client, f"/api/posts/{root['id']}/replies") == []
    for path in (f"/api/posts/{made['id']}", f"/api/posts/{made['id']}/replies", f"/api/timeline/user/{spammer.id}",
                 f"/api/users/{spammer.id}/posts", f"/api/media/user/{spammer.id}", f"/api/users/{spammer.id}"):  # fmt: skip
        assert (await reader.client.get(path)).status_code == 404, path
    for verb in ("like", "retweet", "bookmark"):
        assert (await retweeter.client.post(f"/api/posts/{made['id']}/{verb}")).status_code == 404
    body = {"content": "x", "reply_to_id": made["id"]}
    assert (await reader.client.post("/api/posts", json=body)).status_code == 404

    await switch(spammer, disabled=False)

    for path in lists:
        assert await shown(reader.client, path) == [made["id"]], path
    assert await shown(reader.client, "/api/timeline/home") == home
    assert await shown(reader.client, f"/api/posts/{root['id']}/replies") == [reply["id"]]


@pytest.mark.parametrize("by_hand", [False, True])
async def test_counters_agree_with_lists(
    make_user: MakeUser, switch: Any, database: asyncpg.Pool, by_hand: bool
) -> None:
    gone, fan, idol = await make_user("gone"), await make_user("fan"), await make_user("idol")
    await fan.client.post(f"/api/users/{gone.id}/follow")
    await gone.client.post(f"/api/users/{idol.id}/follow")
    await fan.client.post(f"/api/users/{idol.id}/follow")
    root = await publish(idol)
    for visibility in ("public", "followers"):
        await publish(gone, reply_to_id=root["id"], visibility=visibility)

    async def counts() -> tuple[Any, ...]:
        following = (await idol.client.get(f"/api/users/{fan.id}/following?count=true")).json()
        followers = (await fan.client.get(f"/api/users/{idol.id}/followers?count=true")).json()
        assert len(following["users"]) == following["total"]
        assert len(followers["users"]) == followers["total"]
        post = (await fan.client.get(f"/api/posts/{root['id']}")).json()
        mine = (await fan.client.get("/api/users/me")).json()
        return mine["following_count"], post["user"]["followers_count"], post["replies_count"]

    async def turn(moment: str) -> None:
        if by_hand:
            await database.execute(f"UPDATE users SET disabled_at = {moment} WHERE id = $1", gone.id)
        else:
            await switch(gone, disabled=moment == "now()")

    assert await counts() == (2, 2, 1)
    for _ in range(2):  # doing it twice is doing it once
        await turn("now()")
        assert await counts() == (1, 1, 0)
    await turn("NULL")
    assert await counts() == (2, 2, 1)
    await turn("now()")
    left = await fan.client.delete(f"/api/users/{gone.id}/follow")
    assert (left.status_code, left.json()["id"], left.json()["is_following"]) == (200, str(gone.id), False)
    assert await counts() == (1, 1, 0)
    await turn("NULL")
    assert await counts() == (1, 2, 1)
    assert (await fan.client.get(f"/api/users/{gone.id}")).json()["followers_count"] == 0


async def test_a_disabled_account_can_be_left_but_not_followed(
    make_user: MakeUser, switch: Any, api: httpx.AsyncClient
) -> None:
    gone, fan, other = await make_user("gone"), await make_user("fan"), await make_user("other")
    await fan.client.post(f"/api/users/{gone.id}/follow")
    await switch(gone, disabled=True)

    assert await shown(fan.client, f"/api/users/{fan.id}/following") == []
    assert (await other.client.post(f"/api/users/{gone.id}/follow")).status_code == 404
    assert (await other.client.delete(f"/api/users/{gone.id}/follow")).status_code == 404, (
        "nobody learns of the account"
    )
    assert (await fan.client.delete(f"/api/users/{gone.id}/follow")).status_code == 200
    assert (await fan.client.get("/api/users/me")).json()["following_count"] == 0
    await switch(gone, disabled=False)
    assert await shown(api, f"/api/users/{gone.id}/followers") == []
    assert (
        await api.post("/api/auth/login", json={"username": gone.username, "password": PASSWORD})
    ).status_code == 200


async def test_nothing_of_a_disabled_account_comes_live_or_in_a_replay(
    server: Server, make_user: MakeUser, switch: Any
) -> None:
    gone, fan, reader = await make_user("gone"), await make_user("fan"), await make_user("reader")
    for followee in (gone, fan):
        await reader.client.post(f"/api/users/{followee.id}/follow")
    async with live(server, reader.access_token, "home", f"user:{gone.id}", f"user:{fan.id}") as client:
        kept = await publish(fan, "kept")
        cursor = (await client.wait_for_post(kept["id"]))["cursor"]
        made = await publish(gone)
        await fan.client.post(f"/api/posts/{made['id']}/retweet")
        await gone.client.post(f"/api/posts/{kept['id']}/retweet")
        await client.wait_for(
            lambda message: message["type"] == "retweet" and message["payload"]["post"]["id"] == kept["id"]
        )
        await client.ask("watch", {"posts": [made["id"], kept["id"]]})
        await wait_for_likes(client, made["id"], 0)
        await fan.client.post(f"/api/posts/{made['id']}/like")
        await wait_for_likes(client, made["id"], 1)
        await switch(gone, disabled=True)
        before = len(counts_of(client, made["id"]))
        assert (await fan.client.delete(f"/api/posts/{made['id']}/like")).status_code == 404
        await reader.client.post(f"/api/posts/{kept['id']}/like")
        await wait_for_likes(client, kept["id"], 1)
        fence = str((await publish(reader, "fence"))["id"])
        async with live(server, reader.access_token) as resumed:
            await resumed.subscribe("home", f"user:{gone.id}", f"user:{fan.id}", since=cursor)
            await resumed.wait_for_post(fence)

            assert [event["payload"]["id"] for event in resumed.events] == [fence]
        assert len(counts_of(client, made["id"])) == before
    await switch(gone, disabled=False)
    async with live(server, reader.access_token) as resumed:
        await resumed.subscribe("home", since=cursor)
        await resumed.wait_for_post(fence)

        assert [event["type"] for event in resumed.events] == ["post", "retweet", "retweet", "post"]


async def test_a_disabled_account_is_found_by_nothing_and_told_of_nothing(make_user: MakeUser, switch: Any) -> None:
    gone, reader = await make_user("z" + secrets.token_hex(8)), await make_user("reader")
    word = "w" + secrets.token_hex(6)
    await gone.client.patch("/api/users/me", json={"display_name": f"Ann {word}", "bio": f"all about {word}bio"})
    exact, beginning = f"/api/search/users?q={gone.username}", f"/api/search/users?q=ann+{word[:9]}"
    alike, described = f"/api/search/users?q={word[:5]}{word[6:]}", f"/api/search/users?q={word}bio"
    root = await publish(gone, "a question")
    for path in (exact, beginning, alike, described):
        assert await shown(reader.client, path) == [str(gone.id)], path
    assert (await reader.client.get(f"/api/users/username/{gone.username}")).status_code == 200
    await publish(reader, f"@{gone.username}", reply_to_id=root["id"])

    await switch(gone, disabled=True)

    for path in (exact, beginning, alike, described):
        assert await shown(reader.client, path) == [], path
        assert (await reader.client.get(f"{path}&count=true")).json()["total"] == 0
    assert (await reader.client.get(f"/api/users/username/{gone.username}")).status_code == 404
    await publish(reader, f"@{gone.username} are you there?")

    await switch(gone, disabled=False)
    login = (await reader.client.post("/api/auth/login", json={"username": gone.username, "password": PASSWORD})).json()
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    told = (await reader.client.get("/api/notifications", headers=headers)).json()["notifications"]
    assert [one["type"] for one in told] == ["reply"], "and not of the mention"


async def test_who_was_disabled_a_moment_ago_changes_nothing(make_user: MakeUser, database: asyncpg.Pool) -> None:
    gone, other = await make_user("gone"), await make_user("other")
    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", gone.id)
    async with database.acquire() as connection, db.using(connection):  # as a request that was let in before
        for act in (
            posts.create_post(gone.id, PostDraft(content="too late")),
            users.follow(gone.id, other.id),
            users.unfollow(gone.id, other.id),
        ):
            with pytest.raises(NotAuthenticated):
                await act

    assert await database.fetchval("SELECT count(*) FROM posts WHERE author_id = $1", gone.id) == 0
    assert await database.fetchval("SELECT count(*) FROM follows WHERE follower_id = $1", gone.id) == 0


async def test_a_mention_of_a_disabled_account_is_a_plain_text(make_user: MakeUser, switch: Any) -> None:
    author, named = await make_user("author"), await make_user("named")
    made = await publish(author, f"@{named.username} @{author.username}")
    await switch(named, disabled=True)
    assert (await author.client.get(f"/api/posts/{made['id']}")).json()["mentions"] == [author.username]
    assert (await publish(author, f"@{named.username}"))["mentions"] == []
    await switch(named, disabled=False)
    assert (await author.client.get(f"/api/posts/{made['id']}")).json()["mentions"] == [named.username, author.username]


async def test_hashtags_of_a_disabled_account_do_not_trend(
    make_user: MakeUser, switch: Any, api: httpx.AsyncClient
) -> None:
    spammer, others = await make_user("spammer"), [await make_user("other") for _ in range(3)]
    tag = "x" + secrets.token_hex(6)
    deleted = await publish(spammer, f"#{tag}")
    for user in (spammer, spammer, *others):
        await publish(user, f"#{tag}")
    await becomes(api, tag, 6, authors=4)
    await switch(spammer, disabled=True)
    await becomes(api, tag, 3, authors=3)
    await switch(spammer, disabled=False)
    await becomes(api, tag, 6, authors=4)
    login = (await api.post("/api/auth/login", json={"username": spammer.username, "password": PASSWORD})).json()
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    assert (await api.delete(f"/api/posts/{deleted['id']}", headers=headers)).status_code == 200
    await becomes(api, tag, 5, authors=4)
