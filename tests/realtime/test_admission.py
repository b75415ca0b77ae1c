"""How many connections there may be from one place."""

import asyncio
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from structlog.contextvars import bound_contextvars

from x18.core.addresses import network_of
from x18.core.errors import TooManyRequests
from x18.core.ids import new_id
from x18.realtime.admission import CALLS_OF_A_NETWORK, SAID_BYTES, SAID_BYTES_PER_SECOND, Admission
from x18.realtime.channel import Channel
from x18.realtime.protocol import BURST, MAX_CONNECTIONS_PER_ADDRESS, MAX_MESSAGE_BYTES, MESSAGES_PER_MINUTE

HERE = "192.0.2.7"


class Session:
    """As far as counting goes."""

    id = user_id = None

    def __init__(self, network: str) -> None:
        self.network = network

    line = SimpleNamespace(socket=SimpleNamespace(disconnect_code=None, close_code=None))

    def end(self) -> None:
        """Nothing was held."""


@pytest.mark.parametrize(("address", "is_admitted"), [("2001:db8::{}", False), ("10.0.0.{}", True)])
def test_the_addresses_of_one_network_are_counted_together(address: str, is_admitted: bool) -> None:
    admission = Admission(enforced=True)
    channel: Any = SimpleNamespace(sessions=set(), services=SimpleNamespace(admission=admission))
    with bound_contextvars(connection_id="", address=""), ExitStack() as stack:
        admitted = []
        for number in range(MAX_CONNECTIONS_PER_ADDRESS + 1):
            session: Any = Session(network_of(address.format(number)))
            admitted.append(stack.enter_context(Channel.attend(channel, session, "")))

    assert admitted == [*[True] * MAX_CONNECTIONS_PER_ADDRESS, is_admitted]
    assert admission.total == 0
    assert not admission._of_address


def test_one_connection_may_say_all_that_it_is_told_it_may() -> None:
    admission, user = Admission(enforced=True), new_id()

    assert not any(admission.hear(MAX_MESSAGE_BYTES, HERE, user) for _ in range(BURST))
    assert MAX_MESSAGE_BYTES * MESSAGES_PER_MINUTE / 60 < SAID_BYTES_PER_SECOND


@pytest.mark.parametrize("users", [[new_id()], [new_id() for _ in range(20)], [None]], ids=["one", "many", "anonymous"])
def test_what_a_user_or_a_network_says_over_all_its_sockets_is_bounded(users: list[UUID | None]) -> None:
    admission = Admission(enforced=True)
    said = next(
        number for number in range(1_000) if admission.hear(MAX_MESSAGE_BYTES, HERE, users[number % len(users)])
    )

    assert said <= 5 * SAID_BYTES // MAX_MESSAGE_BYTES + 1
    assert admission.hear(1, "another network", new_id()) == 0


def test_without_limits_everybody_says_what_they_like() -> None:
    admission = Admission(enforced=False)

    assert not any(admission.hear(MAX_MESSAGE_BYTES, HERE, None) for _ in range(1_000))


async def test_calls_of_a_network_run_few_at_a_time_and_those_of_another_do_not_wait() -> None:
    admission, now, most = Admission(enforced=True), 0, 0
    blocked = asyncio.Event()

    async def call(network: str) -> None:
        nonlocal now, most
        async with admission.call(network, new_id()):
            now += 1
            most = max(most, now)
            if network == HERE:
                await blocked.wait()
            now -= 1

    calls = [asyncio.create_task(call(HERE)) for _ in range(CALLS_OF_A_NETWORK + 50)]
    await asyncio.sleep(0)
    assert most == CALLS_OF_A_NETWORK
    async with asyncio.timeout(30):
        await call("another network")
        blocked.set()
        await asyncio.gather(*calls)


async def test_more_calls_than_may_wait_are_told_so() -> None:
    admission, blocked = Admission(enforced=True), asyncio.Event()

    async def call() -> None:
        async with admission.call(HERE, None):
            await blocked.wait()

    calls = [asyncio.create_task(call()) for _ in range(1_000)]
    await asyncio.sleep(0)
    blocked.set()
    refused = [error for error in await asyncio.gather(*calls, return_exceptions=True) if error is not None]
    assert 800 < len(refused) < 1_000
    assert {error.code for error in refused if isinstance(error, TooManyRequests)} == {"too_many_calls"}
