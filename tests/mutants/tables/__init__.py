"""The protections, by the part of the product that they guard."""

from typing import Final

from tests.mutants.tables import (
    accounts,
    acts,
    connections,
    delivery,
    edge,
    floods,
    limits,
    lists,
    machine,
    market,
    names,
    reading,
    uploads,
    writing,
)

MUTANTS: Final = [
    *machine.EMBEDDED,
    *floods.FLOODS,
    *machine.LOGS,
    *lists.LISTS,
    *acts.ACTS,
    *market.MARKET,
    *writing.WRITING,
    *writing.NUMBERING,
    *delivery.FEEDING,
    *delivery.RECEIVING,
    *connections.RESUMING,
    *connections.SESSIONS,
    *accounts.TOKENS,
    *accounts.PASSWORDS,
    *names.NAMES,
    *limits.RATES,
    *limits.UNDER_WAY,
    *reading.READING,
    *edge.HTTP,
    *edge.SOCKETS,
    *uploads.UPLOADS,
    *uploads.FILES,
]
