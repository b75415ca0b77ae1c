"""X18 as a process of its own, for tests that need the real thing or that kill it."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from x18.settings import EXAMPLE_SECRETS

START_DEADLINE_S = 40.0
STOP_DEADLINE_S = 20.0

TLS = ssl.create_default_context()
"""For every client of the tests, though none uses it: httpx makes one of its own otherwise, which takes longer than most tests."""


@dataclass
class Server:
    """A running ``x18 serve``. The listening socket belongs to the test, so that a restart is found at the same port."""

    url: str
    database_url: str
    redis_url: str
    listener: socket.socket
    environment: dict[str, str]
    log: Path
    arguments: tuple[str, ...] = ()
    program: tuple[str, ...] = ("-m", "x18")
    process: subprocess.Popen[bytes] | None = None

    @property
    def ws_url(self) -> str:
        """Where live clients connect."""
        return self.url.replace("http", "ws", 1) + "/ws"

    async def start(self) -> None:
        """Start the process and wait until it is healthy."""
        command = [sys.executable, *self.program, "serve", "--fd", str(self.listener.fileno()), *self.arguments]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, env=self.environment, pass_fds=[self.listener.fileno()], stdout=output, stderr=output
            )
        await self.wait_until_healthy()

    async def wait_until_healthy(self) -> None:
        """Wait for ``/health`` to say ok; fail with the log when the process ends or time is up."""
        deadline = asyncio.get_running_loop().time() + START_DEADLINE_S
        async with httpx.AsyncClient(base_url=self.url, timeout=2, verify=TLS) as client:
            while asyncio.get_running_loop().time() < deadline:
                assert self.process is not None
                assert self.process.poll() is None, f"the server ended:\n{self.read_log()}"
                try:
                    if (await client.get("/health")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError(f"the server was not healthy after {START_DEADLINE_S} s:\n{self.read_log()}")

    def kill(self) -> None:
        """End the process without warning (SIGKILL)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End the process as an operator would (SIGTERM). Its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_DEADLINE_S)

    def read_log(self) -> str:
        """What the process printed."""
        return self.log.read_text(errors="replace")


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    """Start it, and see it end in order."""
    try:
        await server.start()
        yield server
        assert server.stop() == 0, server.read_log()
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        server.listener.close()


def make_server(database_url: str, redis_url: str, folder: Path, *arguments: str, **environment: str) -> Server:
    """A server on a free port, not yet started. ``environment`` overrides the settings of a test run."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    settings = {
        **os.environ,
        "SERVER_ENV": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "STORAGE_PATH": str(folder),
        "RATE_LIMITS": "off",
        "BCRYPT_COST": "4",
        **EXAMPLE_SECRETS,  # nodes of a test have folders of their own, and share their secrets
        **environment,
    }
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    return Server(url, database_url, redis_url, listener, settings, folder / f"x18-{port}.log", arguments)
