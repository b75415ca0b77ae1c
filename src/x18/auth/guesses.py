"""Wrong passwords: how many an account, a network, and both together may have.

A guess is counted before it is made and given back when it was right, so that of many at once no more are checked than allowed.
"""

import hashlib
from typing import Final
from uuid import UUID

from x18.core import db
from x18.core.addresses import network_of
from x18.core.errors import TooManyRequests
from x18.core.limits import Limiter, Rate

BY_ACCOUNT_AND_NETWORK: Final = Rate("login", 10, 900)
BY_ACCOUNT: Final = Rate("account", 100, 900)
BY_NETWORK: Final = (Rate("login network", 30, 900), Rate("login network day", 150, 86_400))
"""A network that goes on is kept out longer: until the day is over."""

Counted = list[tuple[Rate, str]]


async def reserve_guess(name: str, user_id: UUID | None, address: str, limiter: Limiter) -> Counted:
    """Count a guess at the password of an account, or of a name that has none, before it is made.

    Strangers can keep no owner out: from a network where the owner logged in before, only wrong passwords for this account and from
    this network count.

    Raises:
        TooManyRequests: there were too many wrong ones; nothing was counted.
    """
    network = network_of(address)
    whose = str(user_id) if user_id else hashlib.sha256(name.lower().encode(errors="replace")).hexdigest()
    guesses = [(BY_ACCOUNT_AND_NETWORK, f"{network} {whose}")]
    if user_id is None or not await _is_at_home(user_id, address):
        guesses += [(rate, network) for rate in BY_NETWORK]
        guesses.append((BY_ACCOUNT, whose))
    counted: Counted = []
    for rate, who in guesses:
        try:
            await limiter.take(rate, who)
        except TooManyRequests:
            await give_back(counted, limiter)
            raise
        counted.append((rate, who))
    return counted


async def give_back(guesses: Counted, limiter: Limiter) -> None:
    """The password was right, or it was not looked at."""
    for rate, who in guesses:
        await limiter.give_back(rate, who)


async def _is_at_home(user_id: UUID, address: str) -> bool:
    """Whether the user logged in from this network, in a session that has not run out."""
    return address != "" and bool(
        await db.fetch_value(
            "SELECT true FROM auth_sessions WHERE user_id = $1 AND NULLIF(ip, '')::inet <<= $2::text::inet LIMIT 1",
            user_id,
            network_of(address),
        )
    )
