"""What waits for slow clients is counted for the whole process, and forgotten with them."""

from x18.realtime.sockets import Backlog
from x18.realtime.wire import Encoding, frame


def test_all_backlogs_are_one_number() -> None:
    data = frame(b"x" * 500, Encoding.JSON)
    before = Backlog.waiting_bytes
    one, other = Backlog(), Backlog()
    for backlog in (one, one, one, other):
        assert backlog.add(data)

    assert Backlog.waiting_bytes - before == 4 * len(data)
    assert one.take() == data
    assert Backlog.waiting_bytes - before == 3 * len(data)
    assert one.take_all() == data * 2
    other.clear()
    other.clear()
    assert Backlog.waiting_bytes == before
