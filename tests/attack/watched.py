"""X18 whose event loop is watched: ``/metrics`` tells how much processor time others waited for, turn by turn.

Run in the place of ``x18``, with its arguments. Wall time would tell of the machine: what counts is the time of the loop's own thread
between two timers of a few milliseconds, which is what everybody waits for who is ready meanwhile.
"""

import asyncio
import sys
import time
from typing import Any

from prometheus_client import Histogram

from x18 import app
from x18.__main__ import main
from x18.core.metrics import REGISTRY

EVERY_S = 0.005
LONG = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

HOLDS = Histogram(
    "attack_hold_seconds", "Processor time of the loop between two timers", registry=REGISTRY, buckets=LONG
)
sample = app.sample


async def watch(*parts: Any) -> None:
    """Sample the process, as always, and the loop."""
    watching = asyncio.create_task(_watch())
    try:
        await sample(*parts)
    finally:
        watching.cancel()


async def _watch() -> None:
    before = time.thread_time()
    while True:
        await asyncio.sleep(EVERY_S)
        now = time.thread_time()
        HOLDS.observe(now - before)
        before = now


if __name__ == "__main__":
    app.sample = watch
    sys.exit(main())
