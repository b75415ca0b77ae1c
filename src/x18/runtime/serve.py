"""``x18 serve``: everything in one command."""

import argparse
import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from importlib.metadata import version
from ipaddress import ip_address
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from x18.realtime.protocol import MAX_MESSAGE_BYTES
from x18.runtime.checkup import check_redis
from x18.runtime.doors import LONG_S
from x18.runtime.embedded import StartError
from x18.runtime.fanout import FanoutProtocol, missing_names
from x18.runtime.logs import set_up_logging
from x18.runtime.metrics import shared_metrics
from x18.runtime.ready import announce
from x18.runtime.start import migrate_database, report, settings_from_environment, with_secrets, with_servers
from x18.runtime.streaming import StreamingProtocol
from x18.settings import Settings, weaknesses

PING_EVERY_S: Final = 20.0
GRACE_S: Final = 10
WORKER_START_S: Final = 30
"""So long may a process of several take to start, or to answer its supervisor, before it is replaced."""
BACKLOG: Final = 2048

EXAMPLES: Final = """examples:
  x18 serve                                     PostgreSQL and Valkey of its own, data in ./storage
  x18 serve --port 9000 --workers 4
  DATABASE_URL=postgres://… REDIS_URL=redis://… SERVER_ENV=production x18 serve
"""

logger = logging.getLogger("x18")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options; what is not given comes from the settings."""
    parser.epilog = EXAMPLES
    parser.add_argument("--host", help="address to listen on (SERVER_HOST)")
    parser.add_argument("--port", type=_port, help="port to listen on (PORT or SERVER_PORT, 8080)")
    parser.add_argument("--workers", type=_count, default=1, metavar="N", help="processes behind the port (1)")
    parser.add_argument("--fd", type=int, help="listen on this inherited socket instead")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"there is no port {text}: choose one from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number of at least 1")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; then stop what was started and give 0."""
    signal.signal(signal.SIGTERM, _leave)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup wants it
        signal.signal(signal.SIGHUP, _hang_up)
    try:
        settings = with_secrets(settings_from_environment())
        set_up_logging(settings.log_level, as_json=settings.is_production or None)
        listener = _listen(args, settings)
        with listener, with_servers(settings) as complete:
            applied = migrate_database(complete)
            if settings.is_production:
                _tell_start(listener, args.workers, applied)
            _warn_of_redis(complete)
            _warn_of_weaknesses(complete, listener)
            _serve(listener, complete, args.workers, _notes(settings, args.workers))
            if settings.is_production:
                logger.info("X18 stopped")
    except StartError as error:
        return report(error)
    except KeyboardInterrupt:
        return 0
    return 0


def _listen(args: argparse.Namespace, settings: Settings) -> socket.socket:
    """The listening socket, taken before anything slow is done."""
    if args.fd is not None:
        return socket.socket(fileno=args.fd)
    host, port = args.host or settings.server_host, settings.server_port if args.port is None else args.port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"Port {port} is in use: stop what uses it, or choose another with --port.") from error
        raise StartError(
            f"Cannot listen on {host}:{port} ({error.strerror}): choose others with --host, --port."
        ) from error


def _serve(listener: socket.socket, settings: Settings, workers: int, notes: list[str]) -> None:
    wish = _Wish()
    signal.signal(signal.SIGTERM, wish)
    signal.signal(signal.SIGINT, wish)
    config = _config(settings, workers)
    if workers > 1:
        on_hang_up = signal.getsignal(signal.SIGHUP)
        with shared_metrics():
            supervisor = _Supervisor(config, sockets=[listener])
            # Without a terminal it is uvicorn's, which replaces the processes one by one.
            if on_hang_up == signal.SIG_IGN or _has_terminal():
                signal.signal(signal.SIGHUP, on_hang_up)
            if not wish.came:
                announce(listener, notes, as_log=settings.is_production)
                supervisor.run()
        return
    server = _Server(config, listener, notes, wish, as_log=settings.is_production)
    server.run(sockets=[listener])
    if not server.started and not wish.came:
        raise StartError("The server did not start; the lines above say why.")


class _Wish:
    """Whether a signal asked for the end before uvicorn listened for signals.

    When uvicorn is done it raises the signal that ended it once more; by then everything is in order.
    """

    came = False

    def __call__(self, _: int, __: FrameType | None) -> None:
        self.came = True


