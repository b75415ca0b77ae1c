"""Nothing that a stranger sends is remembered: not by Litestar, not by uvicorn, not by Python's own modules."""

import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from litestar import Litestar, _parsers
from litestar.routes import HTTPRoute

from tests.conftest import register
from tests.raw import DEADLINE_S, Raw
from tests.server import Server, make_server, running
from x18.app import create_app
from x18.core.errors import BadInput
from x18.runtime.framework import KNOWN, missing_names, parse_query, remove_caches
from x18.runtime.proxies import TrustedPeers
from x18.settings import read_settings

ROUNDS = 5
QUERIES = 60
GROWTH = 8 * 1024 * 1024
"""One such request cost 2 MB for good."""


@pytest.fixture(scope="module")
async def remembering(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """An X18 that tells what it remembers, behind a proxy that it trusts."""
    folder = tmp_path_factory.mktemp("remembering")
    settings = {
        "TRUSTED_PROXIES": "127.0.0.1",
        "REMEMBERED": str(folder / "remembered.json"),
        "CORS_ORIGINS": "https://a.example",
    }
    other = make_server(server.database_url, server.redis_url, folder, **settings)
    other.program = (str(Path(__file__).parent / "remembering.py"),)
    async with running(other) as started:
        yield started


async def remembered(server: Server) -> Any:
    """What the process says now."""
    target = Path(server.environment["REMEMBERED"])
    assert server.process is not None
    server.process.send_signal(signal.SIGUSR1)
    async with asyncio.timeout(DEADLINE_S):
        while not target.exists():
            await asyncio.sleep(0.01)
    found = json.loads(target.read_text())
    target.unlink()
    return found


async def ask_strangely(server: Server, token: str, number: int) -> None:
    """One of each kind of request, with words of its own wherever words can stand."""
    own = f"w{number}" + "x" * 900
    long = "&".join(f"{own[:20]}{index}=" for index in range(98))
    path, query = f"/{own}", f"?{long}"
    strange = {
        "X-Forwarded-For": f"h{own[:200]}, {number}.2.3.4", "X-Request-ID": own[:60], "Cookie": f"{own}=1", "Accept": f"text/{own}",
        "Origin": f"https://{own[:60]}.example", "Host": f"{own[:60]}.example", "User-Agent": own, "If-None-Match": own,
        "Access-Control-Request-Method": own, "Range": f"bytes={number}-", "Accept-Language": own, "Referer": own,
    }  # fmt: skip
    async with httpx.AsyncClient(base_url=server.url, timeout=20, headers=strange) as client:
        for one in (f"/api/stream{query}", f"/api/timeline/explore{query}", path + query, f"/api/search?q={own[:150]}&{long}",
                    f"/api/users/username/{own}", f"/api/search/hashtag/{own[:60]}", f"/storage/media/{own}", f"/docs/{own}",
                    f"/docs/{own}/{own}",
                    f"/console/{own}/{own}", f"/api/posts/{number:032d}", f"/api/timeline/explore?symbol={own[:60]}",
                    f"/api/search/users?{long}", "/asyncapi.json", "/openapi.json"):  # fmt: skip
            await client.get(one)
            await client.head(one)
        await client.options(path)
        await client.request(own[:20].upper(), "/api/posts")
        for kind in (
            f"application/{own}",
            f"text/plain; charset={own}",
            f"multipart/form-data; boundary={own[:60]}; charset={own}",
        ):
            await client.post(
                f"/api/auth/login{query}", content=f'{{"username": "{own}"}}', headers={"Content-Type": kind}
            )
        login = {"Authorization": f"Bearer {token}"}
        await client.get("/api/users/me", headers={"Authorization": f"Bearer {own}.{own}.{own}"})
        await client.patch("/api/users/me", json={"website": f"https://{own[:100]}.example/", own: own}, headers=login)
        await client.patch("/api/users/me", json={"email": f"{own[:50]}@{own[:50]}.example"}, headers=login)
        head = f'Content-Disposition: form-data; name="alt_text"; {own}={own[:9]}\r\nContent-Type: text/plain; charset={own[:99]}'
        form = f"--bb\r\n{head}\r\n\r\nx\r\n--bb--"
        await client.post(
            "/api/media/upload", content=form, headers={**login, "Content-Type": "multipart/form-data; boundary=bb"}
        )
    raw = await Raw.connect(server)
    raw.send(f"GET /{own} HTTP/1.1\r\nHost: {own[:60]}\r\nUpgrade: {own}\r\nConnection: Upgrade\r\n\r\n".encode())
    await raw.close()
    async with websockets.connect(
        f"{server.ws_url}?{long}", additional_headers={"X-Forwarded-For": f"{own[:99]}, {number}.9.9.9"}
    ) as socket:
        for path in (f"/api/timeline/explore?{long}", f"/api/{own}", f"/api/timeline/explore?limit={own}"):
            await socket.send(
                json.dumps({"type": "call", "id": path[-60:], "payload": {"method": "GET", "path": path}})
            )
            while json.loads(await socket.recv()).get("id") != path[-60:]:
                pass


async def test_requests_of_strangers_leave_nothing_behind(remembering: Server) -> None:
    user = await register(remembering.url, "remembering_user")
    for number in range(1, 4):
        await ask_strangely(remembering, user.access_token, number)
    before = await remembered(remembering)

    for number in range(4, 4 + ROUNDS):
        await ask_strangely(remembering, user.access_token, number)

    after = await remembered(remembering)
    await user.client.aclose()
    grown = {name: size for name, size in after["caches"].items() if size > before["caches"].get(name, 0) + 2}
    assert len(before["caches"]) > 5, "it does see caches"
    assert grown == {}
    assert after["resident"] - before["resident"] < GROWTH


async def test_queries_that_grew_memory_by_megabytes_are_refused(remembering: Server) -> None:
    before = await remembered(remembering)
    async with httpx.AsyncClient(base_url=remembering.url, timeout=20) as client:
        for number in range(QUERIES):
            for pairs, status in ((31_000, 414), (3_000, 400), (101, 400)):
                answer = await client.get(f"/api/stream?{'a&' * pairs}{number}")
                assert answer.status_code == status
                assert answer.json()["status"] == status

    assert (await remembered(remembering))["resident"] - before["resident"] < GROWTH


async def test_a_call_has_no_more_parameters_than_a_request(server: Server) -> None:
    async with websockets.connect(server.ws_url) as socket:
        call = {"method": "GET", "path": "/api/timeline/explore?" + "a&" * 200}
        await socket.send(json.dumps({"type": "call", "id": "1", "payload": call}))
        while (answer := json.loads(await socket.recv())).get("id") != "1":
            pass

    assert (answer["payload"]["status"], answer["payload"]["body"]["code"]) == (400, "too_many_parameters")


def test_parameters_are_read_as_before() -> None:
    plain: Any = getattr(_parsers.parse_query_string, "__wrapped__", None) or parse_query
    for query in (b"", b"a", b"a=1&a=2&b=", b"a=%C3%A9&b=+", b"&&", b"a=%ff;b=1", b"\xff=1", b"=x"):
        assert parse_query(query) == plain(query)
    with pytest.raises(BadInput):
        parse_query(b"&" * 100)


def test_what_litestar_has_no_longer_is_told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Litestar([], logging_config=None)
    assert missing_names(app) == []
    monkeypatch.setitem(KNOWN, "litestar._parsers", ("parse_everything",))

    logging.getLogger("x18").addHandler(caplog.handler)
    remove_caches(app)
    logging.getLogger("x18").removeHandler(caplog.handler)

    assert missing_names(app) == ["parse_everything"]
    assert "parse_everything" in caplog.text


def test_addresses_of_a_header_are_not_remembered() -> None:
    peers = TrustedPeers(["10.0.0.1", "192.168.0.0/16", "proxy"])
    hosts: Any = peers._hosts

    assert [peer in peers for peer in ("10.0.0.1", "192.168.3.4", "proxy", "10.0.0.2", "x" * 300)] == [True] * 3 + [
        False
    ] * 2
    assert not hasattr(hosts._trusts, "cache_info")
    assert "127.0.0.1" not in TrustedPeers([])


def test_no_task_is_made_for_a_dependency() -> None:
    app = create_app(
        read_settings({"DATABASE_URL": "postgres://localhost", "REDIS_URL": "redis://localhost", "SERVER_ENV": "test"})
    )
    models = [
        model for route in app.routes if isinstance(route, HTTPRoute) for _, model in route.route_handler_map.values()
    ]
    batches = [batch for model in models for batch in model.dependency_batches]

    assert len(batches) > 50
    assert {len(batch) for batch in batches} == {1}
