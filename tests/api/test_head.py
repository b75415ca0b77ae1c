"""HEAD wherever GET is: the same status and the same headers, and no body."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.conftest import NOBODY, MakeUser
from tests.files import picture, save
from tests.raw import DEADLINE_S, Raw
from tests.server import Server

OTHERWISE = {"date", "x-request-id", "ratelimit-remaining", "ratelimit-reset", "transfer-encoding"}
PATHS = [
    "/", "/health", "/api", "/api/", "/docs", "/docs/live", "/docs/x/docs.css", "/docs/x/nothing.css", "/favicon.ico", "/explore",
    "/openapi.json", "/asyncapi.json", "/metrics", "/api/timeline/explore", "/api/timeline/explore?limit=x", "/api/search?q=a&count=true",
    "/api/search/trending-hashtags", "/api/users/me", "/api/notifications", f"/api/posts/{NOBODY}", "/api/nothing", "/nothing",
    "/api/auth/login", "/ws", "/api/stream?topics=explore", "/api/stream", "/api/stream?topics=home", "/storage/media/none.png",
]  # fmt: skip


async def both(client: httpx.AsyncClient, path: str, **headers: str) -> tuple[httpx.Response, httpx.Response]:
    head = await client.head(path, headers=headers)
    async with client.stream("GET", path, headers=headers) as got:
        if not got.headers["content-type"].startswith("text/event-stream"):
            await got.aread()
    return head, got


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
async def test_head_is_get_without_a_body(api: httpx.AsyncClient, path: str, accept: str) -> None:
    head, got = await both(api, path, Accept=accept)

    assert (head.status_code, head.content) == (got.status_code, b"")
    if path == "/metrics":  # which counts
        return
    if "content-length" in got.headers and path != "/health":
        assert head.headers["content-length"] == str(len(got.content)) or "gzip" in got.headers.get(
            "content-encoding", ""
        )
    assert {k: v for k, v in head.headers.items() if k not in OTHERWISE} == {
        k: v for k, v in got.headers.items() if k not in OTHERWISE
    }


async def test_every_list_and_every_thing_that_is_documented_has_it(
    api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    user = await make_user()
    made = (await user.client.post("/api/posts", json={"content": "#head"})).json()
    values = {
        "post_id": made["id"],
        "user_id": str(user.id),
        "username": user.username,
        "tag": "head",
        "symbol": "HEAD",
        "media_id": str(NOBODY),
    }
    paths = (await api.get("/openapi.json")).json()["paths"]
    asked = [path.format_map(values) for path, operations in paths.items() if "get" in operations]
    assert len(asked) >= 27

    for path in asked:
        query = (
            "?q=head"
            if path.startswith("/api/search")
            else "?category=head"
            if path.endswith("timeline/search")
            else ""
        )
        if path in ("/metrics", "/api/stream"):  # which count, and go on
            continue
        for client in (api, user.client):
            head, got = await both(client, path + query)
            assert (head.status_code, head.content) == (got.status_code, b""), path
            assert {k: v for k, v in head.headers.items() if k not in OTHERWISE} == {
                k: v for k, v in got.headers.items() if k not in OTHERWISE
            }, path


async def test_for_a_viewer_too(make_user: MakeUser) -> None:
    user = await make_user()
    post = (await user.client.post("/api/posts", json={"content": "x"})).json()
    paths = [
        "/api/users/me",
        "/api/timeline/home",
        "/api/bookmarks",
        f"/api/posts/{post['id']}",
        "/api/stream?topics=home",
    ]
    for path in paths:
        head, got = await both(user.client, path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers.get("content-length") == got.headers.get("content-length")
        assert head.headers.get("etag") == got.headers.get("etag")
    tag = (await user.client.head(paths[3])).headers["etag"]
    assert (await user.client.head(paths[3], headers={"If-None-Match": tag})).status_code == 304


async def test_a_file_has_its_length_and_no_ranges(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user = await make_user()
    media = (await user.client.post("/api/media/upload", files={"file": ("a", save(picture(), "PNG"))})).json()

    head = await api.head(media["url"], headers={"Range": "bytes=0-9"})

    assert (head.status_code, head.headers["content-length"]) == (200, str(media["size_bytes"]))
    assert head.headers["accept-ranges"] == "bytes"


async def test_the_connection_is_good_for_the_next_request(server: Server) -> None:
    raw = await Raw.connect(server)
    asked = (
        "/api/stream?topics=explore",
        "/docs",
        "/openapi.json",
        "/api/timeline/explore",
        "/api/nothing",
        "/metrics",
        "/health",
    )
    for path in asked:
        raw.send(f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    raw.send(b"GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(DEADLINE_S):
        answers = await raw.reader.read()
    await raw.close()

    assert answers.count(b"HTTP/1.1 ") == len(asked) + 1
    heads, body = answers.rsplit(b"\r\n\r\n", 1)
    assert b'"name":"x18"' in body
    assert heads.count(b"\r\n\r\n") == len(asked), "nothing stands between the heads"


async def test_a_stream_is_not_begun(server: Server, api: httpx.AsyncClient) -> None:
    before = await load(api)
    answers = [await api.head("/api/stream?topics=explore") for _ in range(10)]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["content-type"] for answer in answers} == {"text/event-stream; charset=utf-8"}
    assert await load(api) <= before + 1


async def load(api: httpx.AsyncClient) -> int:
    """How many live connections there are, once the gauge was set anew."""
    await asyncio.sleep(1.2)
    text = (await api.get("/metrics")).text
    return int(float(next(line.split()[1] for line in text.splitlines() if line.startswith("x18_connections "))))


async def test_what_may_be_asked_is_told(api: httpx.AsyncClient) -> None:
    answers: list[tuple[httpx.Response, Any]] = [
        (await api.put("/api/posts"), None),
        (await api.options("/api/timeline/explore"), None),
        (await api.delete("/api/timeline/explore"), None),
    ]

    assert [answer.headers["allow"] for answer, _ in answers] == [
        "OPTIONS, POST",
        "GET, HEAD, OPTIONS",
        "GET, HEAD, OPTIONS",
    ]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_the_event_stream_says_how_it_is_read(api: httpx.AsyncClient, method: str) -> None:
    answer = await api.request(method, "/api/stream?topics=explore")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"
