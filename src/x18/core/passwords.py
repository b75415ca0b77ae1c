"""Password hashing, in a bounded pool of threads: bcrypt takes a third of a second of a core and lets go of the interpreter."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import bcrypt

from x18.core.errors import Unavailable

T = TypeVar("T")

MAX_BYTES: Final = 72
"""bcrypt reads no further; a longer password is refused, never cut (OWASP ASVS 6.2.9)."""

MAX_WAITING: Final = 64


class Passwords:
    """Hashes and checks passwords at one bcrypt cost. At most 64 wait; more are sent away with 503."""

    def __init__(self, cost: int) -> None:
        self._cost = cost
        threads = max(1, (os.cpu_count() or 1) - 1)  # a core is left to those who are logged in
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="bcrypt")
        self._waiting = 0
        self._decoy = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(cost))

    @property
    def waiting(self) -> int:
        """How many hashes are being made or wait."""
        return self._waiting

    async def hash(self, password: str) -> str:
        """The hash to store. ``password`` has at most 72 bytes."""
        return (await self._run(bcrypt.hashpw, password.encode(), bcrypt.gensalt(self._cost))).decode()

    async def check(self, password: str, stored: str | None) -> bool:
        """Whether the password is that of the stored hash. Takes as long for an account that does not exist (None)."""
        secret = password.encode()
        fits = len(secret) <= MAX_BYTES
        matches = await self._run(bcrypt.checkpw, secret if fits else b"", stored.encode() if stored else self._decoy)
        return matches and fits and stored is not None

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, function: Callable[[bytes, bytes], T], secret: bytes, salt: bytes) -> T:
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Too many log-ins at once; try again in a moment.", code="busy", retry_after_s=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, secret, salt)
        finally:
            self._waiting -= 1
