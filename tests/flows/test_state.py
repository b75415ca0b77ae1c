"""State + events = later state: what one read over REST, with the events since on top, is what one would read now.

The cursor is taken before the reading, so that events may be in both; applying one twice must change nothing. A home that is read shows
a post once, at its newest entry, and events bring every entry: a client that keeps them shows the newest. Only of a post whose shown
entry was taken back must the place be read again, as older entries of it were never shown.
"""

import asyncio
import random
from typing import Any

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import follow, post
from tests.live import Message, live
from tests.server import Server


class Home:
    """A home as a client keeps it: of each post the entry that is the newest, which came last."""

    def __init__(self, entries: dict[str, str | None]) -> None:
        self.entries = entries
        self.to_be_read: set[str] = set()
        """Posts whose shown entry was taken back: they may stand elsewhere, or not at all."""

    def apply(self, event: Message) -> None:
        payload = event["payload"]
        if "home" not in event["topics"]:
            return
        match event["type"]:
            case "post":
                self.entries.setdefault(payload["id"], None)
            case "retweet":
                self.entries[payload["post"]["id"]] = payload["retweeted_by"]["id"]
            case "retweet.deleted":
                if payload["id"] in self.entries:
                    self.to_be_read.add(payload["id"])
            case "post.deleted":
                self.entries.pop(payload["id"], None)
                self.to_be_read.discard(payload["id"])

    def known(self, of: dict[str, str | None]) -> dict[str, str | None]:
        """Entries without those of posts that have to be read again."""
        return {post_id: by for post_id, by in of.items() if post_id not in self.to_be_read}


async def read_home(user: Account) -> dict[str, str | None]:
    entries: dict[str, str | None] = {}
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = (await user.client.get("/api/timeline/home", params=query)).json()
        shown = [(one["id"], (one.get("retweeted_by") or {}).get("id")) for one in page["posts"]]
        assert not entries.keys() & {post_id for post_id, _ in shown}, "a post stands once"
        entries |= dict(shown)
        if page["next_cursor"] is None:
            return entries
        query["before"] = page["next_cursor"]


class Inbox:
    """Notifications as a client keeps them: id → (read, post)."""

    def __init__(self, page: Message, unread: int) -> None:
        self.items = {one["id"]: (one["is_read"], one["post_id"]) for one in page["notifications"]}
        self.unread = unread

    @classmethod
    async def read(cls, user: Account) -> "Inbox":
        page = (await user.client.get("/api/notifications", params={"limit": 100})).json()
        return cls(page, (await user.client.get("/api/notifications/unread-count")).json()["unread_count"])

    def apply(self, event: Message) -> None:
        payload = event["payload"]
        if not event["type"].startswith("notification"):
            return
        self.unread = payload["unread_count"]
        if event["type"] in ("notification", "notification.restored"):
            self.items[payload["id"]] = (payload["is_read"], payload["post_id"])
        elif event["type"] == "notification.read":
            for key in list(self.items) if payload.get("all") else [payload["id"]]:
                if key in self.items:
                    self.items[key] = (True, self.items[key][1])
        else:
            gone = {key for key, (_, about) in self.items.items() if about == payload.get("post_id", "none")}
            for key in gone | {payload.get("id")}:
                self.items.pop(key, None)


async def live_lives(user: Account, friends: list[Account], stop: asyncio.Event, seed: int) -> None:
    """What friends do to a home and an inbox, and what the owner does to the inbox."""
    chance = random.Random(seed)
    made: list[Any] = [await post(friends[0])]
    own = [await post(user)]
    while not stop.is_set():
        friend = chance.choice(friends)
        about = chance.choice([*made, *own])["id"]
        match chance.randrange(9):
            case 0 | 1:
                made.append(await post(friend, f"for @{user.username}" if chance.random() < 0.3 else "hello"))
            case 2:
                await friend.client.post(f"/api/posts/{about}/retweet")
            case 3:
                await friend.client.delete(f"/api/posts/{about}/retweet")
            case 4:
                await friend.client.post(f"/api/posts/{chance.choice(own)['id']}/like")
            case 5:
                await friend.client.delete(f"/api/posts/{chance.choice(own)['id']}/like")
            case 6:
                own.append(await post(user))
            case 7 if len(made) > 3:
                gone = made.pop(chance.randrange(len(made)))
                author = next(one for one in friends if str(one.id) == gone["user"]["id"])
                await author.client.delete(f"/api/posts/{gone['id']}")
            case _:
                page = (await user.client.get("/api/notifications?limit=3")).json()["notifications"]
                if page and chance.random() < 0.5:
                    await user.client.patch(f"/api/notifications/{page[-1]['id']}/read")
                elif chance.random() < 0.3:
                    await user.client.patch("/api/notifications/read-all")
                elif page:
                    await user.client.delete(f"/api/notifications/{page[-1]['id']}")


async def grows(user: Account, posts: int) -> None:
    """Wait until the home is so long."""
    async with asyncio.timeout(60):
        while len(await read_home(user)) < posts:
            await asyncio.sleep(0.05)


async def test_state_and_events_are_the_later_state(server: Server, make_user: MakeUser) -> None:
    user = await make_user("owner")
    friends = list(await asyncio.gather(*(make_user(f"friend{number}") for number in range(3))))
    stranger = await make_user("stranger")
    await asyncio.gather(*(follow(user, friend) for friend in friends))
    stop = asyncio.Event()
    lives = asyncio.gather(*(live_lives(user, friends, stop, seed) for seed in range(3)))
    await grows(user, 12)
    async with live(server, user.access_token, "home", "notifications") as client:
        await asyncio.sleep(0.3)  # some events are in the state and in the stream
        home, inbox = Home(await read_home(user)), await Inbox.read(user)
        await client.wait_for(lambda _: len(client.events) > 60, seconds=60)
        stop.set()
        await lives
        unseen = await post(stranger)
        fence = await post(user, "fence")
        await client.wait_for_post(str(fence["id"]))
        events = client.events
    for event in events:
        home.apply(event)
        inbox.apply(event)

    later = await Inbox.read(user)
    now = await read_home(user)
    assert unseen["id"] not in home.entries
    assert len(home.known(now)) > 10
    assert home.known(home.entries) == home.known(now)
    assert now.keys() <= home.entries.keys()
    assert (inbox.items, inbox.unread) == (later.items, later.unread)
