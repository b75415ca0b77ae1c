"""How a connection ends that cannot be: by the reason."""

from typing import Any

import pytest

from x18.core.errors import NotAuthenticated, Problem, Unavailable
from x18.realtime.admission import Admission
from x18.realtime.hub import Hub
from x18.realtime.line import Line
from x18.realtime.protocol import CloseCode
from x18.realtime.session import Session, TooManyConnections
from x18.realtime.sockets import Socket
from x18.realtime.wire import Encoding


class RecordingSocket(Socket):
    """Keeps what is written, and how it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed_with: int | None = None

    def _close(self, code: CloseCode, reason: str) -> None:
        self.closed_with = code


class NoServices:
    """What a session needs before anybody is known."""

    def __init__(self) -> None:
        self.admission = Admission(enforced=True)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Unavailable("The database is away."), 1013),
        (NotAuthenticated("Bad.", code="invalid_token"), 4401),
        (NotAuthenticated("Old.", code="token_expired"), 4001),
        (NotAuthenticated("Ended.", code="session_revoked"), 4403),
        (TooManyConnections("Too many."), 4409),
    ],
)
def test_the_close_code_tells_whether_to_come_back(problem: Problem, code: int) -> None:
    socket, services = RecordingSocket(), NoServices()
    written: list[bytes] = []
    line = Line(Hub(lambda *_: None), socket, Encoding.JSON)
    untyped: Any = services
    session = Session(untyped, line, "192.0.2.1")
    socket.write = written.append
    session.refuse(problem)

    assert problem.code.encode() in written[0]
    assert socket.closed_with == code
