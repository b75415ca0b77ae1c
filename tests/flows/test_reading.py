"""Reading goes on while a message is handled: nothing that a client says waits for a replay to end but what has to."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import Account, MakeUser
from tests.flows.test_delivery import post
from tests.live import live
from tests.raw import CLOSE, PING, PONG, TEXT, Frame, Raw, frame, handshake
from tests.server import Server

POSTS = 250
RECEIVE_BUFFER = 32 * 1024


def message(kind: str, payload: Any, **fields: Any) -> bytes:
    return frame(TEXT, json.dumps({"type": kind, "payload": payload, **fields}).encode())


async def slow_client(server: Server) -> Raw:
    """A client whose machine takes little before it is read: what it does not read waits in the server."""
    address = urlsplit(server.url)
    assert address.hostname
    assert address.port
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (address.hostname, address.port))
    raw = Raw(*await asyncio.open_connection(sock=sock, limit=RECEIVE_BUFFER))
    raw.send(handshake())
    await raw.reader.readuntil(b"\r\n\r\n")
    return raw


class Missed:
    """Five megabytes of posts of one author, and where they begin."""

    def __init__(self, author: Account, since: str) -> None:
        self.author = author
        self.topic = f"user:{author.id}"
        self.since = since

    def subscribe(self, **fields: Any) -> bytes:
        return message("subscribe", {"topics": [{"topic": self.topic}], "since": self.since}, **fields)


@pytest.fixture
async def missed(server: Server, make_user: MakeUser) -> Missed:
    author = await make_user("author")
    async with live(server) as client:
        since = client.cursor
    async with live(server, None, f"user:{author.id}") as client:
        for number in range(0, POSTS, 10):
            made = [post(author, f"{number}" + "x" * 4_900, metadata={"more": "y" * 15_900}) for _ in range(10)]
            await asyncio.gather(*made)
        await client.wait_for(lambda _: len(client.post_ids) == POSTS)
    return Missed(author, since)


async def frames_of(raw: Raw) -> AsyncIterator[Frame]:
    while True:
        yield await raw.read()


async def read_until(raw: Raw, found: Any) -> tuple[int, Any]:
    """The first frame that is what we look for, and how many posts came before it."""
    posts = 0
    async for one in frames_of(raw):
        told = json.loads(one.payload) if one.opcode == TEXT else one
        if found(told):
            return posts, told
        posts += isinstance(told, dict) and told["type"] == "post"
    raise AssertionError


async def test_the_clients_own_ping_and_a_log_in_do_not_wait_for_a_replay(server: Server, missed: Missed) -> None:
    raw = await slow_client(server)
    auth = message("auth", {"token": missed.author.access_token}, id="auth")
    raw.send(missed.subscribe(id=1), message("watch", {"posts": []}), auth, frame(PING, b"alive?"))
    answers: dict[str, Any] = {}
    posts = 0
    while answers.keys() != {"auth", "pong"}:
        came, told = await read_until(raw, lambda told: isinstance(told, Frame) or told.get("id") == "auth")
        answers["pong" if isinstance(told, Frame) else "auth"] = told
        posts += came
    await raw.close()

    assert answers["auth"]["payload"]["user_id"] == str(missed.author.id)
    assert answers["pong"].opcode == PONG
    assert posts < POSTS - 10


async def test_what_a_slow_reader_says_meanwhile_costs_it_nothing(server: Server, missed: Missed) -> None:
    raw = await slow_client(server)
    raw.send(missed.subscribe(id=1), message("ping", "after the replay", id=2), message("watch", {"posts": []}, id=3))
    before_pong, _ = await read_until(raw, lambda told: isinstance(told, dict) and told.get("id") == 2)
    await read_until(raw, lambda told: isinstance(told, dict) and told.get("id") == 3)
    await raw.close()

    assert before_pong == POSTS


async def test_a_close_ends_a_replay_at_once(server: Server, missed: Missed) -> None:
    raw = await slow_client(server)
    raw.send(missed.subscribe(id=1), message("ping", None))
    await read_until(raw, lambda told: isinstance(told, dict) and told["type"] == "post")
    raw.send(frame(CLOSE, b"\x03\xe8"))
    posts, _ = await read_until(raw, lambda told: isinstance(told, Frame) and told.opcode == CLOSE)
    await raw.close()

    assert posts < POSTS / 2


async def test_more_than_may_wait_is_read_when_there_is_room(server: Server, missed: Missed) -> None:
    raw = await slow_client(server)
    pings = [message("ping", "x" * 1_000, id=number) for number in range(300)]
    raw.send(missed.subscribe(id="s"), *pings, frame(PING, b"last"))
    answered: list[int] = []
    pong = False
    while len(answered) < 300 or not pong:
        _, told = await read_until(raw, lambda told: isinstance(told, Frame) or told["type"] == "pong")
        if isinstance(told, Frame):
            pong = told.opcode == PONG and told.payload == b"last"
        else:
            answered.append(told["id"])
    await raw.close()

    assert answered == list(range(300))
