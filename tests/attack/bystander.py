"""Honest users beside an attack: what they ask, how long they wait, and whether each event reaches them once and in order."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from tests.live import Live
from tests.server import TLS, Server

THINKS_S = 0.25
USERS = 4
DEADLINE_S = 30.0


@dataclass
class Seen:
    """What bystanders saw in a while: seconds by what was asked, and statuses."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    loop: list[float] = field(default_factory=list)
    """Processor time of the server's loop between a question and its answer: the answer itself, and whatever came before it in the queue.
    What the loop does for others while the answer waits for the database counts too: that is little, unless the machine is busy."""
    events: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)
    """How late a timer of this process fired, which has nothing to do with the server: the noise of the machine."""
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, other: Self) -> None:
        """Take what was seen in another while too."""
        self.reads += other.reads
        self.writes += other.writes
        self.loop += other.loop
        self.events += other.events
        self.clock += other.clock
        self.statuses.update(other.statuses)


class Bystander:
    """One user, who reads explore and a post, and writes posts that must reach the own socket."""

    def __init__(self, server: Server, token: str, user_id: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=server.url, timeout=DEADLINE_S, headers=headers, verify=TLS)
        self._server, self._token, self._user_id = server, token, user_id
        self._live: Live
        self._written: list[str] = []
        self._post = ""

    async def __aenter__(self) -> Self:
        self._live = await Live.open(self._server, self._token)
        await self._live.subscribe(f"user:{self._user_id}", "notifications")
        self._post = (await self._write(Seen()))["id"]
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self._live.close()
        await self._client.aclose()

    async def go_on(self, seconds: float, attack: "asyncio.Future[Any] | None" = None) -> Seen:
        """Do what one does, for a while and as long as the attack lasts."""
        seen = Seen()
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at or (attack is not None and not attack.done()):
            for path in ("/api/timeline/explore", f"/api/posts/{self._post}"):
                began, worked = time.perf_counter(), self._worked_s()
                answer = await self._client.get(path)
                seen.reads.append(time.perf_counter() - began)
                seen.loop.append(self._worked_s() - worked)
                seen.statuses[answer.status_code] += 1
            await self._write(seen)
            woken = time.perf_counter() + THINKS_S
            await asyncio.sleep(THINKS_S)
            seen.clock.append(time.perf_counter() - woken)
        return seen

    async def check(self) -> None:
        """All events came, each once, in the order of the writes."""
        await self._live.wait_for_post(self._written[-1], seconds=DEADLINE_S)
        assert self._live.post_ids == self._written, "an event was lost, doubled or out of order"
        assert self._live.close_code is None

    def _worked_s(self) -> float:
        """Of the server's first thread, which is its loop; to the nanosecond."""
        process = self._server.process
        assert process
        return int(Path(f"/proc/{process.pid}/task/{process.pid}/schedstat").read_text().split()[0]) / 1e9

    async def _write(self, seen: Seen) -> dict[str, Any]:
        number = len(self._written)
        began, worked = time.perf_counter(), self._worked_s()
        answer = await self._client.post("/api/posts", json={"content": f"honest post {number}"})
        ended = time.perf_counter()
        seen.writes.append(ended - began)
        seen.loop.append(self._worked_s() - worked)
        seen.statuses[answer.status_code] += 1
        if answer.status_code != 201:
            return {}
        post: dict[str, Any] = answer.json()
        self._written.append(post["id"])
        await self._live.wait_for_post(post["id"], seconds=DEADLINE_S)
        seen.events.append(time.perf_counter() - ended)
        return post


async def go_on(bystanders: list[Bystander], seconds: float, attack: "asyncio.Future[Any] | None" = None) -> Seen:
    """What all of them saw together."""
    seen = Seen()
    for one in await asyncio.gather(*(bystander.go_on(seconds, attack) for bystander in bystanders)):
        seen.add(one)
    return seen
