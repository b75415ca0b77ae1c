"""Password hashing, in a bounded pool of threads: bcrypt takes a third of a second of a core and lets go of the interpreter."""

import os
import unicodedata
from enum import IntEnum
from typing import Final

import bcrypt
import regex

from x18.core.turns import Turns

MAX_BYTES: Final = 72
"""bcrypt reads no further; a longer password is refused, never cut (OWASP ASVS 6.2.9)."""

HERE: Final = "here"
"""The network of who sits at this machine."""


SPACES: Final = regex.compile(r"\p{Zs}")


class Match(IntEnum):
    """Whether a password was the right one. ``AS_TYPED``: of a hash from before passwords were normalised, to be made anew."""

    NONE = 0
    NORMAL = 1
    AS_TYPED = 2


def normal_form(password: str) -> str:
    """The form in which a password is hashed, the same from every keyboard and system: OpaqueString of RFC 8265 §4.2.

    Any space is an ASCII one, and characters that may be put together are (NFC). Case, width and surrounding spaces stay.
    """
    return unicodedata.normalize("NFC", SPACES.sub(" ", password))


class Passwords:
    """Hashes and checks passwords at one bcrypt cost, in turn for each network. At most 64 wait; more are sent away with 503."""

    def __init__(self, cost: int, *, enforced: bool = True) -> None:
        self._cost = cost
        threads = max(1, (os.cpu_count() or 1) - 1)  # a core is left to those who are logged in
        self._turns = Turns(threads, "bcrypt", enforced=enforced)
        self._decoy = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(cost))

    @property
    def waiting(self) -> int:
        """Hashes that are being made or wait."""
        return self._turns.waiting

    async def hash(self, password: str, network: str = HERE) -> str:
        """The hash to store. ``password`` has at most 72 bytes in its normal form."""
        secret = normal_form(password).encode()
        hashed: bytes = await self._turns.run(network, bcrypt.hashpw, secret, bcrypt.gensalt(self._cost))
        return hashed.decode()

    async def check(self, password: str, stored: str | None, network: str = HERE) -> Match:
        """Whether the password is that of the stored hash. Takes as long for an account that does not exist (None).

        One that has another normal form takes twice as long, for whomever, as it is tried as it was typed too.
        """
        forms = dict.fromkeys([normal_form(password), password])
        secrets = [form.encode() for form in forms]
        known = stored.encode() if stored else self._decoy
        match: Match = await self._turns.run(network, self._compare, secrets, known)
        return match if stored is not None else Match.NONE

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made at a lower cost than today's, and should be made anew."""
        return _cost_of(stored.encode()) < self._cost

    def close(self) -> None:
        """Let the threads end."""
        self._turns.close()

    def _compare(self, secrets: list[bytes], stored: bytes) -> Match:
        """The first of the forms that matches, the normal form first."""
        for match, secret in zip((Match.NORMAL, Match.AS_TYPED), secrets, strict=False):
            fits = len(secret) <= MAX_BYTES
            if self._matches(secret if fits else b"", stored) and fits:
                return match
        return Match.NONE

    def _matches(self, secret: bytes, stored: bytes) -> bool:
        """Whether they match, after the work of today's cost also where the hash is older: the time tells nothing of the account."""
        matches = bcrypt.checkpw(secret, stored)
        for cost in range(_cost_of(stored), self._cost):  # 2^c + 2^c + 2^(c+1) + ... is today's 2^cost
            bcrypt.hashpw(secret, bcrypt.gensalt(cost))
        return matches


def _cost_of(stored: bytes) -> int:
    return int(stored[4:6])  # $2b$12$...
