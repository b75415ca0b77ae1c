"""Who is told that a post or a retweet is gone: whoever could have had it at some time, and nobody else; live and in a replay."""

import random
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import follow, post
from tests.flows.test_private_accounts import delete, of_type, retweet
from tests.live import Live, live
from tests.server import Server

OBSERVERS = ("anonymous", "stranger", "follower", "author")
LEVELS = {"public": 0, "followers": 1, "private": 2}
CLOSENESS = {"anonymous": 0, "stranger": 0, "follower": 1, "author": 2}


async def set_privacy(user: Account, is_private: bool) -> None:
    answer = await user.client.patch("/api/users/me", json={"private_account": is_private})
    assert answer.status_code == 200, answer.text


class History:
    """An author who does things at random, and what each observer could have had at some time, in the most naive way."""

    def __init__(self, author: Account, follower: Account, seed: int, mark: str) -> None:
        self.author, self.follower, self.mark = author, follower, mark
        self.random = random.Random(seed)
        self.is_private = False
        self.follows = False
        self.levels: dict[str, int] = {}
        self.could_have: dict[str, set[str]] = {observer: set() for observer in OBSERVERS}

    async def act(self) -> None:
        """Something at random; then everybody could have what is visible."""
        act = self.random.choice([self._write] * 5 + [self._toggle] * 4 + [self._follow])
        await act()
        for observer in OBSERVERS:
            closeness = CLOSENESS[observer] if observer != "follower" or self.follows else 0
            self.could_have[observer] |= {
                made for made, level in self.levels.items() if closeness >= max(level, int(self.is_private))
            }

    async def _write(self) -> None:
        level = self.random.choices(list(LEVELS), [6, 2, 1])[0]
        made = await post(
            self.author, f"#{self.mark}", visibility=level, metadata={"category": self.mark, "tags": [self.mark]}
        )
        self.levels[str(made["id"])] = LEVELS[level]

    async def _toggle(self) -> None:
        self.is_private = not self.is_private
        await set_privacy(self.author, self.is_private)

    async def _follow(self) -> None:
        if not self.follows:
            self.follows = True
            await follow(self.follower, self.author)


@asynccontextmanager
async def observed(
    server: Server, accounts: dict[str, Account | None], *topics: str, since: str | None = None
) -> AsyncIterator[dict[str, Live]]:
    """A connection of each observer, subscribed to all topics that it may have."""
    async with AsyncExitStack() as stack:
        clients = {}
        for name, account in accounts.items():
            token = account.access_token if account else None
            client = clients[name] = await stack.enter_async_context(live(server, token))
            await client.subscribe(*topics, *(["home"] if account else []), since=since)
        yield clients


def gone(client: Live) -> set[str]:
    return {payload["id"] for payload in of_type(client, "post.deleted")}  # type: ignore[index]


@pytest.mark.parametrize("seed", range(4))
async def test_told_of_a_deletion_is_whoever_could_have_had_the_post(
    server: Server, make_user: MakeUser, seed: int
) -> None:
    author, follower, stranger = await make_user("author"), await make_user("follower"), await make_user("stranger")
    accounts = {"anonymous": None, "stranger": stranger, "follower": follower, "author": author}
    mark = "d" + secrets.token_hex(4)
    topics = (
        "explore",
        f"user:{author.id}",
        f"user:{stranger.id}",
        *(f"{kind}:{mark}" for kind in ("hashtag", "category", "tag")),
    )
    history = History(author, follower, seed, mark)
    async with live(server) as clock:
        cursor = clock.cursor
    for _ in range(18):
        await history.act()
    async with observed(server, accounts, *topics) as clients:
        for number, made in enumerate(history.levels):
            if number == len(history.levels) // 2:  # some when the account is the one thing, some when it is the other
                await history._toggle()
            await delete(author, f"/api/posts/{made}")
        if history.is_private:  # what the accounts become afterwards is no reason to tell more, nor less
            await set_privacy(author, False)
        fence = str((await post(stranger, "fence"))["id"])
        async with observed(server, accounts, *topics, since=cursor) as resumed:
            for observer in OBSERVERS:
                had = history.could_have[observer]
                if observer == "follower" and not history.follows:
                    had = history.could_have["stranger"]
                for client in (clients[observer], resumed[observer]):
                    await client.wait_for_post(fence)
                    assert gone(client) & history.levels.keys() == had, (observer, client is clients[observer])


