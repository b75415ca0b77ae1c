"""``python -m benchmarks.fanout``: about three minutes, on the loopback address only."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from benchmarks.fanout import report, scenarios
from benchmarks.fanout.contender import Contender, c_loop, channels_plugin, node_ws
from benchmarks.fanout.load import Client
from benchmarks.fanout.scenarios import BURST, SINGLE, Results
from benchmarks.fanout.tools import NoTool, compile_c, install_ws
from benchmarks.fanout.x18 import X18, CommittedX18, CompressedX18
from x18.core.migrations import migrate
from x18.runtime.embedded import Servers, embedded_servers

PARTS = ("connections", "single", "burst", "slow")

LIMIT_S = 280

console = Console(width=max(100, Console().width))


def main() -> int:
    """Measure and print; 1 where something needed is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="only these (all)")
    parser.add_argument(
        "--out", type=Path, default=Path("benchmarks/out/fanout.md"), help="where the tables are written as Markdown"
    )
    args = parser.parse_args()
    results = Results()
    try:
        asyncio.run(_run(set(args.parts or PARTS), results))
    except NoTool as error:
        console.print(f"[red]The benchmark cannot run: {error}.")
        return 1
    except TimeoutError:
        console.print("[red]The machine is too busy: this is what was measured until now.")
    report.show(results, console)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    report.write(results, args.out)
    console.print(f"Written to {args.out}.")
    return 0


async def _run(parts: set[str], results: Results) -> None:
    begin = time.monotonic()

    def step(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - begin:5.0f} s[/]  {what}")

    with tempfile.TemporaryDirectory(prefix="x18-fanout-") as name:
        folder = Path(name)
        client = Client(compile_c("client.c", folder))
        step("start the servers")
        with embedded_servers(folder / "servers", postgres=True, redis=True) as servers:
            await migrate(str(servers.database_url))
            async with _started(servers, folder / "x18") as x18, _others(x18, folder, step) as others:
                async with asyncio.timeout(LIMIT_S):
                    await _measure(parts, client, x18, others, results, step)


async def _measure(
    parts: set[str], client: Client, x18: X18, others: list[Contender], results: Results, step: scenarios.Step
) -> None:
    if "connections" in parts:
        await scenarios.measure_connections(client, [x18, CompressedX18(x18), *others], results, step)
    # What is committed goes first: afterwards the numbers are ours.
    if "single" in parts:
        committed: list[Contender] = [CommittedX18(x18, "SQL"), CommittedX18(x18, "REST")]
        await scenarios.measure_deliveries(client, SINGLE, committed, results.single, step)
    if "burst" in parts:
        await scenarios.measure_deliveries(client, BURST, [CommittedX18(x18, "SQL")], results.burst, step)
    await x18.take_up_position()
    compressed = CompressedX18(x18)
    if "single" in parts:
        await scenarios.measure_deliveries(client, SINGLE, [x18, compressed, *others], results.single, step)
    if "burst" in parts:
        await scenarios.measure_deliveries(client, BURST, [x18, compressed, *others], results.burst, step)
    if "slow" in parts:
        await scenarios.measure_slow_reader(client, x18, results, step)


@asynccontextmanager
async def _others(x18: X18, folder: Path, step: scenarios.Step) -> AsyncIterator[list[Contender]]:
    loop = compile_c("contenders/loop.c", folder)
    others: list[Contender] = [c_loop(loop, "each", x18.payload), c_loop(loop, "joined", x18.payload)]
    try:
        others.append(channels_plugin(x18.payload))
        try:
            others.append(node_ws(await asyncio.to_thread(install_ws, folder), x18.payload))
        except NoTool as error:
            step(f"[yellow]without Node's ws: {error}")
        yield others
    finally:
        for one in others:
            await one.stop()


@asynccontextmanager
async def _started(servers: Servers, folder: Path) -> AsyncIterator[X18]:
    x18 = await X18.start(servers, folder)
    try:
        yield x18
    finally:
        await x18.stop()


sys.exit(main())