def _config(settings: Settings, workers: int) -> uvicorn.Config:
    ws: Any = FanoutProtocol
    if missing := missing_names():
        logger.warning("uvicorn changed (%s): frames go the slower way; install the pinned version", ", ".join(missing))
        ws = "websockets-sansio"
    return uvicorn.Config(
        "x18.app:create_app_from_env",
        factory=True,
        workers=workers,
        loop="uvloop",
        http=StreamingProtocol,
        ws=ws,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PING_EVERY_S,
        ws_per_message_deflate=settings.ws_deflate and not missing,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the application reads them itself: runtime/proxies.py
        timeout_keep_alive=LONG_S,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=WORKER_START_S,
        backlog=BACKLOG,
    )


class _Server(uvicorn.Server):
    """Says when it is ready, and when it stops."""

    def __init__(
        self, config: uvicorn.Config, listener: socket.socket, notes: list[str], wish: _Wish, *, as_log: bool
    ) -> None:
        super().__init__(config)
        self._listener = listener
        self._notes = notes
        self._wish = wish
        self._as_log = as_log

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._wish.came:
            self.should_exit = True
            return
        await super().startup(sockets)
        if self.started:
            announce(self._listener, self._notes, as_log=self._as_log)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _tell_end()
        await super().shutdown(sockets)


class _Supervisor(Multiprocess):
    """Sees at once that a process it has asked is gone: while our own end of its pipe is open too, the answer is waited for in vain."""

    def init_processes(self) -> None:
        super().init_processes()
        self._close_ends_of_workers()

    def terminate_all(self) -> None:
        _tell_end()
        super().terminate_all()

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        self._close_ends_of_workers()

    def _close_ends_of_workers(self) -> None:
        for process in self.processes:
            process.child_conn.close()


def _tell_start(listener: socket.socket, workers: int, migrations: int) -> None:
    """A line of the log for whoever looks, later, for when this began and as what."""
    host, port = listener.getsockname()[:2]
    facts = {
        "version": version("x18"),
        "host": host,
        "port": port,
        "workers": workers,
        "migrations_applied": migrations,
    }
    logger.info("X18 starts", extra=facts)


def _tell_end() -> None:
    """To whoever waits at a terminal."""
    if sys.stderr.isatty():
        print("\nStopping. Press Ctrl-C again to end without waiting for clients.", file=sys.stderr)


def _notes(settings: Settings, workers: int) -> list[str]:
    """Notes for the line that says a server is ready. ``settings`` are those before embedded servers were added."""
    notes = [f"{workers} processes"] if workers > 1 else []
    if settings.database_url is None:
        notes.append(f"data in {settings.storage_path.resolve()}")
    return [*notes, "Ctrl-C stops it"]


def _warn_of_weaknesses(settings: Settings, listener: socket.socket) -> None:
    """Loudly, where others can reach a server that is set up for nobody but oneself."""
    host = listener.getsockname()[0]
    if settings.is_production or settings.server_env == "test" or ip_address(host).is_loopback:
        return
    logger.warning(
        "X18 listens on %s, so whoever reaches this machine can use it, with the settings of a development server. For others to "
        "use it set SERVER_ENV=production, which refuses weak secrets; for yourself alone leave SERVER_HOST at 127.0.0.1.",
        host,
    )
    for weakness in weaknesses(settings):
        logger.warning("%s", weakness)


def _warn_of_redis(settings: Settings) -> None:
    """X18 runs without it, only slower; but whoever set an address wants to know."""
    for finding in asyncio.run(check_redis(str(settings.redis_url))):
        if finding.advice:
            logger.warning(
                "Redis: %s. Until it answers, events arrive up to a second later. %s",
                finding.found.rstrip("."),
                finding.advice,
            )


def _hang_up(_: int, __: FrameType | None) -> None:
    """The terminal was closed."""
    os.kill(os.getpid(), signal.SIGTERM)


def _has_terminal() -> bool:
    """Whether SIGHUP means that the terminal was closed; a service gets it from its administrator."""
    try:
        os.close(os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _leave(_: int, __: FrameType | None) -> None:
    """SIGTERM while still starting: stop what was started."""
    sys.exit(0)
