"""People who write, and a record of what was acknowledged."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Account

PAUSE_S = 0.05
LEVELS = {"public": 0, "followers": 1, "private": 2}


@dataclass(frozen=True)
class Post:
    """What the model has to know of a post."""

    id: str
    author: str
    level: int
    terms: frozenset[str]


@dataclass
class Story:
    """What was done. ``privacy`` holds, per user, the acts in their order: each user acts one after the other. ``retweets`` holds what
    was asked for and when, also where the answer was that there is no such post: it may have gone just after it was retweeted.
    """

    posts: dict[str, Post] = field(default_factory=dict)
    retweets: dict[str, list[tuple[float, float, str]]] = field(default_factory=dict)
    privacy: dict[str, list[bool]] = field(default_factory=dict)
    alive: list[str] = field(default_factory=list)


class Writer:
    """One user who posts, deletes, retweets, follows and changes the account's privacy, at random."""

    def __init__(self, account: Account, others: list[Account], story: Story, seed: int, *, moody: bool) -> None:
        self.account = account
        self._others = others
        self._story = story
        self._random = random.Random(seed)
        self._moody = moody
        self._private = False
        self._followed: set[Any] = set()
        self._retweeted: list[str] = []
        self._own: list[str] = []

    async def run(self, until: asyncio.Event) -> None:
        """Act until told to stop."""
        acts = [self._post] * 12 + [self._delete] * 2 + [self._retweet] * 3 + [self._undo] + [self._follow] * 2
        acts += [self._like] * 2 + ([self._change_privacy] if self._moody else [])
        while not until.is_set():
            await self._random.choice(acts)()
            await asyncio.sleep(PAUSE_S * self._random.random() * 2)

    async def _post(self) -> None:
        visibility = self._random.choices(list(LEVELS), [8, 2, 1])[0]
        category, tag = self._random.choice(["crypto", "forex"]), self._random.choice(["soaka", "soakb"])
        body = {"content": f"soak #{tag}", "visibility": visibility, "metadata": {"category": category}}
        made = await self._send("POST", "/api/posts", json=body)
        if made is not None:
            terms = frozenset({f"category:{category}", f"hashtag:{tag}"})
            post = Post(made["id"], str(self.account.id), LEVELS[visibility], terms)
            self._story.posts[post.id] = post
            self._story.alive.append(post.id)
            self._own.append(post.id)

    async def _delete(self) -> None:
        if self._own:
            post_id = self._own.pop(self._random.randrange(len(self._own)))
            await self._send("DELETE", f"/api/posts/{post_id}")

    async def _retweet(self) -> None:
        if self._story.alive:
            post_id = self._random.choice(self._story.alive[-50:])
            if post_id in self._retweeted:
                return
            began = time.time()
            if await self._send("POST", f"/api/posts/{post_id}/retweet"):
                self._retweeted.append(post_id)
            self._story.retweets.setdefault(str(self.account.id), []).append((began, time.time(), post_id))

    async def _undo(self) -> None:
        if self._retweeted:
            await self._send("DELETE", f"/api/posts/{self._retweeted.pop()}/retweet")

    async def _like(self) -> None:
        if self._story.alive:
            await self._send("POST", f"/api/posts/{self._random.choice(self._story.alive[-20:])}/like")

    async def _follow(self) -> None:
        other = self._random.choice(self._others)
        if other.id in self._followed:
            self._followed.discard(other.id)
            await self._send("DELETE", f"/api/users/{other.id}/follow")
        elif other.id != self.account.id:
            self._followed.add(other.id)
            await self._send("POST", f"/api/users/{other.id}/follow")

    async def _change_privacy(self) -> None:
        self._private = not self._private
        await self._send("PATCH", "/api/users/me", json={"private_account": self._private})
        self._story.privacy.setdefault(str(self.account.id), []).append(self._private)

    async def _send(self, method: str, path: str, **options: Any) -> Any:
        answer = await self.account.client.request(method, path, **options)
        # Others may have deleted or hidden the post meanwhile.
        assert answer.status_code in (200, 201, 403, 404), answer.text
        return answer.json() if answer.status_code < 300 else None
