"""live.js in Node, as a process that tests talk to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright._impl._driver import compute_driver_executable

SCRIPT = Path(__file__).with_suffix(".mjs")
DEADLINE_S = 30.0

Message = dict[str, Any]


def node() -> str:
    """The Node that comes with Playwright, so that no test depends on what the machine has."""
    return str(compute_driver_executable()[0])


class Program:
    """A running client, and all that it told so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.messages: list[Message] = []
        self._arrived = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.messages.append(json.loads(line))
            self._arrived.set()

    @property
    def post_ids(self) -> list[str]:
        """The posts that came, in order."""
        return [one["payload"]["id"] for one in self.messages if one["type"] == "post"]

    async def do(self, name: str, *args: Any) -> Any:
        """Call a method of the client; what it gave."""
        start = len(self.messages)
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([name, *args]).encode() + b"\n")
        answer = await self.wait_for(lambda one: one["type"] in ("done", "failed") and one["name"] == name, start)
        return answer["payload"] if answer["type"] == "done" else answer

    async def wait_for(self, found: Callable[[Message], bool], start: int = 0) -> Message:
        """The first message from ``start`` on, past or to come, that is what we look for."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for message in self.messages[start:]:
                    if found(message):
                        return message
                self._arrived.clear()
                await self._arrived.wait()

    async def wait_for_state(self, state: str, start: int = 0) -> None:
        """Wait until the client says so."""
        await self.wait_for(lambda one: one["type"] == "state" and one["payload"]["state"] == state, start)

    async def wait_for_post(self, post_id: str) -> Message:
        """The event of a post."""
        return await self.wait_for(lambda one: one["type"] == "post" and one["payload"]["id"] == post_id)

    async def end(self) -> int:
        """Wait for the end of the process. Its exit code."""
        code = await asyncio.wait_for(self.process.wait(), DEADLINE_S)
        await self._reader
        return code


@asynccontextmanager
async def program(url: str, *topics: Any, **options: Any) -> AsyncIterator[Program]:
    """A client for the block."""
    process = await asyncio.create_subprocess_exec(
        node(), str(SCRIPT), json.dumps([url, topics, options]),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20,
    )  # fmt: skip
    running = Program(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await running._reader
