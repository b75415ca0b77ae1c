"""Windows of time that clients may name."""

from datetime import timedelta
from typing import Final, Literal

Timeframe = Literal["1h", "6h", "12h", "24h", "48h", "7d", "30d"]

WINDOWS: Final[dict[Timeframe, timedelta]] = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "12h": timedelta(hours=12),
    "24h": timedelta(hours=24),
    "48h": timedelta(hours=48),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
