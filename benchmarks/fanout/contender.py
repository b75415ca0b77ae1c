"""The servers that are compared, and how an event gets into each."""

import asyncio
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from benchmarks.fanout.machine import on_server_processor
from benchmarks.fanout.payload import Payload
from benchmarks.fanout.tools import HERE


class Contender(ABC):
    """A running server. ``hello`` is what a client sends to get events; it ``offers_compression`` where that is measured."""

    name: str
    pid: int
    port: int
    path = "/"
    hello = ""
    offers_compression = False

    @abstractmethod
    async def publish(self, count: int) -> None:
        """Publish so many events at once, now."""

    @abstractmethod
    async def stop(self) -> None:
        """End the server."""


class Piped(Contender):
    """A server that reads events from its standard input: no broker is in its way."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], payload: Payload, path: str) -> None:
        assert process.stdin
        assert process.stdout
        self.name, self.path, self.pid = name, path, process.pid
        self.port = int(process.stdout.readline())
        self._process, self._stdin, self._payload = process, process.stdin, payload
        self._seq = 100_000

    @classmethod
    def start(cls, name: str, command: list[str | Path], payload: Payload, path: str = "/") -> Self:
        """Start the server."""
        with on_server_processor():
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return cls(name, process, payload, path)

    async def publish(self, count: int) -> None:
        lines = b""
        for _ in range(count):
            self._seq += 1
            lines += self._payload.message(self._seq) + b"\n"
        await asyncio.to_thread(self._write, lines)

    def _write(self, lines: bytes) -> None:
        self._stdin.write(lines)
        self._stdin.flush()

    async def stop(self) -> None:
        self._stdin.close()
        self._process.kill()
        self._process.wait()


def c_loop(program: Path, mode: str, payload: Payload) -> Piped:
    """send() in a loop."""
    return Piped.start("C loop" if mode == "each" else f"C loop, {mode}", [program, mode], payload)


def node_ws(module: Path, payload: Payload) -> Piped:
    """Node's ws."""
    return Piped.start("Node ws", ["node", HERE / "contenders" / "broadcast.cjs", module], payload)


def channels_plugin(payload: Payload) -> Piped:
    """Litestar's own."""
    command: list[str | Path] = [sys.executable, HERE / "contenders" / "channels.py"]
    return Piped.start("Litestar Channels", command, payload, "/events")
