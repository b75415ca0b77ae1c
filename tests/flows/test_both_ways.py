"""The essentials hold on ``FanoutProtocol`` and on uvicorn's own protocol, which serves where uvicorn changed."""

import asyncio
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import psutil
import pytest

from tests.api.test_metrics import scrape, value, wait_until
from tests.conftest import Account, MakeUser
from tests.live import Live, live
from tests.raw import CLOSE, PING, PONG, TEXT, Raw, frame, handshake, upgraded
from tests.server import Server, make_server
from x18.runtime.fanout import missing_names

AS_IF_RENAMED = """
import sys
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol as Protocol
Protocol.keepalive_expired = Protocol.keepalive_timeout
del Protocol.keepalive_timeout
from x18.__main__ import main
sys.exit(main())
"""
"""X18 on a release of uvicorn that calls a method by another name."""

IMPATIENT = """
import sys
import uvicorn
class Config(uvicorn.Config):
    def __init__(self, *args, **options):
        super().__init__(*args, **{**options, "ws_ping_interval": 0.5, "ws_ping_timeout": 1.0})
uvicorn.Config = Config
from x18.__main__ import main
sys.exit(main())
"""
"""X18 on a uvicorn that pings more often than one can wait for in a test."""

LONG = "\N{ROCKET}" * 5_000
"""The longest content: 20 KB."""

READERS = 30
STALLED = 10
MOST_PER_CONNECTION = 1.5 * 1024 * 1024


async def other_server(
    server: Server, folder_name: str, program: str, factory: pytest.TempPathFactory, **settings: str
) -> Server:
    other = make_server(server.database_url, server.redis_url, factory.mktemp(folder_name), **settings)
    other.program = ("-c", program)
    await other.start()
    return other


