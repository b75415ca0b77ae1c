"""All attacks, one after the other, with their figures: ``make attack``, in four minutes at most.

Bystanders may wait three times as long as without an attack, or 50 ms longer: idle they wait a few milliseconds, of which the noise of a
machine is a multiple. That is held for the processor time of the loop between question and answer, which says the same on any
machine; for the time on the clock only where the machine is quiet, as a timer of this process knows.
"""

import inspect
from collections.abc import Iterator
from importlib import import_module

import pytest
from rich.console import Console
from rich.table import Table

from tests.attack.attacker import ATTACKS
from tests.attack.field import Field, Outcome

SECONDS = 2.5
CALM_S = 0.8
SETTLE_S = 5.0
TIMES = 3
FLOOR_S = 0.05
LATE_S = 0.25
GROWTH_BYTES = 20 * 1024**2
QUIET_S = 0.02
"""A timer that is later than this tells of a machine that has other things to do."""

HEAD = (
    "attack", "loop p99", "reads", "writes", "events p99", "clock p99", "server CPU", "database CPU", "MB", "turn", "answers",
)  # fmt: skip

pytestmark = pytest.mark.attack


def attacks() -> Iterator[tuple[str, str]]:
    """Module and name of each."""
    for module in ATTACKS:
        for name, attack in vars(import_module(f"tests.attack.{module}")).items():
            if (
                inspect.iscoroutinefunction(attack)
                and not name.startswith("_")
                and "me" in inspect.signature(attack).parameters
            ):
                yield module, name


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """Printed in the end, however it ends."""
    made = Table(*HEAD, title=f"Bystanders, calm → under attack for {SECONDS} s, milliseconds (median/p99)")
    yield made
    Console(width=200).print(made)


@pytest.mark.parametrize(("module", "name"), list(attacks()))
async def test_bystanders_are_served_as_ever_during(wide_field: Field, table: Table, module: str, name: str) -> None:
    outcome = await wide_field.suffer(module, name, SECONDS, calm_s=CALM_S, settle_s=SETTLE_S)
    table.add_row(*row_of(outcome, wide_field))
    calm, seen = wide_field.calm, outcome.seen

    assert set(seen.statuses) <= {200, 201}
    assert "500" not in outcome.statuses
    assert outcome.grown < GROWTH_BYTES
    assert is_served(calm.loop, seen.loop)
    if max(percentile(calm.clock, 0.99), percentile(seen.clock, 0.99)) < QUIET_S:
        assert is_served(calm.reads, seen.reads)
        assert is_served(calm.writes, seen.writes)
        assert percentile(seen.events, 0.99) <= percentile(calm.events, 0.99) + LATE_S


def is_served(calm: list[float], seen: list[float]) -> bool:
    """Whether the slowest of a hundred waited as one may."""
    usual = percentile(calm, 0.99)
    return percentile(seen, 0.99) <= max(TIMES * usual, usual + FLOOR_S)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def row_of(outcome: Outcome, field: Field) -> list[str]:
    calm, seen = field.calm, outcome.seen

    def both(before: list[float], after: list[float]) -> str:
        return " → ".join(
            f"{1000 * percentile(some, 0.5):.0f}/{1000 * percentile(some, 0.99):.0f}" for some in (before, after)
        )

    def last(before: list[float], after: list[float]) -> str:
        return " → ".join(f"{1000 * percentile(some, 0.99):.0f}" for some in (before, after))

    return [
        outcome.name,
        last(calm.loop, seen.loop),
        both(calm.reads, seen.reads),
        both(calm.writes, seen.writes),
        last(calm.events, seen.events),
        last(calm.clock, seen.clock),
        f"{outcome.server_s:.2f}",
        f"{outcome.database_s:.2f}",
        f"{outcome.grown / 1e6:.0f}",
        f"≤ {1000 * (outcome.hold_s or 0.02):.0f}",
        " ".join(f"{status}:{count}" for status, count in sorted(outcome.statuses.items())),
    ]
