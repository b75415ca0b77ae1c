"""What is no message is told so, with its id where that can be read and may be repeated."""

import msgspec
import pytest

from x18.realtime.incoming import Undecodable, decode
from x18.realtime.wire import Encoding

BAD_TEXT = msgspec.msgpack.encode({"type": "ping", "id": 7, "payload": "?!"}).replace(b"?!", b"\xff\xfe")


@pytest.mark.parametrize(
    ("data", "message_id"),
    [
        ('{"type":"dance","id":7}', 7),
        ('{"type":"dance","id":"%s"}' % ("x" * 129), None),
        ('{"type":"ping","id":"%s"}' % ("x" * 129), None),
        ('{"type":"ping","id":true}', None),
        ('{"type":"ping","id":7,"payload":"\\ud800"}', None),
        ('{"type":"ping","payload":' + "[" * 10_000, None),
        (BAD_TEXT, 7),
        (BAD_TEXT.replace(b"\xff\xfe", b"??").replace(b"ping", b"dans"), 7),
        (b"\x91" * 10_000, None),
        (b"\x81\x81\x01\x01\x01", None),
    ],
)
def test_what_is_no_message_is_told_so_with_its_id(data: str | bytes, message_id: int | None) -> None:
    with pytest.raises(Undecodable) as raised:
        decode(data, Encoding.JSON if isinstance(data, str) else Encoding.MSGPACK)

    assert (raised.value.code, raised.value.message_id) == ("bad_message", message_id)
