"""Before a body is read it is known whether it may come: how many at once, how much a day, and whether there is room."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from tests.conftest import Account, MakeUser
from tests.files import picture, save
from tests.server import TLS, Server, make_server, running
from x18.core.errors import TooManyRequests, Unavailable
from x18.media.admission import AT_ONCE, AT_ONCE_A_NETWORK, HALF_A_DAY, Admission, Room
from x18.media.workshop import DECODING_S, Workshop

DEADLINE_S = 30


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    workshop = Workshop()
    yield workshop
    await workshop.stop()


async def test_a_user_has_two_uploads_under_way_and_a_network_ten(workshop: Workshop) -> None:
    admission = Admission(Room(), workshop)
    user, entered, leave = uuid4(), asyncio.Semaphore(0), asyncio.Event()

    async def stay(network: str, user_id: object) -> None:
        async with admission.enter(network, user_id):  # type: ignore[arg-type]
            entered.release()
            await leave.wait()

    staying = [asyncio.create_task(stay("a", user)) for _ in range(AT_ONCE)]
    staying += [asyncio.create_task(stay("a", uuid4())) for _ in range(AT_ONCE_A_NETWORK - AT_ONCE)]
    async with asyncio.timeout(DEADLINE_S):
        for _ in staying:
            await entered.acquire()

        for network, user_id in (("b", user), ("a", uuid4())):
            with pytest.raises(TooManyRequests):
                async with admission.enter(network, user_id):
                    pass
        async with admission.enter("b", uuid4()):
            pass

    leave.set()
    await asyncio.gather(*staying)
    async with admission.enter("a", user):
        pass


async def test_a_network_has_so_many_bytes_a_day_whoever_sends_them(workshop: Workshop) -> None:
    admission = Admission(Room(), workshop)
    for _ in range(6):
        admission.charge(HALF_A_DAY, "a")

    with pytest.raises(TooManyRequests):
        async with admission.enter("a", uuid4()):
            pass
    async with admission.enter("b", uuid4()):
        pass


async def test_who_has_had_enough_decoded_waits_and_others_do_not(workshop: Workshop) -> None:
    admission, user = Admission(Room(), workshop), uuid4()
    workshop._seconds.charge(10 * DECODING_S, "a", user)

    for network, user_id in (("a", uuid4()), ("b", user)):
        with pytest.raises(TooManyRequests):
            async with admission.enter(network, user_id):
                pass
    async with admission.enter("b", uuid4()):
        pass


def test_without_room_nothing_is_taken(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        Room(tmp_path, min_free_bytes=2**62).check()

    assert (refused.value.code, refused.value.retry_after_s) == ("storage_full", 300)
    Room(tmp_path, min_free_bytes=0).check()


HEAD = (
    "POST /api/media/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 10000000\r\n"
    "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n{part}\r\n\r\n"
)
FILE = "Content-Disposition: form-data; name=file; filename=f"


async def _begin(server: Server, user: Account) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(HEAD.format(token=user.access_token, part=FILE).encode() + b"x" * 1000)
    await writer.drain()
    return reader, writer


def at(server: Server, user: Account) -> httpx.AsyncClient:
    """A client of this user for another server of the same database."""
    return httpx.AsyncClient(base_url=server.url, headers=user.headers, timeout=60, verify=TLS)


def form() -> dict[str, tuple[str, bytes]]:
    return {"file": ("a.png", save(picture(), "PNG"))}


async def test_uploads_that_never_end_cost_nothing_and_others_go_on(limited: Server, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    assert limited.process is not None
    process = psutil.Process(limited.process.pid)
    async with at(limited, other) as client:
        assert (await client.post("/api/media/upload", files=form())).status_code == 201
        before = process.memory_info().rss

        hanging = [await _begin(limited, user) for _ in range(28)]
        waiting, answered = {asyncio.create_task(reader.readline()) for reader, _ in hanging}, set()
        async with asyncio.timeout(DEADLINE_S):
            while len(answered) < 26:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                answered |= done
            answer = await client.post("/api/media/upload", files=form())

    assert {task.result() for task in answered} == {b"HTTP/1.1 429 Too Many Requests\r\n"}
    assert answer.status_code == 201
    assert process.memory_info().rss - before < 32 * 1024**2
    for task in waiting:
        task.cancel()
    for _, writer in hanging:
        writer.transport.abort()


async def test_below_the_floor_uploads_are_503_and_all_else_goes_on(
    server: Server, make_user: MakeUser, tmp_path: Path
) -> None:
    user = await make_user()
    full = make_server(server.database_url, server.redis_url, tmp_path, UPLOAD_MIN_FREE_MIB="100000000")

    async with running(full), at(full, user) as client:
        refused = await client.post("/api/media/upload", files=form())
        posted = await client.post("/api/posts", json={"content": "still here"})

    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "storage_full", "300")
    assert posted.status_code == 201
