"""Home by its latest or a cursor, then a further topic, in any order of posts, retweets and follows: all that was asked for, each once.

Held against a plain model, in which an event is a number, who did it, and whom the reader follows at that moment.
"""

import random
from typing import Any

import pytest

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import follow, post
from tests.live import Live, live
from tests.server import Server


class World:
    """Three who write, one who reads, and what happened."""

    def __init__(self, writers: list[Account], reader: Account, seed: int) -> None:
        self.writers, self.reader, self.chance = writers, reader, random.Random(seed)
        self.done: list[tuple[Account, str]] = []
        """Who, and the post's id, which of a retweet stands behind a sign."""

        self.seen: list[bool] = []
        """Whether the reader followed who did it, at that moment."""

        self.followed: set[Account] = set()

    async def act(self, times: int, *, follows: bool = True) -> list[int]:
        """Let something happen. The numbers of what the reader's home shows of it."""
        shown = []
        for _ in range(times):
            who = self.chance.choice(self.writers)
            kind = self.chance.choice(["post", "post", "retweet", *(["follow", "follow"] if follows else [])])
            theirs = [
                key for by, key in self.done if by is not who and key[0] != "@" and (who, f"@{key}") not in self.done
            ]
            if kind == "follow":
                await self._turn(who)
                continue
            if kind == "retweet" and theirs:
                key = self.chance.choice(theirs)
                assert (await who.client.post(f"/api/posts/{key}/retweet")).status_code == 201
                self.done.append((who, f"@{key}"))
            else:
                self.done.append((who, str((await post(who))["id"])))
            self.seen.append(who in self.followed)
            if self.seen[-1]:
                shown.append(len(self.done) - 1)
        return shown

    async def _turn(self, who: Account) -> None:
        if who in self.followed:
            assert (await self.reader.client.delete(f"/api/users/{who.id}/follow")).status_code == 200
            self.followed.remove(who)
        else:
            await follow(self.reader, who)
            self.followed.add(who)

    def keys(self, numbers: list[int]) -> list[str]:
        return [self.done[number][1] for number in numbers]


def keys_of(client: Live) -> list[str]:
    """What came, as the world names it."""
    events = [one for one in client.events if one["type"] in ("post", "retweet")]
    return [one["payload"]["id"] if one["type"] == "post" else f"@{one['payload']['post']['id']}" for one in events]


async def settle(fencer: Account, watching: Live) -> None:
    """Wait until the node knows of all that happened."""
    await watching.wait_for_post(str((await post(fencer))["id"]))


@pytest.mark.parametrize("seed", range(12))
async def test_all_that_was_asked_for_comes_once(server: Server, make_user: MakeUser, seed: int) -> None:
    writers, reader, fencer = (
        [await make_user("writer") for _ in range(3)],
        await make_user("reader"),
        await make_user(),
    )
    world = World(writers, reader, seed)
    chance = world.chance
    async with live(server, None, f"user:{fencer.id}") as watching:
        await world.act(chance.randrange(6))
        await settle(fencer, watching)
        since, missed_from = watching.cursor, len(world.done)
        await world.act(chance.randrange(3, 9))
        await settle(fencer, watching)
        async with live(server, reader.access_token) as client:
            latest = chance.randrange(6)
            home = [number for number, (who, _) in enumerate(world.done) if who in world.followed]
            if latest:
                await client.ask("subscribe", {"topics": [{"topic": "home"}], "latest": latest})
                expected = home[-latest:]
            else:
                await client.subscribe("home", since=since)
                expected = [number for number in home if number >= missed_from and world.seen[number]]
            await client.ask("ping")
            assert keys_of(client) == world.keys(expected)

            expected += await world.act(chance.randrange(5))
            await settle(fencer, watching)
            topic, named = further_topic(chance, writers)
            await client.subscribe(topic, since=since)
            await client.ask("ping")
            brought = [
                n for n in range(missed_from, len(world.done)) if world.done[n][0] in named and n not in expected
            ]
            expected += brought
            before = len(world.done)
            shown = await world.act(chance.randrange(5))
            expected += sorted({*shown, *(n for n in range(before, len(world.done)) if world.done[n][0] in named)})
            last = str((await post(min(named, key=lambda one: one.username)))["id"])
            await client.wait_for_post(last)

            assert keys_of(client) == [*world.keys(expected), last]


def further_topic(chance: random.Random, writers: list[Account]) -> tuple[str, set[Any]]:
    """A topic, and those whose doings it shows."""
    some = chance.sample(writers, chance.choice([1, 1, 2, 3]))
    if len(some) == 1 and chance.random() < 0.7:
        return f"user:{some[0].id}", set(some)
    return f"users:{','.join(str(one.id) for one in some)}", set(some)
