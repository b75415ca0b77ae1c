"""``x18 doctor``: whether this machine can run X18 with these settings, and what to do where it cannot."""

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from x18.runtime.checkup import Finding, check_clock, check_database, check_embedded, check_redis
from x18.runtime.embedded import StartError, find_running
from x18.runtime.kept_secrets import missing_secrets
from x18.runtime.machine import check_disk, check_files, check_port, check_settings
from x18.runtime.start import settings_from_environment
from x18.settings import Settings

EXAMPLES = """examples:
  x18 doctor                      a table; exit code 1 when something must be repaired
  x18 doctor --json | jq '.[] | select(.state != "ok")'
"""

PIPED_WIDTH = 250

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.epilog = EXAMPLES
    parser.add_argument("--json", action="store_true", help="print a list of findings as JSON")


def run(args: argparse.Namespace) -> int:
    """Print what was found. 1 when something failed; warnings alone are 0."""
    try:
        settings = settings_from_environment()
    except StartError as error:
        findings = [Finding.failed("settings", "wrong", line) for line in str(error).splitlines()]
    else:
        findings = [*check_settings(settings, missing_secrets(os.environ)), *asyncio.run(_examine(settings))]
    if args.json:
        print(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        _print(findings)
    return 1 if any(finding.state == "failed" for finding in findings) else 0


async def _examine(settings: Settings) -> list[Finding]:
    running = find_running(settings.storage_path)
    database_url = settings.database_url or (running and running.database_url)
    redis_url = settings.redis_url or (running and running.redis_url)
    findings = []
    if database_url is None or redis_url is None:
        findings.append(check_embedded(settings.storage_path, postgres=database_url is None, redis=redis_url is None))
    checks: list[Callable[[], Awaitable[Sequence[Finding]]]] = []
    if database_url is not None:
        checks += [lambda: check_database(str(database_url)), lambda: check_clock(str(database_url))]
    if redis_url is not None:
        checks.append(lambda: check_redis(str(redis_url)))
    for found in await asyncio.gather(*(check() for check in checks)):
        findings += found
    return [*findings, check_disk(settings), check_files(), check_port(settings)]


def _print(findings: Sequence[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, colour = MARKS[finding.state]
        said = Text(finding.found)
        if finding.advice:
            said.append(f"\n→ {finding.advice}", style=colour)
        table.add_row(Text(mark, style=f"bold {colour}"), Text(finding.name, style="bold"), said)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH  # scripts that look for words find them in one line
    console.print(table)
