"""The time that work may hold the event loop before others run."""

from time import perf_counter
from typing import Final

AT_MOST_S: Final = 0.005
"""Nobody waits longer for the loop than this and one step of the work, however much there is to do."""

STEP: Final = 16
"""After so many small steps it is worth looking at the clock."""


class Pace:
    """A piece of time for work that can be interrupted. Begin one, ask now and then whether it ``is_over``, let others run, begin again."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """From now."""
        self._until = perf_counter() + AT_MOST_S

    def is_over(self) -> bool:
        """Whether it is the others' turn."""
        return perf_counter() >= self._until
