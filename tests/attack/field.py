"""Where attacks take place: a server with its limits on, some thousand posts, accounts, an attacker and bystanders."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from tests.attack.attacker import Job, order
from tests.attack.bystander import USERS, Bystander, Seen, go_on
from tests.attack.watched import LONG
from tests.crowd import TOKENS, make_crowd
from tests.databases import new_database
from tests.files import picture, save
from tests.server import TLS, Server, make_server, running
from x18.core.words import words_of
from x18.runtime.embedded import Servers

ACCOUNTS = 20
ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
REPORT_S = 60.0

WORDS = ("bababa", "babace", "babadi", "babafo", "babagu", "kababa", "lebace", "midi")

FILL = """
    WITH made AS MATERIALIZED (
        SELECT uuidv7(-(n * interval '10 seconds')) AS id, ($1::uuid[])[1 + n % array_length($1, 1)] AS author_id,
               ($2::text[])[1 + n % array_length($2, 1)] AS content, ($3::text[])[1 + n % array_length($3, 1)] AS words
        FROM generate_series(1, $4::int) n),
    posts AS (INSERT INTO posts (id, author_id, visibility, content, metadata, category, market, terms, hashtags, created_at)
              SELECT id, author_id, 0, content, '{"category": "x20"}', 'x20', 'm', ARRAY['c:x20', 'm:m', 't:x20', 'h:x20'],
                     ARRAY['x20'], uuid_extract_timestamp(id) FROM made),
    stats AS (INSERT INTO post_stats (post_id) SELECT id FROM made),
    words AS (INSERT INTO post_fts (post_id, fts, version) SELECT id, words::tsvector, 1 FROM made)
    INSERT INTO feed_entries (id, actor_id, post_id, visibility) SELECT id, author_id, id, 0 FROM made"""


EVENTS = """
    INSERT INTO event_outbox (kind, actor_id, object_id) SELECT 1, author_id, id FROM posts ORDER BY id DESC LIMIT 4900"""


@dataclass
class Cost:
    """Processor seconds and memory of the server and of its database, and for how long the loop was held."""

    server_s: float
    database_s: float
    resident: int
    holds: dict[float, int]


@dataclass
class Outcome:
    """What came of an attack."""

    name: str
    calm: Seen
    seen: Seen
    statuses: dict[str, int]
    server_s: float
    """Of the server's processor, without what bystanders take in such a time."""
    database_s: float
    seconds: float
    grown: int
    """Bytes."""
    hold_s: float
    """The longest turn of the loop, as the bound of its bucket; 0 where none was longer than the shortest bucket."""


