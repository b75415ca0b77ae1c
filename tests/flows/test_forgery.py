"""A forger on Redis, beside real nodes: nothing that it says is believed, and delivery goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import httpx
import pytest
import redis.asyncio

from tests.api.test_metrics import scrape, value
from tests.conftest import MakeUser
from tests.flows.test_delivery import fence, post
from tests.live import live
from tests.server import Server
from x18.realtime.batches import Batch, pack
from x18.realtime.broker import EVENTS
from x18.realtime.events import Content, Event, EventKind
from x18.realtime.seal import Seal

BODY = b'{"id":"01990c1d-93f2-7a66-b1a4-7c0d5e8f2b33","content":"forged"}'


class Forger:
    """Knows the numbers, the format and everything else but the secrets."""

    def __init__(self, client: redis.asyncio.Redis, position: str) -> None:
        self.client = client
        self.epoch, _, seq = position.partition(".")
        self.head = int(seq)

    async def say(self, kind: EventKind, actor: UUID, target: UUID, content: Content | None = None) -> None:
        """That this was the next event, for some numbers that may be next."""
        for seq in range(self.head + 1, self.head + 4):
            await self.publish(Batch(self.epoch, seq, seq, [Event(seq, kind, actor, actor, target, content)]))

    async def publish(self, batch: Batch) -> None:
        """As it was before there were seals, and with a seal of other secrets."""
        await self.client.publish(EVENTS, pack(batch))
        await self.client.publish(EVENTS, Seal("your-super-secret-key", "").close(EVENTS, pack(batch)))


@pytest.fixture
async def client(server: Server) -> AsyncIterator[redis.asyncio.Redis]:
    """What anybody beside X18 may have."""
    async with redis.asyncio.Redis.from_url(server.redis_url) as client:
        yield client


async def test_a_forged_post_reaches_nobody(server: Server, client: redis.asyncio.Redis, make_user: MakeUser) -> None:
    author = await make_user("author")
    async with live(server, None, "explore", f"user:{author.id}") as reader:
        before = await scrape(server)
        await Forger(client, reader.cursor).say(
            EventKind.POST, author.id, uuid4(), Content(author.id, 0, ("s:BTC",), False, BODY)
        )
        await fence(author, reader)

        assert "forged" not in str(reader.messages)
        after = await scrape(server)
        refused = [value(one, "x18_broker_refused_total", reason="not_ours") for one in (before, after)]
        assert refused[1] - refused[0] >= 6


async def test_a_forged_follow_shows_nothing_of_a_private_account(
    server: Server, client: redis.asyncio.Redis, make_user: MakeUser
) -> None:
    author, stranger = await make_user("author", private_account=True), await make_user("stranger")
    open_author = await make_user("open")
    async with live(server, stranger.access_token, "home", f"user:{author.id}", f"user:{open_author.id}") as reader:
        await Forger(client, reader.cursor).say(EventKind.FOLLOW, stranger.id, author.id)
        await post(author, "for followers")
        await fence(open_author, reader)

        assert {message["topics"][0] for message in reader.events} == {f"user:{open_author.id}"}


async def test_a_forged_end_of_a_session_closes_nothing(
    server: Server, client: redis.asyncio.Redis, make_user: MakeUser
) -> None:
    user = await make_user()
    async with live(server, user.access_token, "home") as reader:
        await Forger(client, reader.cursor).say(EventKind.SESSION_REVOKED, user.id, user.id)
        await fence(user, reader)

        assert reader.close_code is None


@pytest.mark.parametrize(
    "make",
    [
        lambda epoch, head: Batch(epoch, head + 10**9 + 1, head + 10**9, []),
        lambda epoch, head: Batch(epoch, head + 1, head + 10**9, []),
        lambda epoch, head: Batch("0" * 32, 1, 0, []),
    ],
    ids=["a head of the future", "a hole without events", "another log"],
)
async def test_a_forged_head_stops_nothing(
    server: Server,
    client: redis.asyncio.Redis,
    make_user: MakeUser,
    api: httpx.AsyncClient,
    make: Callable[[str, int], Batch],
) -> None:
    author = await make_user()
    async with live(server, None, f"user:{author.id}") as reader:
        forger = Forger(client, reader.cursor)
        await forger.publish(make(forger.epoch, forger.head))
        made = [str((await post(author, str(number)))["id"]) for number in range(3)]
        await reader.wait_for_post(made[-1])
        async with live(server, None) as late:
            assert int(late.cursor.split(".")[1]) < forger.head + 10**6

        assert reader.post_ids == made
        assert "gap" not in {message["type"] for message in reader.messages}
        assert (await api.get("/health")).json()["checks"]["relay"] == "ok"


async def test_what_a_node_said_and_somebody_repeats_is_delivered_once(
    server: Server, client: redis.asyncio.Redis, make_user: MakeUser
) -> None:
    author = await make_user()
    async with live(server, None, f"user:{author.id}") as reader, client.pubsub(ignore_subscribe_messages=True) as tap:
        await tap.subscribe(EVENTS)
        made = str((await post(author, "once"))["id"])
        heard: list[bytes] = []
        async with asyncio.timeout(30):
            while not any(UUID(made).bytes in data or made.encode() in data for data in heard):
                message = await tap.get_message(timeout=1)
                heard += [message["data"]] if message else []
        for data in heard * 2:
            await client.publish(EVENTS, data)
        await fence(author, reader)

        assert reader.post_ids.count(made) == 1
