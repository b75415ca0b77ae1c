"""How the time that a function of a text takes grows with the text, whatever the machine does beside."""

import time
from collections.abc import Callable

SIZE = 32_000  # bytes
MEASURABLE_S = 0.001


def is_linear(read: Callable[[str], object], piece: str, size: int = SIZE) -> bool:
    """Whether eight times a text of such pieces takes about eight times as long, and not 64; looked at again where it seems not so."""
    text = (piece * size).encode()[:size].decode(errors="ignore")
    part = text[: len(text) // 8]
    return any(cpu_s(read, text) < 24 * cpu_s(read, part) for _ in range(3))


def cpu_s(read: Callable[[str], object], text: str) -> float:
    """What reading takes where nothing disturbs it: the least of some times, each of reading often enough to be measured."""
    times = 1
    while (least := _cpu_s(read, text, times)) < MEASURABLE_S:
        times *= 4
    return min(least, *(_cpu_s(read, text, times) for _ in range(2))) / times


def _cpu_s(read: Callable[[str], object], text: str, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        read(text)
    return time.process_time() - began
