"""``x18 demo``: a market full of traders who talk, through the public API like anybody else."""

import argparse
import asyncio
import random
import secrets
import sys
import time
from collections import Counter, deque
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from x18.clients.account import Account, CannotLogIn, add_server
from x18.clients.market_talk import REPLIES, make_name, make_post

AT_ONCE = 16
"""Requests in flight."""

PATIENCE_S = 60.0
"""Seconds for which one request is tried while the server is away."""

ACTIONS = ("post", "like", "retweet", "reply")
WEIGHTS = (70, 20, 5, 5)


EXAMPLES = """examples:
  x18 demo --rate 20
  x18 demo --users 50 --seconds 60 --url https://x18.example.com
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command: number of traders, rate and duration."""
    parser.epilog = EXAMPLES
    add_server(parser)
    parser.add_argument("--users", type=int, default=12, help="traders to register (12)")
    parser.add_argument("--rate", type=float, default=5.0, help="actions a second, most of them posts (5)")
    parser.add_argument("--seconds", type=float, help="stop after this long; without it, on Ctrl-C")
    parser.add_argument("--seed", type=int, help="makes the talk repeatable")


def run(args: argparse.Namespace) -> int:
    """Talk until the time is over or Ctrl-C; say what was done."""
    if args.users < 2 or args.rate <= 0:
        print("x18: --users must be at least 2 and --rate more than 0.", file=sys.stderr)
        return 2
    done: Counter[str] = Counter()
    code = 0
    try:
        asyncio.run(Demo(args, done).run())
    except KeyboardInterrupt:
        pass
    except CannotLogIn as error:
        print(f"x18: {error}", file=sys.stderr)
        code = 1
    except httpx.HTTPError as error:
        print(f"x18: {args.url}: {error or type(error).__name__}: is the server running?", file=sys.stderr)
        code = 1
    if done:
        print(", ".join(f"{count} {name}" for name, count in sorted(done.items())))
    return code


class Demo:
    """Traders, the posts they saw last with who wrote them, and what they did (counted in ``done``). Nobody answers oneself."""

    def __init__(self, args: argparse.Namespace, done: "Counter[str]") -> None:
        self._args = args
        self._done = done
        self._chance = random.Random(args.seed)
        self._password = secrets.token_urlsafe(16)
        self._traders: list[Account] = []
        self._recent: deque[tuple[str, Account]] = deque(maxlen=200)
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Register, follow, talk."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}"),
            TimeElapsedColumn(),
        )
        console = Console(stderr=True)
        async with httpx.AsyncClient(base_url=self._args.url, timeout=30) as client:
            self._client = client
            with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
                await self._register(progress)
                await self._follow(progress)
                await self._talk(progress)

    async def _register(self, progress: Progress) -> None:
        task = progress.add_task("traders register", total=self._args.users)
        for _ in range(self._args.users):
            username, display_name = make_name(self._chance if self._args.seed is None else random.Random())
            self._traders.append(await Account.register(self._client, username, self._password, display_name))
            progress.advance(task)

    async def _follow(self, progress: Progress) -> None:
        """A few are followed by nearly all, most by a few."""
        pairs = [
            (follower, followee)
            for rank, followee in enumerate(self._traders, start=1)
            for follower in self._traders
            if follower is not followee and self._chance.random() < rank**-0.7
        ]
        task = progress.add_task("they follow one another", total=len(pairs))
        for follower, followee in pairs:
            await self._request(follower, "POST", f"/api/users/{followee.id}/follow")
            progress.advance(task)

    async def _talk(self, progress: Progress) -> None:
        task = progress.add_task("they talk", total=None)
        running: set[asyncio.Task[None]] = set()
        began, number = time.monotonic(), 0
        while self._args.seconds is None or time.monotonic() - began < self._args.seconds:
            await self._slots.acquire()
            action = asyncio.create_task(self._act())
            running.add(action)
            action.add_done_callback(running.discard)
            number += 1
            progress.update(task, completed=number)
            await asyncio.sleep(max(0.0, began + number / self._args.rate - time.monotonic()))
        await asyncio.gather(*running)

    async def _act(self) -> None:
        try:
            (action,) = self._chance.choices(ACTIONS, WEIGHTS)
            trader = self._chance.choice(self._traders)
            others = [post_id for post_id, author in self._recent if author is not trader]
            if action == "post" or not others:
                await self._publish(trader, make_post(self._chance))
            elif action == "reply":
                body = {"content": self._chance.choice(REPLIES), "reply_to_id": self._chance.choice(others)}
                await self._publish(trader, body)
            else:
                await self._request(trader, "POST", f"/api/posts/{self._chance.choice(others)}/{action}")
                self._done[f"{action}s"] += 1
        except (httpx.HTTPError, CannotLogIn) as error:
            self._done[f"failed ({type(error).__name__})"] += 1
        finally:
            self._slots.release()

    async def _publish(self, trader: Account, body: dict[str, Any]) -> None:
        answer = await self._request(trader, "POST", "/api/posts", json=body)
        if answer.is_success:
            self._recent.append((answer.json()["id"], trader))
            self._done["replies" if "reply_to_id" in body else "posts"] += 1
        else:
            self._done[f"refused ({answer.status_code})"] += 1

    async def _request(self, trader: Account, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask until there is an answer. The key makes sure that a post whose answer was lost is not made twice."""
        key = secrets.token_hex(16)
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                headers = {**await trader.headers(), "Idempotency-Key": key}
                answer = await self._client.request(method, path, headers=headers, **options)
                if answer.status_code not in (429, 503) or time.monotonic() > give_up:
                    return answer
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
            except httpx.TransportError:
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(0.5)
