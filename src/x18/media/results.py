"""What processing a file gives. Plain values: they cross from another process."""

from typing import NamedTuple


class Rejected(Exception):
    """Why a file is not taken, for its sender."""


class Processed(NamedTuple):
    """Size in pixels, duration of a video in milliseconds, and the blurhash."""

    width: int
    height: int
    duration_ms: int | None
    blurhash: str