@pytest.fixture(scope="module")
async def plain(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """X18 without ``FanoutProtocol``."""
    plain = await other_server(server, "plain", AS_IF_RENAMED, tmp_path_factory, WS_DEFLATE="on")
    yield plain
    assert plain.stop() == 0, plain.read_log()
    plain.listener.close()


@pytest.fixture(scope="module", params=["fanout", "plain"])
async def either(request: pytest.FixtureRequest, server: Server, plain: Server) -> Server:
    """Both, one after the other."""
    return server if request.param == "fanout" else plain


async def post(author: Account, content: str) -> str:
    answer = await author.client.post("/api/posts", json={"content": content})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_uvicorn_has_every_name_that_is_built_on() -> None:
    assert missing_names() == []


async def test_a_uvicorn_without_one_of_them_is_told_and_served_with(plain: Server) -> None:
    assert "uvicorn changed (keepalive_timeout)" in plain.read_log()


async def test_it_compresses_nothing_as_each_connection_would_cost_memory(plain: Server) -> None:
    async with live(plain) as client:
        assert client.socket.protocol.extensions == []


async def test_posts_arrive_in_order_for_those_who_asked(either: Server, make_user: MakeUser) -> None:
    author, other = await make_user(), await make_user()
    async with live(either, None, f"user:{author.id}") as client, live(either, None, f"user:{other.id}") as outsider:
        made = [await post(author, f"number {number}") for number in range(20)]
        fence = await post(other, "fence")
        await client.wait_for_post(made[-1])
        await outsider.wait_for_post(fence)
        assert client.post_ids == made
        assert outsider.post_ids == [fence]


async def test_what_was_missed_is_replayed_and_goes_on_live(either: Server, make_user: MakeUser) -> None:
    author = await make_user()
    async with live(either) as client:
        cursor = client.cursor
        made = [await post(author, LONG) for _ in range(40)]
        await client.subscribe(f"user:{author.id}", since=cursor)
        made.append(await post(author, "live"))
        await client.wait_for_post(made[-1])
        assert client.post_ids == made


async def test_a_log_out_closes_with_its_code(either: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with live(either, user.access_token, "home") as client:
        assert (await user.client.post("/api/auth/logout")).status_code in (200, 204)
        assert await client.wait_until_closed() == 4403


@pytest.mark.parametrize(
    ("data", "code"), [(b"{}", 1003), ('"' + "x" * 16_384 + '"', 1009)], ids=["binary", "too long"]
)
async def test_what_may_not_be_sent_closes_with_its_code(either: Server, data: str | bytes, code: int) -> None:
    async with live(either) as client:
        await client.socket.send(data)
        assert await client.wait_until_closed() == code


async def test_text_that_is_none_closes_with_its_code(either: Server) -> None:
    async with upgraded(either) as raw:
        raw.send(frame(TEXT, b"\xff"))
        assert await raw.read_close() == 1007


async def test_who_stalls_is_closed_and_costs_the_others_nothing(
    server: Server, either: Server, make_user: MakeUser
) -> None:
    author = await make_user()
    topic = f"user:{author.id}"
    readers = [await Live.open(either) for _ in range(READERS)]
    stalled = [await stall(either, topic) for _ in range(STALLED)]
    for reader in readers:
        await reader.subscribe(topic)
    assert either.process
    process = psutil.Process(either.process.pid)
    before = process.memory_info().rss
    told = value(await scrape(either), "x18_closes_total", code="4008")

    # uvicorn's own protocol leaves more to the kernel, up to 4 MB a connection.
    rounds = 9 if either is server else 30
    made: list[str] = []
    for _ in range(rounds):
        made += await asyncio.gather(*(post(author, LONG) for _ in range(10)))
    last = await post(author, "last")
    for reader in readers:
        await reader.wait_for_post(last, seconds=30)
        assert sorted(reader.post_ids) == sorted([*made, last])
    grown = process.memory_info().rss - before
    # On a busy machine the others take so long that the close frame is not waited for any more: the connection is cut off behind it.
    assert {await read_to_the_end(raw) for raw in stalled} <= {4008, None}
    await wait_until(either, lambda samples: value(samples, "x18_closes_total", code="4008") >= told + STALLED)
    for reader in readers:
        await reader.close()

    assert len({tuple(reader.post_ids) for reader in readers}) == 1
    assert grown <= STALLED * MOST_PER_CONNECTION


async def test_who_does_not_answer_pings_is_closed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    impatient = await other_server(server, "impatient", IMPATIENT, tmp_path_factory)
    try:
        async with upgraded(impatient) as silent, upgraded(impatient) as polite:
            answering = asyncio.create_task(answer_pings(polite, 3))
            assert (await silent.read()).opcode == PING
            assert await silent.read_close() == 4002
            await answering  # for longer than the other was given
    finally:
        assert impatient.stop() == 0, impatient.read_log()
        impatient.listener.close()


async def answer_pings(raw: Raw, times: int) -> None:
    """As a client must."""
    for _ in range(times):
        ping = await raw.read()
        assert ping.opcode == PING
        raw.send(frame(PONG, ping.payload))


async def stall(server: Server, topic: str) -> Raw:
    """A subscriber with a small window, who does not read from now on."""
    address = urlsplit(server.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((address.hostname, address.port))
    raw = Raw(*await asyncio.open_connection(sock=connection, limit=4096))
    raw.send(handshake())
    await raw.reader.readuntil(b"\r\n\r\n")
    assert b"connected" in (await raw.read()).payload
    raw.send(frame(TEXT, b'{"type":"subscribe","payload":{"topics":[{"topic":"%s"}]}}' % topic.encode()))
    assert b'"ok"' in (await raw.read()).payload
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    return raw


async def read_to_the_end(raw: Raw) -> int | None:
    """Read what was sent before the close frame, and return its code; None where the connection ended without one."""
    raw.writer.transport.resume_reading()  # type: ignore[attr-defined]
    try:
        while True:
            frame = await raw.read()
            if frame.opcode == CLOSE:
                return int.from_bytes(frame.payload[:2])
    except (EOFError, ConnectionError):
        return None
    finally:
        await raw.close()
