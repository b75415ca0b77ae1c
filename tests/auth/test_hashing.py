"""Hashing passwords: bounded, and made anew when it becomes dearer."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import bcrypt
import pytest
from redis.asyncio import Redis

from tests.conftest import PASSWORD, MakeUser
from tests.server import Server
from x18.auth.actions import log_in
from x18.auth.schemas import Credentials
from x18.core import db
from x18.core.errors import NotAuthenticated, Unavailable
from x18.core.limits import Limiter
from x18.core.passwords import Passwords


@pytest.fixture
async def limiter(server: Server) -> AsyncIterator[Limiter]:
    """The functions of X18 in this process, without limits."""
    await db.start_pool(server.database_url, max_size=2)
    limiter = Limiter(Redis.from_url(server.redis_url), enforced=False)
    yield limiter
    await limiter.close()
    await db.close_pool()


async def test_a_hash_of_a_lower_cost_is_made_anew_at_a_log_in(
    limiter: Limiter, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user, passwords = await make_user(), Passwords(6)
    find = "SELECT password_hash FROM users WHERE id = $1"
    before = await database.fetchval(find, user.id)

    with pytest.raises(NotAuthenticated):
        await log_in(Credentials(username=user.username, password="wrong one"), "192.0.2.1", passwords, limiter)
    assert await database.fetchval(find, user.id) == before, "a wrong password changes nothing"
    owner = await log_in(Credentials(username=user.username, password=PASSWORD), "192.0.2.1", passwords, limiter)
    after = await database.fetchval(find, user.id)
    again = await log_in(Credentials(username=user.username, password=PASSWORD), "192.0.2.1", passwords, limiter)
    cheaper = Passwords(4)
    await log_in(Credentials(username=user.username, password=PASSWORD), "192.0.2.1", cheaper, limiter)

    assert (before[:7], after[:7]) == ("$2b$04$", "$2b$06$")
    assert owner.password_hash == again.password_hash == after
    assert bcrypt.checkpw(PASSWORD.encode(), after.encode())
    assert await database.fetchval(find, user.id) == after, "and none is made cheaper"
    passwords.close()
    cheaper.close()


async def test_more_than_a_network_may_have_waiting_are_sent_away_with_503() -> None:
    passwords = Passwords(8)
    checks = [asyncio.create_task(passwords.check("secret", None, "one network")) for _ in range(20)]
    other = asyncio.create_task(passwords.check("secret", None, "another"))
    outcomes = await asyncio.gather(*checks, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]

    assert (len(refused), outcomes.count(False), await other) == (4, 16, False)
    assert {(int(problem.status), problem.code, problem.retry_after_s) for problem in refused} == {(503, "busy", 2)}
    passwords.close()


class Work:
    """What bcrypt is asked to do: two to the cost, for each time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done = 0
        check, make = bcrypt.checkpw, bcrypt.hashpw

        def checkpw(secret: bytes, stored: bytes) -> bool:
            self.done += 2 ** int(stored[4:6])
            return check(secret, stored)

        def hashpw(secret: bytes, salt: bytes) -> bytes:
            self.done += 2 ** int(salt[4:6])
            return make(secret, salt)

        monkeypatch.setattr(bcrypt, "checkpw", checkpw)
        monkeypatch.setattr(bcrypt, "hashpw", hashpw)

    def take(self) -> int:
        """How much it was since the last time."""
        done, self.done = self.done, 0
        return done


async def test_a_log_in_is_the_same_work_whether_there_is_an_account_and_however_old_its_hash_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Passwords(7)
    hashes = {cost: bcrypt.hashpw(b"right one", bcrypt.gensalt(cost)).decode() for cost in (4, 5, 7)}
    work = Work(monkeypatch)
    for stored in (None, *hashes.values()):
        for password in ("right one", "wrong one", "x" * 100):
            found = await passwords.check(password, stored)
            assert bool(found) is (stored is not None and password == "right one")
            assert work.take() == 2**7, (stored, password)
        await passwords.check("a\u0301" * 10, stored)
        assert work.take() == 2 * 2**7, "one that may be typed in two ways is twice the work, for whomever"
    passwords.close()


@pytest.mark.parametrize("longer", ["x" * 73, "x" * 500, "\u00e9" * 36 + "x"])
async def test_a_password_of_which_bcrypt_would_read_the_beginning_only_is_none(longer: str) -> None:
    passwords = Passwords(4)
    beginning = bcrypt.hashpw(longer.encode()[:72], bcrypt.gensalt(4)).decode()

    assert not await passwords.check(longer, beginning)
    assert await passwords.check(longer.encode()[:72].decode(), beginning)
    passwords.close()
