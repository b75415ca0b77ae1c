"""The hot reads on a large database: ``python -m benchmarks.queries [--posts 1000000] [--storage FOLDER]``.

Runs the functions of ``x18`` as the controllers call them and shows what PostgreSQL did for each. Ends with 1 where a plan goes
through 10,000 rows of a table without an index. Without ``--storage`` the data set is made anew in a temporary folder.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import asyncpg
from rich.console import Console
from rich.table import Table

from benchmarks import dataset
from benchmarks.plans import Read, measure
from benchmarks.reads import list_reads
from x18.core import db
from x18.runtime.embedded import embedded_servers

MOST_SCANNED: Final = 10_000
"""So many rows of a table must not be read without an index. A scan that a limit ends early is none of a large table."""


async def run(database_url: str, only: str) -> list[Read]:
    """Measure every read whose name contains the text."""
    connection = await asyncpg.connect(database_url)
    try:
        wanted = [(name, work) for name, work in await list_reads(connection) if only in name]
    finally:
        await connection.close()
    await db.start_pool(database_url, max_size=2)  # for the horizon of lists, which is looked at beside the read
    try:
        return [await measure(database_url, name, work) for name, work in wanted]
    finally:
        await db.close_pool()


def show(found: list[Read], console: Console) -> int:
    """Print the table; how many reads scan a large table."""
    table = Table(title="Execution on the server, caches warm", row_styles=["", "dim"])
    for heading in ("read", "ms", "buffers", "rows", "statements"):
        table.add_column(heading, justify="left" if heading == "read" else "right")
    table.add_column("what touched most buffers")
    table.add_column("seq scan")
    failures = 0
    for read in found:
        scanned = [table for table, rows in read.scanned.items() if rows >= MOST_SCANNED]
        failures += bool(scanned)
        table.add_row(
            read.name, f"{read.ms:.1f}", f"{read.buffers}", f"{read.rows}", f"{read.statements}", read.summary,
            f"[red]{', '.join(sorted(scanned))}" if scanned else "",
        )  # fmt: skip
    console.print(table)
    return failures


def as_markdown(found: list[Read]) -> str:
    """The table without times, which say more about the machine than about the plans."""
    rows = [f"| {read.name} | {read.buffers} | {read.statements} | {read.summary} |" for read in found]
    return "\n".join(["| read | buffers | statements | what touched most of them |", "|---|--:|--:|---|", *rows, ""])


@contextmanager
def _database(storage: Path | None, posts: int) -> Iterator[str]:
    """The address of a database with the data set; made if the folder does not hold it yet."""
    with tempfile.TemporaryDirectory(prefix="x18-benchmark-") as temporary:
        folder = storage or Path(temporary)
        is_made = (folder / "postgres").exists()
        with embedded_servers(folder, postgres=True, redis=False) as servers:
            if not is_made:
                asyncio.run(dataset.make(str(servers.database_url), posts))
            yield str(servers.database_url)


def main() -> int:
    """Measure and show; 1 where a read scans a large table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000_000, help="how many to make")
    parser.add_argument("--storage", type=Path, help="a folder that keeps the data set for the next time")
    parser.add_argument("--only", default="", help="reads whose name contains this")
    parser.add_argument("--write", type=Path, help="a file for the table in Markdown, without times")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 220)
    with _database(options.storage, options.posts) as database_url:
        found = asyncio.run(run(database_url, options.only))
    failures = show(found, console)
    if options.write:
        options.write.write_text(as_markdown(found))
    console.print(
        f"{failures} of {len(found)} reads go through {MOST_SCANNED:,} rows or more of a table without an index."
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
