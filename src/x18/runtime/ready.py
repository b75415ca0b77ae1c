"""The line that says a server is ready: once ``/health`` agrees, so that whoever waits for it meets no 503."""

import http.client
import logging
import socket
import threading
import time
from contextlib import suppress
from typing import Final

logger = logging.getLogger("x18")

ASK_EVERY_S: Final = 0.1
PATIENCE_S: Final = 120.0
ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared, not bound

HERE: Final = {*ANYWHERE, *ANYWHERE.values()}


def announce(listener: socket.socket, notes: list[str], *, as_log: bool) -> threading.Thread:
    """Say that the server is ready as soon as it is, from a thread: where there are workers, this process waits for them.

    On standard output, or as a line of the log, which is JSON in production.
    """
    host, port = listener.getsockname()[:2]
    thread = threading.Thread(target=_announce, args=(host, port, "; ".join(notes), as_log), daemon=True)
    thread.start()
    return thread


def _announce(host: str, port: int, note: str, as_log: bool) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _is_healthy(ANYWHERE.get(host, host), port):
        if time.monotonic() > deadline:
            note = "it answers, but /health reports a problem: see the log"
            break
        time.sleep(ASK_EVERY_S)
    shown = "localhost" if host in HERE else f"[{host}]" if ":" in host else host
    line = f"X18 is ready: http://{shown}:{port}  ws://{shown}:{port}/ws  ({note})"
    if as_log and logger.isEnabledFor(logging.INFO):
        logger.info("%s", line)
    else:
        print(line, flush=True)


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    connection.close()
    return False
