"""High dynamic range as screens without it show it: the light that the signals PQ and HLG (ITU-R BT.2100) mean, drawn together."""

from collections.abc import Callable
from math import exp
from typing import Final

PQ, HLG = 16, 18
"""Transfer functions as ITU-T H.273 numbers them."""

WHITE_NITS: Final = 203
"""The light of paper white (ITU-R BT.2408)."""

BRIGHT: Final = 0.75
"""Of white. Light beyond that is drawn together, so that lamps and skies keep their shapes."""

STEPS: Final = 1024


def light_of(transfer: int) -> list[float] | None:
    """The light to show for signals from 0 to 1, of which 1 is white; None for signals that screens show as they are."""
    nits = NITS.get(transfer)
    return nits and [_drawn_together(nits(step / (STEPS - 1)) / WHITE_NITS) for step in range(STEPS)]


def _pq(signal: float) -> float:
    """SMPTE ST 2084."""
    root = float(signal ** (32 / 2523))
    return 10_000 * float((max(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305))


def _hlg(signal: float) -> float:
    """ARIB STD-B67, on a screen of 1,000 nits."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = signal * signal / 3 if signal <= 0.5 else (exp((signal - c) / a) + b) / 12
    return 1_000 * float(scene**1.2)


NITS: Final[dict[int, Callable[[float], float]]] = {PQ: _pq, HLG: _hlg}


def _drawn_together(light: float) -> float:
    return light if light <= BRIGHT else 1 - (1 - BRIGHT) * exp((BRIGHT - light) / (1 - BRIGHT))
