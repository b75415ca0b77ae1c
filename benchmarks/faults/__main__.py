"""``python -m benchmarks.faults [NAME …]``: what breaks while people write and listen, and whether every list is exact afterwards.

Two nodes on embedded servers, four authors who post without a pause, six clients on both nodes that come back with their cursor. While
a fault is in force and after it, the list of every client must be that of the log: nothing lost, doubled or out of order, and no post
that was acknowledged missing. The second node reaches PostgreSQL through a line that can be cut. Exit code 1 if anything differs.
"""

import argparse
import asyncio
import secrets
import signal
import tempfile
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from benchmarks.faults.line import Line
from benchmarks.faults.scenarios import FAULTS, Fault, Scene
from tests.conftest import register
from tests.flows.test_resume import Writers, resuming
from tests.live import live
from tests.server import make_server
from x18.core.migrations import migrate
from x18.runtime.embedded import embedded_servers

AUTHORS, CLIENTS = 4, 6
CALM_S = 1.0
LONGEST_S = 60.0
REFUSALS = {429, 503}
"""What a writer may be told."""


async def run(scene: Scene, fault: Fault) -> tuple[int, int]:
    """How many posts were acknowledged, and delivered in all; what is wrong stands in the scene."""
    run_id = secrets.token_hex(4)
    scene.authors = [await register(scene.nodes[n % 2].url, f"author{n}_{run_id}") for n in range(AUTHORS)]
    topics = [f"user:{author.id}" for author in scene.authors]
    writers, done = Writers(scene.authors), asyncio.Event()
    async with live(scene.nodes[0]) as first:
        cursor = first.cursor
    writing = asyncio.create_task(writers.run())
    clients = [
        asyncio.create_task(resuming(scene.nodes[n % 2], topics, cursor, writers.made, done)) for n in range(CLIENTS)
    ]
    try:
        await asyncio.sleep(CALM_S)
        async with asyncio.timeout(LONGEST_S):
            await fault(scene)
        await asyncio.sleep(CALM_S)
    except TimeoutError:
        scene.wrong.append(f"not over after {LONGEST_S:.0f} s")
    finally:
        writers.running = False
        await writing
        done.set()
    async with asyncio.timeout(60):
        collected = await asyncio.gather(*clients)
    await _compare(scene, writers, collected)
    for author in scene.authors:
        await author.client.aclose()
    return len(writers.made), sum(len(got) for got in collected)


async def _compare(scene: Scene, writers: Writers, collected: list[list[str]]) -> None:
    database = await asyncpg.connect(scene.database_url)
    rows = await database.fetch(
        "SELECT object_id::text AS id FROM event_log WHERE kind = 1 AND actor_id = ANY($1) ORDER BY seq",
        [author.id for author in scene.authors],
    )
    await database.close()
    log = [row["id"] for row in rows]
    scene.wrong += [f"{len(lost)} acknowledged and lost"] if (lost := writers.made - set(log)) else []
    scene.wrong += [f"refused with {status}" for status in writers.refused - REFUSALS]
    for number, got in enumerate(collected):
        if got != log[: len(got)] or not writers.made <= set(got):
            scene.wrong.append(f"client {number}: {len(got)} of {len(log)}, not the log's")


async def run_all(names: list[str], folder: Path, table: Table) -> bool:
    is_well = True
    with embedded_servers(folder, postgres=True, redis=True) as servers:
        assert servers.database_url
        assert servers.redis_url
        await migrate(servers.database_url)
        async with Line.to(servers.database_url, folder) as line:
            urls = (servers.database_url, line.database_url)
            nodes = [make_server(url, servers.redis_url, folder, RATE_LIMITS="on") for url in urls]
            try:
                for node in nodes:
                    await node.start()
                for name in names:
                    scene = Scene(nodes, line, servers.database_url, servers.redis_url)
                    made, delivered = await run(scene, FAULTS[name])
                    verdict = "; ".join(scene.wrong) or "exact"
                    table.add_row(name, f"{made:,}", f"{delivered:,}", "; ".join(scene.notes), verdict)
                    is_well = is_well and not scene.wrong
            finally:
                for node in nodes:
                    node.kill()
                    node.listener.close()
    return is_well


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *FAULTS], default=[], metavar="NAME")
    names = parser.parse_args().names or list(FAULTS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    table = Table("fault", "acknowledged", "delivered", "seen", "lists", title="faults")
    try:
        with tempfile.TemporaryDirectory() as folder:
            return 0 if asyncio.run(run_all(names, Path(folder), table)) else 1
    finally:
        Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
