"""Shares: what is under way and what was spent, for users and for networks."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from uuid import UUID

import pytest

from x18.core import shares
from x18.core.errors import TooManyRequests
from x18.core.shares import Budget, UnderWay

ANNA, BOB, CARL = (UUID(int=number) for number in (1, 2, 3))


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_user_has_so_many_under_way_and_others_have_their_own() -> None:
    uploads = UnderWay("uploads", per_user=2, per_network=10)
    with uploads.enter("n", ANNA), uploads.enter("n", ANNA):
        with pytest.raises(TooManyRequests, match="uploads"), uploads.enter("m", ANNA):
            pass
        with uploads.enter("n", BOB):
            pass
    with uploads.enter("n", ANNA):
        assert uploads.owners == 2
    assert uploads.owners == 0, "who has nothing under way is not kept"


def test_accounts_of_one_network_share_its_places() -> None:
    uploads = UnderWay("uploads", per_user=2, per_network=3)
    with ExitStack() as under_way:
        for user in (ANNA, BOB, CARL):
            under_way.enter_context(uploads.enter("n", user))
        with pytest.raises(TooManyRequests), uploads.enter("n", UUID(int=4)):
            pass
        with uploads.enter("m", UUID(int=4)):
            pass


def test_what_is_refused_takes_no_place() -> None:
    uploads = UnderWay("uploads", per_user=1, per_network=2)
    with uploads.enter("n", ANNA):
        for _ in range(5):
            with pytest.raises(TooManyRequests), uploads.enter("n", ANNA):
                pass
        with uploads.enter("n", BOB):
            pass


def test_a_place_comes_back_when_the_work_fails() -> None:
    uploads = UnderWay("uploads", per_user=1, per_network=1)
    with pytest.raises(ZeroDivisionError), uploads.enter("n", ANNA):
        raise ZeroDivisionError
    with uploads.enter("n", ANNA):
        pass


def test_a_budget_is_refused_until_its_debt_is_paid(clock: Clock) -> None:
    seconds = Budget("database time", burst=10, per_second=1, clock=clock)
    seconds.charge(15, "n", ANNA)
    with pytest.raises(TooManyRequests) as refused:
        seconds.check("n", ANNA)
    assert refused.value.retry_after_s == 6
    seconds.check("n", BOB)
    clock.now += 5.5
    seconds.check("n", ANNA)


def test_accounts_of_one_network_spend_its_budget(clock: Clock) -> None:
    seconds = Budget("database time", burst=10, per_second=1, network_factor=3, clock=clock)
    for number in range(10, 14):
        seconds.charge(8, "n", UUID(int=number))
    with pytest.raises(TooManyRequests):
        seconds.check("n", ANNA)
    with pytest.raises(TooManyRequests):
        seconds.check("n")
    seconds.check("m", ANNA)


def test_invented_owners_take_no_memory_without_end_and_gain_nothing(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "MAX_OWNERS", 50)
    seconds = Budget("database time", burst=10, per_second=0.001, network_factor=1, clock=clock)
    for number in range(1_000):
        seconds.charge(1, f"n{number}")
    assert len(seconds._spent) <= 51
    with pytest.raises(TooManyRequests):
        seconds.check("a new one")
    seconds.check("n0")


def test_who_owes_nothing_is_forgotten(clock: Clock) -> None:
    seconds = Budget("database time", burst=10, per_second=1, clock=clock)
    for number in range(100):
        seconds.charge(1, f"n{number}")
    clock.now += 60
    for number in range(100):
        seconds.charge(1, f"m{number}")
    assert len(seconds._spent) <= 100


def test_without_limits_everything_passes(clock: Clock) -> None:
    uploads = UnderWay("uploads", per_user=1, per_network=1, enforced=False)
    seconds = Budget("database time", burst=1, per_second=1, enforced=False, clock=clock)
    seconds.charge(100, "n", ANNA)
    seconds.check("n", ANNA)
    with uploads.enter("n", ANNA), uploads.enter("n", ANNA):
        pass


async def test_who_finds_no_place_waits_for_one_and_comes_first_who_came_first() -> None:
    requests, order = UnderWay("requests", per_user=2, per_network=3), list[int]()

    async def ask(number: int) -> None:
        places = await requests.wait("n", ANNA, patience_s=10)
        order.append(number)
        await asyncio.sleep(0)
        requests.leave(places)

    await asyncio.gather(*(ask(number) for number in range(50)))

    assert order == list(range(50))
    assert requests.owners == 0
    assert requests._queues == {}


async def test_never_more_than_so_many_are_under_way_whoever_waits_for_what() -> None:
    requests, now, most = UnderWay("requests", per_user=2, per_network=3), Counter[str](), Counter[str]()

    async def ask(network: str, user: UUID) -> None:
        owners = await requests.wait(network, user, patience_s=10)
        now.update(owners)
        for owner in owners:
            most[owner] = max(most[owner], now[owner])
        await asyncio.sleep(0)
        now.subtract(owners)
        requests.leave(owners)

    await asyncio.gather(*(ask(f"n{number % 3}", (ANNA, BOB, CARL)[number % 7 % 3]) for number in range(200)))

    assert {owner: count for owner, count in most.items() if owner[0] == "u"} == {
        f"u{user}": 2 for user in (ANNA, BOB, CARL)
    }
    assert max(most.values()) == 3
    assert requests.owners == 0


async def test_waiting_ends_with_a_refusal_and_takes_nobodys_place() -> None:
    requests = UnderWay("requests", per_user=1, per_network=1)
    places = await requests.wait("n", patience_s=1)
    with pytest.raises(TooManyRequests, match="requests"):
        await requests.wait("n", patience_s=0.01)
    waiting = asyncio.create_task(requests.wait("n", patience_s=10))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert requests._queues == {}
    requests.leave(places)
    requests.leave(await requests.wait("n", patience_s=1))


async def test_no_more_than_a_hundred_wait_for_one_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MAX_WAITING", 5)
    requests = UnderWay("requests", per_user=1, per_network=1)
    places = await requests.wait("n", patience_s=1)
    waiting = [asyncio.create_task(requests.wait("n", patience_s=10)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await requests.wait("n", patience_s=10)
    requests.leave(places)
    for task in waiting:
        requests.leave(await task)
