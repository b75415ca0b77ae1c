"""Refusals of connections, and the end of those that make too many mistakes."""

import time
from http import HTTPStatus
from typing import Final

from x18.core.errors import NotAuthenticated, Problem
from x18.realtime.protocol import MAX_ERRORS, CloseCode

CODE_OF: Final = {"token_expired": CloseCode.TOKEN_EXPIRED, "session_revoked": CloseCode.REVOKED}
"""Close codes of failed log-ins that differ from 4401."""

FORGIVEN_PER_GOOD: Final = 0.1
FORGIVEN_PER_S: Final = 1 / 60
"""One mistake is forgotten for ten good messages, and one each minute: people type names of topics for hours."""


class TooManyConnections(Problem):
    """The user, or the address, has as many as are allowed."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_connections"


def close_code_of(problem: Problem) -> CloseCode:
    """The code that tells what to do about the problem."""
    if isinstance(problem, TooManyConnections):
        return CloseCode.TOO_MANY_CONNECTIONS
    if not isinstance(problem, NotAuthenticated):
        return CloseCode.OVERLOADED
    return CODE_OF.get(problem.code, CloseCode.NOT_AUTHENTICATED)


class Mistakes:
    """The mistakes of one client that are not forgotten yet."""

    __slots__ = ("_at", "_count")

    def __init__(self) -> None:
        self._count = self._at = 0.0

    def forgive(self) -> None:
        """A message was good."""
        if self._count:
            self._count = max(0.0, self._count - FORGIVEN_PER_GOOD)

    def add(self) -> bool:
        """Whether this one is too many."""
        now = time.monotonic()
        self._count = max(0.0, self._count - (now - self._at) * FORGIVEN_PER_S) + 1
        self._at = now
        return self._count >= MAX_ERRORS - 0.5  # half of one is forgotten in the time that ten in a row may take
