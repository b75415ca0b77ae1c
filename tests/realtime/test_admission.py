"""How many connections there may be from one place."""

from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from x18.core.addresses import network_of
from x18.realtime.admission import Admission
from x18.realtime.channel import Channel
from x18.realtime.protocol import MAX_CONNECTIONS_PER_ADDRESS


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