async def test_topics_of_what_was_never_for_everybody_are_told_to_nobody_but_followers(
    server: Server, make_user: MakeUser
) -> None:
    author, follower, other = await make_user("author"), await make_user("follower"), await make_user("other")
    await set_privacy(author, True)
    await follow(follower, author)
    mark = "m1" + secrets.token_hex(4)
    topics = [
        f"user:{author.id}",
        f"hashtag:{mark}",
        f"symbol:{mark}",
        f"category:{mark}",
        "explore",
        f"user:{other.id}",
    ]
    async with live(server, None, *topics) as anonymous, live(server, follower.access_token, *topics, "home") as his:
        cursor = anonymous.cursor
        secret = await post(author, f"buying #{mark} ${mark}", metadata={"category": mark})
        await delete(author, f"/api/posts/{secret['id']}")
        told = await his.wait_for_type("post.deleted")
        fence = str((await post(other, "fence"))["id"])
        await anonymous.wait_for_post(fence)
        async with live(server) as resumed:
            await resumed.subscribe(*topics, since=cursor)
            await resumed.wait_for_post(fence)

            assert [event["payload"]["id"] for event in resumed.events] == [fence]
        assert [event["payload"]["id"] for event in anonymous.events] == [fence]
        assert f"hashtag:{mark}" in told["topics"]


async def test_of_a_retweet_made_and_undone_in_private_strangers_learn_nothing_also_later(
    server: Server, make_user: MakeUser
) -> None:
    author, turning, other = await make_user("author"), await make_user("turning"), await make_user("other")
    first, second, third = [await post(author, f"{number}") for number in range(3)]
    topics = [f"user:{turning.id}", f"user:{other.id}"]
    async with live(server, None, *topics) as client:
        cursor = client.cursor
        await retweet(turning, first["id"])
        await set_privacy(turning, True)
        await retweet(turning, second["id"])
        await delete(turning, f"/api/posts/{first['id']}/retweet")  # everybody had this one
        await delete(turning, f"/api/posts/{second['id']}/retweet")  # and only followers this one
        await retweet(turning, third["id"])
        await delete(author, f"/api/posts/{third['id']}")
        await set_privacy(turning, False)
        fence = str((await post(other, "fence"))["id"])
        async with live(server) as resumed:
            await resumed.subscribe(*topics, since=cursor)
            for told in (client, resumed):
                await told.wait_for_post(fence)

                assert of_type(told, "retweet.deleted") == [{"id": first["id"], "retweeted_by": str(turning.id)}]
                assert of_type(told, "post.deleted") == []


async def test_a_retweet_of_a_post_that_turned_private_is_taken_back_where_it_stood(
    server: Server, make_user: MakeUser
) -> None:
    author, fan, reader = await make_user("author"), await make_user("fan"), await make_user("reader")
    await follow(reader, fan)
    made = await post(author)
    async with live(server, reader.access_token, "home") as client:
        cursor = client.cursor
        await retweet(fan, made["id"])
        await client.wait_for_type("retweet")
        await set_privacy(author, True)
        assert (await fan.client.delete(f"/api/posts/{made['id']}/retweet")).status_code == 404, "and it is undone"
        await client.wait_for_type("retweet.deleted")
        fence = str((await post(reader, "fence"))["id"])
        async with live(server, reader.access_token) as resumed:
            await resumed.subscribe("home", since=cursor)
            await resumed.wait_for_post(fence)

            gone_again: list[Any] = of_type(resumed, "retweet.deleted")
            assert gone_again == [{"id": made["id"], "retweeted_by": str(fan.id)}]
            assert of_type(resumed, "retweet") == [], "what it showed may not be seen any more"
