"""Take out protections one by one, run the tests beside each, and say which test noticed. Ends with 1 when one survived."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final, NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.mutants.mutant import Mutant
from tests.mutants.tables import MUTANTS

ROOT: Final = Path(__file__).parent.parent.parent
TIMEOUT_S: Final = 300
FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class Outcome(NamedTuple):
    """What became of a mutant. ``noticed_by`` is the first test that failed; none where it survived."""

    mutant: Mutant
    noticed_by: str | None
    seconds: float
    said: str


def main() -> int:
    """Run all mutants, or those whose name holds one of the words given."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutants with one of these words in name or file")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    args = parser.parse_args()
    wanted = [one for one in MUTANTS if not args.words or any(word in f"{one.name} {one.file}" for word in args.words)]
    if stale := [f"{one.name}: {said}" for one in wanted if (said := one.fault(ROOT))]:
        parser.error("\n".join(["the code is another by now:", *stale]))
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="x18-mutants-") as folder:
        for number in range(args.jobs):
            copies.put(_copy(Path(folder) / str(number)))
        with Progress(console=Console(stderr=True)) as progress, ThreadPoolExecutor(args.jobs) as pool:
            task = progress.add_task("mutants", total=len(wanted))
            outcomes = []
            for outcome in pool.map(lambda mutant: _try(mutant, copies), wanted):
                progress.advance(task)
                outcomes.append(outcome)
    _show(outcomes)
    return 1 if any(outcome.noticed_by is None for outcome in outcomes) else 0


def _copy(target: Path) -> Path:
    """The files that git knows of, so that a mutant harms nothing."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return target


def _try(mutant: Mutant, copies: "SimpleQueue[Path]") -> Outcome:
    copy = copies.get()
    began = time.monotonic()
    try:
        text = mutant.apply(copy)
        try:
            code, said = _run_tests(copy, mutant.tests)
        finally:
            mutant.restore(copy, text)
    finally:
        copies.put(copy)
    found = FAILED.search(said)
    noticed_by = found[1] if found else f"exit code {code}" if code else None
    return Outcome(mutant, noticed_by, time.monotonic() - began, said)


def _run_tests(copy: Path, tests: Sequence[str]) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-x",
        "-p",
        "no:cacheprovider",
        *(f"tests/{one}" for one in tests),
    ]
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return 1, f"FAILED by-hanging-for-{TIMEOUT_S}-s"
    if done.returncode not in (0, 1):  # neither passed nor failed: the tests were not even found
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-1000:])
    return done.returncode, done.stdout


def _show(outcomes: Sequence[Outcome]) -> None:
    table = Table(title=f"{len(outcomes)} protections taken out")
    for column in ("protection", "place", "noticed by", "s"):
        table.add_column(column, overflow="fold")
    for mutant, noticed_by, seconds, _ in outcomes:
        colour = "green" if noticed_by else "bold red"
        shown = (noticed_by or "NOBODY").removeprefix("tests/")
        table.add_row(
            mutant.name, mutant.file, f"[{colour}]{shown.replace('[', '(').replace(']', ')')}[/]", f"{seconds:.0f}"
        )
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)
    survivors = [outcome.mutant.name for outcome in outcomes if outcome.noticed_by is None]
    console.print(
        f"{len(outcomes) - len(survivors)} noticed, {len(survivors)} survived{': ' if survivors else ''}{'; '.join(survivors)}"
    )


if __name__ == "__main__":
    sys.exit(main())
