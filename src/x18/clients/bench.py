"""``x18 bench``: whether everything is delivered, once, and how fast. Speaks the public API only, like any other client."""

import argparse
import asyncio
import errno
import json
import secrets
import sys
import time
from contextlib import nullcontext

import httpx
from rich.console import Console
from rich.live import Live as LiveTable
from rich.table import Table

from x18.clients.account import Account, CannotLogIn, add_server
from x18.clients.delivery import Delivery, Figures
from x18.clients.listener import Listener, Refused

EXAMPLES = """examples:
  x18 bench                                     50 connections, 4 posts a second, 10 seconds
  x18 bench --connections 1000 --rate 20 --seconds 30
  x18 bench --json | jq .commit_to_receipt_ms.p99

Exit code 0 only when every post reached every connection exactly once. With its limits on, a server lets an address have 100
connections, and eight authors 40 posts a second: start one for load tests with RATE_LIMITS=off. "commit" is the post's
created_at and needs clocks that agree; "send" is this program's own clock.
"""

MORE_FILES = "each connection needs an open file, and this shell allows too few: raise the limit, for example with ulimit -n 20000."
MOST_CONNECTIONS, MOST_RATE, MOST_SECONDS = 20_000, 500.0, 600.0
CONNECT_AT_ONCE = 50
SETTLE_S = 5.0
"""Seconds for which deliveries are awaited after the last post."""

AUTHORS = 8
NEWEST = 2_000
"""Receipts of which the live table shows the times."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command: numbers, rates and duration."""
    parser.epilog = EXAMPLES
    add_server(parser)
    parser.add_argument("--connections", type=int, default=50, metavar="N", help="live connections (50)")
    parser.add_argument("--rate", type=float, default=4.0, metavar="R", help="posts a second (4)")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="T", help="how long to post (10)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for scripts")


def run(args: argparse.Namespace) -> int:
    """Measure and print. 0: nothing lost or doubled, 1: something was, or it could not be measured."""
    bounds = (
        (args.connections, MOST_CONNECTIONS, "--connections"),
        (args.rate, MOST_RATE, "--rate"),
        (args.seconds, MOST_SECONDS, "--seconds"),
    )
    for value, most, name in bounds:
        if not 0 < value <= most:
            print(f"x18: {name} must be more than 0 and at most {most:g}.", file=sys.stderr)
            return 2
    bench = Bench(args)
    try:
        asyncio.run(bench.run())
    except (CannotLogIn, Refused) as error:
        print(f"x18: {error}", file=sys.stderr)
        return 1
    except (httpx.HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            print(f"x18: {MORE_FILES}", file=sys.stderr)
            return 1
        print(f"x18: {args.url}: {error or type(error).__name__}: is the server running?", file=sys.stderr)
        return 1
    figures = bench.figures()
    if args.json:
        print(json.dumps(figures.as_dict()))
    else:
        Console(highlight=False).print(_table(figures, is_final=True))
    return 0 if figures.is_exact else 1


class Bench:
    """Listeners on a tag of their own, authors who post under it, and what became of it."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._tag = f"bench-{secrets.token_hex(6)}"
        self._delivery = Delivery(args.connections)
        self._posting: set[asyncio.Task[None]] = set()
        self._began = self._busy = 0.0

    async def run(self) -> None:
        """Connect, post, wait for what is under way, clean up."""
        console = Console(stderr=True)
        async with httpx.AsyncClient(base_url=self._args.url, timeout=30) as client:
            with console.status("registering authors") if console.is_terminal else nullcontext():
                authors = await self._register(client)
            listeners = [
                Listener(self._args.url, f"tag:{self._tag}", self._delivery) for _ in range(self._args.connections)
            ]
            try:
                with (
                    console.status(f"opening {len(listeners):,} connections") if console.is_terminal else nullcontext()
                ):
                    await self._connect(listeners)
                self._began, self._busy = time.monotonic(), time.process_time()
                with LiveTable(console=console, refresh_per_second=4, transient=True) as table:
                    drawing = asyncio.create_task(self._draw(table)) if console.is_terminal else None
                    try:
                        await self._post(client, authors)
                        await self._delivery.settle(SETTLE_S)
                    finally:
                        if drawing is not None:
                            drawing.cancel()
            finally:
                await asyncio.gather(*(listener.close() for listener in listeners))
                await self._clean_up(client, authors)

    def figures(self, *, newest: int | None = None) -> Figures:
        """The results so far; times of the newest receipts, or of all."""
        elapsed = time.monotonic() - self._began
        busy = (time.process_time() - self._busy) / elapsed if elapsed else 0.0
        return self._delivery.figures(elapsed, busy, newest=newest)

    async def _register(self, client: httpx.AsyncClient) -> list[Account]:
        password = secrets.token_urlsafe(16)
        names = [f"bench_{secrets.token_hex(6)}" for _ in range(AUTHORS)]
        return [await Account.register(client, name, password, "Bench") for name in names]

    async def _connect(self, listeners: list[Listener]) -> None:
        slots = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def connect(listener: Listener) -> None:
            async with slots:
                await listener.start()

        await asyncio.gather(*(connect(listener) for listener in listeners))

    async def _post(self, client: httpx.AsyncClient, authors: list[Account]) -> None:
        number = 0
        while (due := number / self._args.rate) < self._args.seconds:
            await asyncio.sleep(max(0.0, self._began + due - time.monotonic()))
            task = asyncio.create_task(self._publish(client, authors[number % len(authors)], number))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)
            number += 1
        await asyncio.gather(*self._posting)

    async def _publish(self, client: httpx.AsyncClient, author: Account, number: int) -> None:
        """Post once, whatever happens to the connection: the key makes trying again harmless."""
        body = {"content": f"bench {number}", "metadata": {"tags": [self._tag]}}
        try:
            headers = {**await author.headers(), "Idempotency-Key": secrets.token_hex(16)}
        except CannotLogIn:
            self._delivery.failed += 1
            return
        sent = time.time()
        for _ in range(20):
            try:
                answer = await client.post("/api/posts", json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.5)
                continue
            if answer.is_success:
                self._delivery.posted(answer.json()["id"], author, sent)
                return
            if answer.status_code not in (429, 503):
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        self._delivery.failed += 1

    async def _clean_up(self, client: httpx.AsyncClient, authors: list[Account]) -> None:
        """Delete the posts; the accounts stay, the API cannot delete them."""
        slots = asyncio.Semaphore(8)

        async def delete(post_id: str, author: Account) -> None:
            async with slots:
                await client.delete(f"/api/posts/{post_id}", headers=await author.headers())

        await asyncio.gather(*(delete(*one) for one in self._delivery.authors.items()), return_exceptions=True)

    async def _draw(self, table: LiveTable) -> None:
        while True:
            table.update(_table(self.figures(newest=NEWEST), is_final=False))
            await asyncio.sleep(0.25)


def _table(figures: Figures, *, is_final: bool) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in figures.as_rows(is_final=is_final):
        table.add_row(name, value)
    return table
