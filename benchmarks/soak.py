"""``python -m benchmarks.soak [--seconds 180]``: writers, listeners that come and go, and faults; every list equals the model's.

Two nodes with embedded servers, 16 writers who post, delete, retweet, follow and change their privacy, 40 listeners that lose their
connection about once a second, and a Redis whose subscriptions are killed and whose data is flushed all the time. In the end each
listener's list is compared with what a naive model works out from the log (``tests/soak``). Exit code 1 if anything differs.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.conftest import register
from tests.server import make_server
from tests.soak.run import Report, soak
from x18.core.migrations import migrate
from x18.runtime.embedded import embedded_servers

WRITERS, LISTENERS = 16, 40


async def run(seconds: float, seed: int, folder: Path) -> Report:
    with embedded_servers(folder, postgres=True, redis=True) as servers, Progress() as progress:
        assert servers.database_url
        assert servers.redis_url
        await migrate(servers.database_url)
        nodes = [make_server(servers.database_url, servers.redis_url, folder) for _ in range(2)]
        try:
            for node in nodes:
                await node.start()
            accounts = [await register(nodes[0].url, f"soak_{number}") for number in range(WRITERS)]
            async with asyncpg.create_pool(servers.database_url, min_size=1) as database:
                task = progress.add_task("soaking", total=seconds)
                return await soak(
                    accounts, nodes, database, seconds=seconds, listeners=LISTENERS, seed=seed,
                    tell=lambda passed: progress.update(task, completed=passed),
                )  # fmt: skip
        finally:
            for node in nodes:
                node.stop()
                node.listener.close()


def show(report: Report) -> None:
    table = Table(title="soak")
    for name in ("events", "delivered", "connections", "faults", "certain", "possible", "wrong"):
        table.add_column(name, justify="right")
    table.add_row(
        *(f"{number:,}" for number in (report.events, report.delivered, report.connections, report.faults)),
        f"{report.certain:,}", f"{report.possible:,}", str(len(report.wrong)),
    )  # fmt: skip
    console = Console()
    console.print(table)
    for line in report.wrong[:50]:
        console.print(line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run(args.seconds, args.seed, Path(folder)))
    show(report)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
