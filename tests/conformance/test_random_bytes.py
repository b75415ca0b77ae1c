"""Whatever is sent, the server goes on: healthy, nothing missed by others, nothing left behind."""

import asyncio
import random
from collections.abc import Callable

import httpx
import psutil

from tests.conftest import MakeUser
from tests.live import live
from tests.raw import Raw, frame, handshake
from tests.server import Server

STREAMS = 1_000
AT_ONCE = 50
GONE_S = 20.0


async def test_random_bytes_after_the_handshake_hurt_nobody(
    server: Server, api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    await send_while_others_listen(server, api, make_user, Raw.upgrade, after_handshake)


async def test_random_bytes_in_place_of_a_handshake_hurt_nobody(
    server: Server, api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    await send_while_others_listen(server, api, make_user, Raw.connect, in_place_of_a_handshake)


async def send_while_others_listen(
    server: Server,
    api: httpx.AsyncClient,
    make_user: MakeUser,
    open_raw: Callable[[Server], object],
    make: Callable[[random.Random], bytes],
) -> None:
    author = await make_user()
    chance = random.Random(18)
    ports: set[int] = set()
    posted: list[str] = []
    async with live(server, None, f"user:{author.id}") as listener:
        for _ in range(STREAMS // AT_ONCE):
            streams = [make(chance) for _ in range(AT_ONCE)]
            ports.update(await asyncio.gather(*(send_and_leave(server, open_raw, stream) for stream in streams)))
            answer = await author.client.post("/api/posts", json={"content": "in between"})
            assert answer.status_code == 201
            posted.append(answer.json()["id"])
        await listener.wait_for_post(posted[-1])
        assert listener.post_ids == posted
    health = await api.get("/health")
    assert health.status_code == 200, health.text
    await wait_until_gone(server, ports)


async def send_and_leave(server: Server, open_raw: Callable, stream: bytes) -> int:
    """Send the bytes, take what comes back for a moment, go. The client's port."""
    raw = await open_raw(server)
    try:
        raw.send(stream)
        async with asyncio.timeout(0.05):
            await raw.reader.read()
    except (TimeoutError, ConnectionError):
        pass
    finally:
        await raw.close()
    return raw.port


async def wait_until_gone(server: Server, ports: set[int]) -> None:
    """Wait for the server to let go of every connection from these ports."""
    assert server.process
    process = psutil.Process(server.process.pid)
    deadline = asyncio.get_running_loop().time() + GONE_S
    while left := {one.raddr.port for one in process.net_connections("tcp") if one.raddr} & ports:
        assert asyncio.get_running_loop().time() < deadline, f"{len(left)} connections are left"
        await asyncio.sleep(0.1)


def after_handshake(chance: random.Random) -> bytes:
    """Noise, frames of any kind, or good frames with a broken byte."""
    kind = chance.randrange(3)
    if kind == 0:
        return chance.randbytes(chance.randrange(1, 2_000))
    frames = [
        frame(
            chance.randrange(16) if kind == 1 else chance.choice([0, 1, 1, 2, 8, 9, 10]),
            chance.choice([chance.randbytes(chance.randrange(200)), b'{"type":"ping","payload":1}']),
            final=chance.random() < 0.8,
            reserved=chance.choice([0, 0, 0, chance.randrange(8)]) if kind == 1 else 0,
            masked=kind == 2 or chance.random() < 0.9,
        )
        for _ in range(chance.randrange(1, 6))
    ]
    return broken(b"".join(frames), chance) if kind == 2 else b"".join(frames)


def in_place_of_a_handshake(chance: random.Random) -> bytes:
    """Noise, a handshake with broken bytes, one without its end, or frames where a request should be."""
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(1, 2_000))
    if kind == 1:
        return broken(handshake(), chance)
    if kind == 2:
        request = handshake()
        return request[: chance.randrange(1, len(request))]
    return frame(1, b'{"type":"ping"}') + handshake(Cookie="x" * chance.randrange(20_000))


def broken(data: bytes, chance: random.Random) -> bytes:
    """With one to four other bytes."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 5)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)
