"""The tables, for the terminal and as Markdown."""

from collections.abc import Mapping
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.fanout.load import Delivery, Load
from benchmarks.fanout.scenarios import BURST, HANDSHAKES, IDLE_CONNECTIONS, SINGLE, SLOW, Results

Rows = list[list[str]]

C_LOOP = "C loop"
NODE = "Node ws"
DELIVERY_HEAD = ["server", "CPU µs", "x C", "x Node", "per s", "p50 ms", "p99 ms", "bytes", "lost"]


def sections(results: Results) -> list[tuple[str, list[str], Rows]]:
    """Title, head and rows of each table that has some."""
    tables = [
        (_title("Single events", SINGLE), DELIVERY_HEAD, _delivery_rows(results.single)),
        (_title("Bursts", BURST), DELIVERY_HEAD, _delivery_rows(results.burst)),
        (
            f"Connections ({IDLE_CONNECTIONS:,} idle; {HANDSHAKES:,} handshakes)",
            ["server", "KB per idle connection", "CPU µs per handshake"],
            [[name, f"{kb:.1f}", f"{results.handshake_us.get(name, 0):.0f}"] for name, kb in results.idle_kb.items()],
        ),
        (
            _title("A reader that stalls, on X18", SLOW),
            ["", "p50 ms", "p99 ms", "lost", "closed with"],
            _slow_rows(results),
        ),
    ]
    return [table for table in tables if table[2]]


def show(results: Results, console: Console) -> None:
    """Print the tables."""
    for title, head, rows in sections(results):
        table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
        for number, name in enumerate(head):
            table.add_column(name, justify="right" if number else "left", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def write(results: Results, path: Path) -> None:
    """The same as Markdown."""
    parts = []
    for title, head, rows in sections(results):
        lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
        parts.append(f"**{title}**\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines))
    path.write_text("\n\n".join(parts) + "\n")


def _title(what: str, load: Load) -> str:
    rate = load.burst * load.bursts_per_s
    together = f", {load.burst} at a time" if load.burst > 1 else ""
    return f"{what}: {rate:.0f} events/s{together}, {load.connections:,} connections"


def _delivery_rows(deliveries: Mapping[str, Delivery]) -> Rows:
    return [
        [
            name,
            f"{one.cpu_us:.2f}",
            _ratio(one, deliveries.get(C_LOOP)),
            _ratio(one, deliveries.get(NODE)),
            f"{one.per_s:,.0f}",
            f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}",
            f"{one.frame_bytes:.0f}",
            f"{one.lost:,}",
        ]
        for name, one in deliveries.items()
    ]


def _ratio(one: Delivery, base: Delivery | None) -> str:
    return f"{one.cpu_us / base.cpu_us:.2f}" if base else "-"


def _slow_rows(results: Results) -> Rows:
    return [
        [name, f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}", f"{one.lost:,}", ", ".join(map(str, one.stalled_codes))]
        for name, one in results.slow.items()
    ]
