"""``python -m benchmarks.limits``: what the rate limits cost, as CPU per request of the same server with them and without.

Two nodes on the same PostgreSQL and Redis, one with ``RATE_LIMITS=on``, are asked in turn by eight connections that are as many
users at as many addresses as stay within the limits. Only the CPU time of the node counts, so the ratios hold on a busy machine too.
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil
from rich.console import Console
from rich.table import Table

from tests.conftest import Account, register
from tests.server import Server, make_server
from x18.core.migrations import migrate
from x18.runtime.embedded import embedded_servers

CONNECTIONS: Final = 8
USERS: Final = 40
POSTS: Final = 60
READS: Final = {"home": "/api/timeline/home", "explore": "/api/timeline/explore", "a post": "/api/posts/{post}"}


async def main(requests: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name, embedded_servers(Path(name), postgres=True, redis=True) as servers:
        assert servers.database_url
        assert servers.redis_url
        await migrate(servers.database_url)
        nodes = {
            state: make_server(
                servers.database_url, servers.redis_url, Path(name), RATE_LIMITS=state, TRUSTED_PROXIES="127.0.0.1"
            )
            for state in ("off", "on")
        }
        try:
            for node in nodes.values():
                await node.start()
            await measure(nodes, requests, rounds)
        finally:
            for node in nodes.values():
                node.stop()
                node.listener.close()


async def measure(nodes: dict[str, Server], requests: int, rounds: int) -> None:
    users = [await register(nodes["off"].url, f"reader_{number}") for number in range(USERS)]
    post = await _fill(users)
    table = Table("read", "off, µs a request", "on, µs", "on / off", title="CPU of the node")
    for name, path in READS.items():
        spent: dict[str, list[float]] = {"off": [], "on": []}
        for number in range(rounds + 1):
            for state, node in nodes.items():
                cost = await _cost_of(node, path.format(post=post), users, requests)
                if number:  # the first round warms up
                    spent[state].append(cost * 1e6)
        off, on = (statistics.median(spent[state]) for state in ("off", "on"))
        table.add_row(name, f"{off:,.0f}", f"{on:,.0f}", f"{on / off:.3f}")
    Console().print(table)
    for user in users:
        await user.client.aclose()


async def _fill(users: list[Account]) -> str:
    """Everybody follows the first ten, who write."""
    for number in range(POSTS):
        answer = await users[number % 10].client.post("/api/posts", json={"content": f"buying $TSLA #{number}"})
    for user in users:
        for followee in users[:10]:
            if user is not followee:
                await user.client.post(f"/api/users/{followee.id}/follow")
    return str(answer.json()["id"])


async def _cost_of(node: Server, path: str, users: list[Account], requests: int) -> float:
    assert node.process is not None
    process = psutil.Process(node.process.pid)
    asked = itertools.islice(itertools.cycle(enumerate(users)), requests)
    before = process.cpu_times()
    await asyncio.gather(*(_ask(node, path, asked) for _ in range(CONNECTIONS)))
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / requests


async def _ask(node: Server, path: str, asked: "itertools.islice[tuple[int, Account]]") -> None:
    """Requests over one connection, each of the next user."""
    address = urlsplit(node.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    for number, user in asked:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nX-Forwarded-For: 192.0.2.{number}\r\n"
            f"Authorization: Bearer {user.access_token}\r\n\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head.decode()
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000, help="of a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    asyncio.run(main(options.requests, options.rounds))
