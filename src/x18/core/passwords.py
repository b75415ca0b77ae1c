"""Password hashing, in a bounded pool of threads: bcrypt takes a third of a second of a core and lets go of the interpreter."""

import os
from typing import Final

import bcrypt

from x18.core.turns import Turns

MAX_BYTES: Final = 72
"""bcrypt reads no further; a longer password is refused, never cut (OWASP ASVS 6.2.9)."""

HERE: Final = "here"
"""The network of who sits at this machine."""


class Passwords:
    """Hashes and checks passwords at one bcrypt cost, in turn for each network. At most 64 wait; more are sent away with 503."""

    def __init__(self, cost: int, *, enforced: bool = True) -> None:
        self._cost = cost
        threads = max(1, (os.cpu_count() or 1) - 1)  # a core is left to those who are logged in
        self._turns = Turns(threads, "bcrypt", enforced=enforced)
        self._decoy = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(cost))

    @property
    def waiting(self) -> int:
        """How many hashes are being made or wait."""
        return self._turns.waiting

    async def hash(self, password: str, network: str = HERE) -> str:
        """The hash to store. ``password`` has at most 72 bytes."""
        hashed: bytes = await self._turns.run(network, bcrypt.hashpw, password.encode(), bcrypt.gensalt(self._cost))
        return hashed.decode()

    async def check(self, password: str, stored: str | None, network: str = HERE) -> bool:
        """Whether the password is that of the stored hash. Takes as long for an account that does not exist (None)."""
        secret = password.encode()
        fits = len(secret) <= MAX_BYTES
        known = stored.encode() if stored else self._decoy
        matches: bool = await self._turns.run(network, self._compare, secret if fits else b"", known)
        return matches and fits and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made at a lower cost than today's, and should be made anew."""
        return _cost_of(stored.encode()) < self._cost

    def close(self) -> None:
        """Let the threads end."""
        self._turns.close()

    def _compare(self, secret: bytes, stored: bytes) -> bool:
        """Whether they match, after the work of today's cost also where the hash is older: the time tells nothing of the account."""
        matches = bcrypt.checkpw(secret, stored)
        for cost in range(_cost_of(stored), self._cost):  # 2^c + 2^c + 2^(c+1) + ... is today's 2^cost
            bcrypt.hashpw(secret, bcrypt.gensalt(cost))
        return matches


def _cost_of(stored: bytes) -> int:
    return int(stored[4:6])  # $2b$12$...
