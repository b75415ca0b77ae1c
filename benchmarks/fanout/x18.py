"""X18 as ``x18 serve`` runs it, with its own PostgreSQL and Valkey, and three ways into it."""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self
from uuid import UUID

import asyncpg
import httpx
from redis.asyncio import Redis
from websockets.asyncio.client import connect

from benchmarks.fanout.contender import Contender
from benchmarks.fanout.machine import on_server_processor
from benchmarks.fanout.payload import Payload, content
from x18.core.ids import new_id
from x18.realtime.batches import Batch, pack
from x18.realtime.broker import EVENTS, WAKE
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.relay import HEAD_EVERY_S, LOCK
from x18.realtime.seal import Seal
from x18.runtime.embedded import Servers
from x18.settings import EXAMPLE_SECRETS

START_DEADLINE_S = 60.0
MOST_PUBLISHED = 100_000_000
SECRETS = {name: secrets.token_urlsafe(48) for name in EXAMPLE_SECRETS}
SEAL = Seal(*SECRETS.values())
"""As the server's: the benchmark speaks as one of its nodes."""

HELLO = json.dumps({"type": "subscribe", "id": 1, "payload": {"topics": [{"topic": "explore"}]}})

# A post and its event as another node would commit them; what only reading over REST needs is left out.
COMMIT = """
    WITH new AS (SELECT * FROM unnest($2::uuid[], $3::text[]) AS new (id, content)),
    posts AS (INSERT INTO posts (id, author_id, visibility, content, metadata, terms, hashtags, media_count)
              SELECT id, $1, 0, content, '{}', ARRAY['h:btc', 's:BTC-USD'], ARRAY['btc'], 0 FROM new),
    stats AS (INSERT INTO post_stats (post_id) SELECT id FROM new)
    INSERT INTO event_outbox (kind, actor_id, object_id) SELECT 1, $1, id FROM new"""


class X18(Contender):
    """Events as the relay of another node publishes them: numbered batches, over Valkey."""

    name = "X18"
    path = "/ws"
    hello = HELLO

    def __init__(self, process: subprocess.Popen[bytes], port: int, servers: Servers) -> None:
        self._process, self.pid, self.port = process, process.pid, port
        self._servers = servers
        self._redis = Redis.from_url(str(servers.redis_url))
        self._api = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10)
        self._database: asyncpg.Connection
        self._author: UUID
        self._seq = 0
        self._speaking = asyncio.Lock()  # the order in which batches are sealed is that in which they are sent
        self._telling: asyncio.Task[None] | None = None
        self.payload: Payload

    @classmethod
    async def start(cls, servers: Servers, folder: Path) -> Self:
        """Start the server, register an author and see what an event looks like."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        settings = {
            "SERVER_ENV": "test",
            **SECRETS,
            "DATABASE_URL": str(servers.database_url),
            "REDIS_URL": str(servers.redis_url),
            "STORAGE_PATH": str(folder),
            "RATE_LIMITS": "off",
            "WS_DEFLATE": "on",
            "LOG_LEVEL": "warning",
        }
        command = [sys.executable, "-m", "x18", "serve", "--fd", str(listener.fileno())]
        with on_server_processor():
            process = subprocess.Popen(
                command, env=os.environ | settings, pass_fds=[listener.fileno()], stdout=subprocess.DEVNULL
            )
        self = cls(process, listener.getsockname()[1], servers)
        listener.close()
        await self._wait_until_healthy()
        await self._register()
        await self._look_at_an_event()
        return self

    async def publish(self, count: int) -> None:
        first = self._seq + 1
        self._seq += count
        events = [
            Event(
                seq,
                EventKind.POST,
                self._author,
                None,
                new_id(),
                Content(self._author, 0, (), False, self.payload.body()),
            )
            for seq in range(first, self._seq + 1)
        ]
        await self._say(Batch(self.payload.epoch, first, self._seq, events))

    async def _say(self, batch: Batch) -> None:
        async with self._speaking:
            await self._redis.publish(EVENTS, SEAL.close(EVENTS, pack(batch)))

    async def _tell_head(self) -> None:
        """As a leader does that has nothing to say."""
        while True:
            await asyncio.sleep(HEAD_EVERY_S)
            await self._say(Batch(self.payload.epoch, self._seq + 1, self._seq, []))

    async def commit(self, count: int) -> None:
        """Commit posts with their events, and wake the relay, which is the server's."""
        ids = [new_id() for _ in range(count)]
        await self._database.execute(COMMIT, self._author, ids, [content() for _ in ids])
        await self._redis.publish(WAKE, SEAL.close(WAKE, b""))

    async def post(self, count: int) -> None:
        """Post over REST."""
        for _ in range(count):
            (await self._api.post("/api/posts", json={"content": content()})).raise_for_status()

    async def take_up_position(self) -> None:
        """Be the leader, and go on numbering after what the relay numbered. From now on only ``publish`` may be used.

        The log says that it has these events: X18 compares, and breaks off when it is told of more than there is.
        """
        while not await self._database.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            await self._database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted",
                LOCK,
            )
        self._seq = await self._database.fetchval(
            f"UPDATE event_state SET head = head + {MOST_PUBLISHED} RETURNING head - {MOST_PUBLISHED}"
        )
        self._telling = asyncio.create_task(self._tell_head())

    async def stop(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
        await self._api.aclose()
        await self._redis.aclose()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def _wait_until_healthy(self) -> None:
        async with asyncio.timeout(START_DEADLINE_S):
            while True:
                if self._process.poll() is not None:
                    raise RuntimeError("x18 serve ended while starting; its lines above say why")
                try:
                    if (await self._api.get("/health")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)

    async def _register(self) -> None:
        self._database = await asyncpg.connect(self._servers.database_url)
        name = f"bench_{secrets.token_hex(4)}"
        account = {"username": name, "email": f"{name}@example.com", "password": secrets.token_urlsafe(16)}
        answer = (await self._api.post("/api/auth/register", json=account)).raise_for_status().json()
        self._author = UUID(answer["user"]["id"])
        self._api.headers["Authorization"] = f"Bearer {answer['access_token']}"

    async def _look_at_an_event(self) -> None:
        async with connect(f"ws://127.0.0.1:{self.port}/ws") as client, asyncio.timeout(10):
            await client.send(HELLO)
            epoch, asked = "", False
            async for message in client:
                data = json.loads(message)
                if data["type"] == "connected":
                    epoch = data["payload"]["epoch"]
                elif data["type"] == "ok" and not asked:
                    asked = True
                    await self.post(1)
                elif data["type"] == "post":
                    text = str(message)
                    self.payload = Payload(text[text.index('"payload":') + 10 : -1].encode(), epoch)
                    return


class CompressedX18(Contender):
    """The same server, for clients that take compressed events."""

    name = "X18, compressed"
    path = "/ws"
    hello = HELLO
    offers_compression = True

    def __init__(self, x18: X18) -> None:
        self.pid, self.port = x18.pid, x18.port
        self._publish = x18.publish

    async def publish(self, count: int) -> None:
        await self._publish(count)

    async def stop(self) -> None:
        """Nothing: the server is the other's."""


class CommittedX18(Contender):
    """The same server; events begin as rows that are committed, ``via`` SQL or REST."""

    path = "/ws"
    hello = HELLO

    def __init__(self, x18: X18, via: str) -> None:
        self.name = f"X18, committed by {via}"
        self.pid, self.port = x18.pid, x18.port
        self._publish = x18.commit if via == "SQL" else x18.post

    async def publish(self, count: int) -> None:
        await self._publish(count)

    async def stop(self) -> None:
        """Nothing: the server is the other's."""
