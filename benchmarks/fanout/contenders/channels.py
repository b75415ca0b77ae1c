"""Litestar's ChannelsPlugin on uvicorn. Events come as lines on standard input; prints the port."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from litestar import Litestar
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.memory import MemoryChannelsBackend

plugin = ChannelsPlugin(MemoryChannelsBackend(), channels=["events"], create_ws_route_handlers=True)


async def publish_lines() -> None:
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        plugin.publish(line.rstrip(b"\n"), "events")


@asynccontextmanager
async def publishing(_: Litestar) -> AsyncIterator[None]:
    task = asyncio.create_task(publish_lines())
    yield
    task.cancel()


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listener.getsockname()[1], flush=True)
    app = Litestar([], plugins=[plugin], lifespan=[publishing], logging_config=None)
    # As X18 runs it, so that only the plugin differs: uvloop, httptools, no compression, no log.
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        backlog=2048,
    )
    uvicorn.Server(config).run(sockets=[listener])


main()
