"""What one client is told, and when, beside the events."""

from uuid import UUID

import msgspec
import pytest

from tests.realtime.test_hub import USERS, make_hub
from tests.realtime.test_session import RecordingSocket
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.line import Line
from x18.realtime.matching import Subscription
from x18.realtime.protocol import CloseCode, Gap, GapPayload, Heartbeat, HeartbeatPayload
from x18.realtime.topics import parse_topic
from x18.realtime.wire import Encoding, split_frames

EPOCH = "e" * 32


def post(seq: int) -> Event:
    return Event(seq, EventKind.POST, USERS[0], None, UUID(int=seq), Content(USERS[0], 0, (), False, b"{}"))


@pytest.mark.parametrize(
    "message",
    [Heartbeat(HeartbeatPayload(f"{EPOCH}.1")), Gap(GapPayload("too_far_behind", f"{EPOCH}.1", []))],
    ids=["heartbeat", "gap"],
)
def test_before_a_cursor_is_told_come_all_events_up_to_it(message: Heartbeat | Gap) -> None:
    hub, told = make_hub(), []
    lines = []
    for _ in range(3):
        socket = RecordingSocket()
        got: list[str] = []
        line = Line(hub, socket, Encoding.JSON)
        socket.write = lambda data, got=got: got.extend(  # type: ignore[misc]
            msgspec.json.decode(frame)["type"] for frame in split_frames(data)
        )
        line._use_writer()
        hub.subscribe(line.connection, Subscription(parse_topic("explore"), None, 0))
        lines.append(line)
        told.append(got)
    delivering = hub.publish([post(1)], EPOCH, lambda: True)
    assert next(delivering) == 1, "the event has happened, and nobody has it yet"
    assert told == [[], [], []]
    lines[1].send(message)

    assert told[1] == ["post", "heartbeat" if isinstance(message, Heartbeat) else "gap"]
    assert (told[0], told[2]) == ([], [])
    for _ in delivering:
        pass
    assert [got.count("post") for got in told] == [1, 1, 1]


def test_after_its_end_a_line_is_told_nothing() -> None:
    hub, socket = make_hub(), RecordingSocket()
    written: list[bytes] = []
    line = Line(hub, socket, Encoding.JSON)
    socket.write = written.append
    line._use_writer()
    hub.subscribe(line.connection, Subscription(parse_topic("explore"), None, 0))
    delivering = hub.publish([post(1), post(2)], EPOCH, lambda: True)
    next(delivering)
    line.close(CloseCode.REVOKED, "over")
    for _ in delivering:
        pass

    assert (written, socket.closed_with) == ([], CloseCode.REVOKED)
    assert line.connection.subscriptions == {}
