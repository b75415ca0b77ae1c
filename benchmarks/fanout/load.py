"""Drives the load client, and takes the server's processor time around it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fanout.contender import Contender
from benchmarks.fanout.machine import cpu_s, memory_kb

DEADLINE_S = 40
SETTLE_S = 1.0


@dataclass(frozen=True)
class Load:
    """``bursts`` of ``burst`` events, so many per second, to so many connections."""

    connections: int
    bursts: int
    burst: int
    bursts_per_s: float
    stalled: int = 0

    @property
    def events(self) -> int:
        """In all."""
        return self.bursts * self.burst


@dataclass(frozen=True)
class Delivery:
    """What one run cost and took. ``lost`` deliveries did not come within the deadline."""

    cpu_us: float
    per_s: float
    p50_ms: float
    p99_ms: float
    frame_bytes: float
    lost: int
    stalled_codes: list[int]


class Client:
    """The load client's program."""

    def __init__(self, program: Path) -> None:
        self._program = program

    async def deliver(self, to: Contender, load: Load) -> Delivery:
        """Publish as the load says and count what arrives."""
        async with self._connected(to, load.connections, load.stalled, load.events) as process:
            before = cpu_s(to.pid)
            loop = asyncio.get_running_loop()
            begin = loop.time()
            for number in range(load.bursts):
                await asyncio.sleep(max(0.0, begin + number / load.bursts_per_s - loop.time()))
                await to.publish(load.burst)
            assert process.stdout
            answer = json.loads(await process.stdout.readline())
            used = cpu_s(to.pid) - before
        delivered = answer["delivered"]
        return Delivery(
            used / max(delivered, 1) * 1e6,
            delivered / max(answer["seconds"], 1e-9),
            answer["p50_ms"],
            answer["p99_ms"],
            answer["bytes"] / max(delivered, 1),
            load.connections * load.events - delivered,
            answer["stalled"],
        )

    async def hold(self, to: Contender, connections: int) -> float:
        """KB of memory that the server needs for each connection that got what it needs to receive events."""
        async with self._connected(to, 100, 0, 0):
            pass  # what the first connections bring into memory is not theirs
        await asyncio.sleep(SETTLE_S)
        before = memory_kb(to.pid)
        async with self._connected(to, connections, 0, 0):
            await asyncio.sleep(SETTLE_S)
            return (memory_kb(to.pid) - before) / connections

    async def shake_hands(self, to: Contender, connections: int) -> float:
        """Microseconds of processor time from the TCP connection to its end, with nothing but the upgrade between."""
        before = cpu_s(to.pid)
        async with self._connected(to, connections, 0, 0, silent=True):
            pass
        await asyncio.sleep(SETTLE_S)
        return (cpu_s(to.pid) - before) / connections * 1e6

    @asynccontextmanager
    async def _connected(
        self, to: Contender, connections: int, stalled: int, events: int, *, silent: bool = False
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        hello = "" if silent else to.hello
        arguments = [to.port, to.path, connections, stalled, events, DEADLINE_S, hello, int(to.offers_compression)]
        process = await asyncio.create_subprocess_exec(
            self._program, *map(str, arguments), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdin
        assert process.stdout
        try:
            if await process.stdout.readline() != b"ready\n":
                raise RuntimeError(f"{to.name}: the load client could not connect")
            yield process
            process.stdin.close()
            await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
