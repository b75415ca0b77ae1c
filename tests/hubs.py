"""A hub in tests that nothing interrupts."""

from collections.abc import Sequence

from x18.realtime.events import Event
from x18.realtime.hub import Hub


def publish(hub: Hub, events: Sequence[Event], epoch: str) -> None:
    """Deliver the events in one go."""
    for _ in hub.publish(events, epoch):
        raise AssertionError("nobody asked it to pause")