@dataclass
class Field:
    """All that a test of attacks needs."""

    server: Server
    database: asyncpg.Pool
    facts: dict[str, Any]
    bystanders: list[Bystander]
    attacker: asyncio.subprocess.Process
    postmaster: int
    sources: int = 1
    calm: Seen = field(default_factory=Seen)

    async def suffer(self, module: str, name: str, seconds: float, *, calm_s: float, settle_s: float) -> Outcome:
        """Let the attack happen beside the bystanders."""
        self.sources += 1
        tokens = await make_crowd(self.database, ACCOUNTS)
        source, port = f"127.0.0.{self.sources}", int(self.server.url.rpartition(":")[2])
        job = Job(module, name, port, source, seconds, tokens, self.facts)
        start = await self.measure()
        calm = await go_on(self.bystanders, calm_s) if calm_s else Seen()
        self.calm.add(calm)
        before = await self.measure()
        attack = asyncio.create_task(self._attack(job))
        seen = await go_on(self.bystanders, seconds, attack)
        statuses = await attack
        after = await self.measure()
        for bystander in self.bystanders:
            await bystander.check()
        grown = await self._settle(before.resident, settle_s)
        usual = (before.server_s - start.server_s) / calm_s * seconds if calm_s else 0.0
        usual_of_database = (before.database_s - start.database_s) / calm_s * seconds if calm_s else 0.0
        return Outcome(
            name,
            calm,
            seen,
            statuses,
            after.server_s - before.server_s - usual,
            after.database_s - before.database_s - usual_of_database,
            seconds,
            grown,
            _longest(before.holds, after.holds),
        )

    async def warm_up(self, seconds: float) -> Seen:
        """What bystanders see of a server that has made what is made once."""
        async with httpx.AsyncClient(base_url=self.server.url, timeout=30, verify=TLS) as client:
            for path in ("/openapi.json", "/asyncapi.json", "/docs", "/docs/live", "/"):
                await client.get(path)
        await go_on(self.bystanders, 1)
        return await go_on(self.bystanders, seconds)

    async def measure(self) -> Cost:
        """As of now."""
        assert self.server.process
        async with httpx.AsyncClient(base_url=self.server.url, timeout=30, verify=TLS) as client:
            text = (await client.get("/metrics")).text
        holds = {
            float(le): int(float(n)) for le, n in re.findall(r'attack_hold_seconds_bucket\{le="([\d.]+)"\} (\S+)', text)
        }
        total = re.search(r"attack_hold_seconds_count (\S+)", text)
        assert total
        holds[float("inf")] = int(float(total[1]))
        resident = int(Path(f"/proc/{self.server.process.pid}/statm").read_text().split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
        return Cost(_cpu_s(self.server.process.pid), _cpu_of_family_s(self.postmaster), resident, holds)

    async def _attack(self, job: Job) -> dict[str, int]:
        assert self.attacker.stdin
        assert self.attacker.stdout
        self.attacker.stdin.write(order(job))
        async with asyncio.timeout(REPORT_S):
            line = await self.attacker.stdout.readline()
        assert line, "the attacker fell: see above"
        statuses: dict[str, int] = json.loads(line)
        return statuses

    async def _settle(self, before: int, seconds: float) -> int:
        """How much memory is held longer than before, when it is given back or the time is up."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while (grown := (await self.measure()).resident - before) > 10 * 1024**2 and loop.time() < ends_at:
            await asyncio.sleep(0.5)
        return grown


@asynccontextmanager
async def open_field(servers: Servers, folder: Path, *, posts: int) -> AsyncIterator[Field]:
    """A field with so many posts."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(new_database(servers))
        database = await stack.enter_async_context(asyncpg.create_pool(url, min_size=1, max_size=2))
        facts = await _fill(database, posts)
        server = make_server(url, str(servers.redis_url), folder, RATE_LIMITS="on", BCRYPT_COST="10")
        server.program = ("-m", "tests.attack.watched")
        server.environment["PYTHONPATH"] = str(ROOT)
        await stack.enter_async_context(running(server))
        facts |= {"file": await _upload(server, facts["tokens"][0]), "cursor": await _cursor(database, posts)}
        bystanders = [
            await stack.enter_async_context(Bystander(server, token, user))
            for token, user in zip(facts["tokens"][:USERS], facts["users"], strict=False)
        ]
        attacker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.attack.attacker", cwd=ROOT, stdin=-1, stdout=-1, limit=2**20
        )
        stack.push_async_callback(_dismiss, attacker)
        backend = await database.fetchval("SELECT pg_backend_pid()")
        yield Field(server, database, facts, bystanders, attacker, _parent_of(backend))


async def _fill(database: asyncpg.Pool, posts: int) -> dict[str, Any]:
    tokens = await make_crowd(database, 60)
    users = [TOKENS.read_access(token).user_id for token in tokens]
    contents = [f"{' '.join(WORDS[:n])} {' '.join(WORDS[n % 5 :])} #x20" for n in range(1, 9)]
    await database.execute(FILL, users[USERS:], contents, [words_of(text) for text in contents], posts)
    await database.execute(EVENTS)
    await database.execute("ANALYZE")
    newest = await database.fetch("SELECT id FROM posts ORDER BY id DESC LIMIT 40000")
    names = await database.fetch("SELECT username FROM users")
    ids = [str(row["id"]) for row in newest]
    return {
        "tokens": tokens,
        "users": [str(user) for user in users],
        "names": [row["username"] for row in names],
        "post": ids[0],
        "posts": ids[:4_000],
    }


async def _upload(server: Server, token: str) -> str:
    async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=TLS) as client:
        files = {"file": ("p.png", save(picture(), "PNG"))}
        answer = await client.post("/api/media/upload", files=files, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


async def _cursor(database: asyncpg.Pool, posts: int) -> str:
    """Far back, and not too far."""
    async with asyncio.timeout(30):
        while await database.fetchval("SELECT EXISTS (SELECT FROM event_outbox)"):
            await asyncio.sleep(0.1)
    state = await database.fetchrow("SELECT epoch, head FROM event_state")
    return f"{state['epoch'].hex}.{max(0, state['head'] - min(posts, 3_000))}"


async def _dismiss(attacker: asyncio.subprocess.Process) -> None:
    assert attacker.stdin
    attacker.stdin.close()
    await attacker.wait()


def _cpu_s(pid: int, *, with_ended: bool = False) -> float:
    """Processor seconds of a process, and of its children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / TICKS


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _cpu_of_family_s(pid: int) -> float:
    """The same with its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = _cpu_s(pid, with_ended=True)
    for child in children:
        try:
            total += _cpu_s(int(child))
        except OSError:
            continue  # it ended, and is in its parent's
    return total


def _longest(before: dict[float, int], after: dict[float, int]) -> float:
    """The bound of the bucket of the longest hold; twice the greatest where it was longer than all."""
    grown = {bound: after[bound] - before[bound] for bound in after}
    total = grown[float("inf")]
    return next((bound if bound != LONG[0] else 0.0 for bound in sorted(grown) if grown[bound] == total), 0.0)
