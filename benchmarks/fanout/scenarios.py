"""What is measured of whom."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median

from benchmarks.fanout.contender import Contender
from benchmarks.fanout.load import Client, Delivery, Load

SINGLE = Load(connections=1_000, bursts=60, burst=1, bursts_per_s=20)
BURST = Load(connections=500, bursts=80, burst=10, bursts_per_s=40)
SLOW = Load(connections=1_000, bursts=150, burst=10, bursts_per_s=20)
IDLE_CONNECTIONS = 1_500
HANDSHAKES = 1_000
ROUNDS = 2
"""Of each delivery run: the machine may be busy with something else in one of them."""

SLOW_ROUNDS = 3
"""The least disturbed one is shown: a busy machine moves the 99th percentile far more than a stalled reader could."""


@dataclass
class Results:
    """Filled as the measurements are made; by the name of the contender."""

    single: dict[str, Delivery] = field(default_factory=dict)
    burst: dict[str, Delivery] = field(default_factory=dict)
    idle_kb: dict[str, float] = field(default_factory=dict)
    handshake_us: dict[str, float] = field(default_factory=dict)
    slow: dict[str, Delivery] = field(default_factory=dict)
    """Without and with one reader that stalls."""


Step = Callable[[str], None]


async def measure_connections(client: Client, contenders: list[Contender], results: Results, step: Step) -> None:
    """Memory first: a process that has worked has memory to give."""
    for one in contenders:
        step(f"{IDLE_CONNECTIONS:,} idle connections: {one.name}")
        results.idle_kb[one.name] = await client.hold(one, IDLE_CONNECTIONS)
    for one in contenders:
        step(f"{HANDSHAKES:,} handshakes: {one.name}")
        results.handshake_us[one.name] = await client.shake_hands(one, HANDSHAKES)


async def measure_deliveries(
    client: Client, load: Load, contenders: list[Contender], into: dict[str, Delivery], step: Step
) -> None:
    """The contenders in turn, several rounds: what disturbs the machine disturbs them alike."""
    runs: dict[str, list[Delivery]] = {one.name: [] for one in contenders}
    for _ in range(ROUNDS):
        for one in contenders:
            step(f"{load.events:,} events to {load.connections:,} connections: {one.name}")
            runs[one.name].append(await client.deliver(one, load))
    into.update((name, _summary(found)) for name, found in runs.items())


async def measure_slow_reader(client: Client, x18: Contender, results: Results, step: Step) -> None:
    """The same load with and without a client that never reads."""
    runs: dict[str, list[Delivery]] = {"all read": [], "one never reads": []}
    for _ in range(SLOW_ROUNDS):
        for (name, found), stalled in zip(runs.items(), (0, 1), strict=True):
            step(f"{SLOW.connections:,} connections, {name}")
            found.append(await client.deliver(x18, replace(SLOW, stalled=stalled)))
    for name, found in runs.items():
        codes = [code for run in found for code in run.stalled_codes]
        lost = sum(run.lost for run in found)
        results.slow[name] = replace(min(found, key=lambda run: run.p99_ms), lost=lost, stalled_codes=codes)


def _summary(runs: list[Delivery]) -> Delivery:
    """The least processor time, which is the least disturbed; of the rest the middle; and all that went wrong."""
    return Delivery(
        min(run.cpu_us for run in runs),
        median(run.per_s for run in runs),
        median(run.p50_ms for run in runs),
        median(run.p99_ms for run in runs),
        median(run.frame_bytes for run in runs),
        sum(run.lost for run in runs),
        [code for run in runs for code in run.stalled_codes],
    )
