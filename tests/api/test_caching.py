"""What only some may see is kept by no cache: neither tokens nor answers to those who sent one."""

from typing import Any

import httpx
import pytest

from tests.api.test_auth import fresh
from tests.conftest import NOBODY, MakeUser
from tests.files import picture, save


async def test_answers_with_tokens_are_not_stored(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    account = fresh()
    registered = await api.post("/api/auth/register", json=account)
    login = await api.post("/api/auth/login", json=account)
    refreshed = await api.post("/api/auth/refresh", json=login.json())
    ticket = await (await make_user()).client.post("/api/ws/ticket")
    refused = await api.post("/api/auth/login", json={**account, "password": "another one"})

    assert [answer.status_code for answer in (registered, login, refreshed, ticket, refused)] == [
        201,
        200,
        200,
        201,
        401,
    ]
    for answer in (registered, login, refreshed, ticket, refused):
        assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/users/me", "/api/timeline/home", "/api/timeline/explore", "/api/notifications", "/api/notifications/unread-count",
        "/api/bookmarks", "/api/search?q=a", f"/api/posts/{NOBODY}", "/api/nothing", "/api/users/me?x=1", "/api", "/metrics",
    ],
)  # fmt: skip
async def test_answers_to_those_who_sent_a_token_are_not_stored(make_user: MakeUser, path: str) -> None:
    user = await make_user()
    for method in ("GET", "HEAD"):
        answer = await user.client.request(method, path)
        assert answer.headers["cache-control"] == "private, no-store", method
    forged = await user.client.get(path, headers={"Authorization": "Bearer forged"})
    assert forged.headers["cache-control"] == "private, no-store"


async def test_what_has_a_tag_may_be_kept_by_its_reader_and_asked_for_again(
    api: httpx.AsyncClient, make_user: MakeUser
) -> None:
    user = await make_user()
    post = (await user.client.post("/api/posts", json={"content": "x"})).json()
    for path in (f"/api/posts/{post['id']}", f"/api/users/{user.id}"):
        for client in (api, user.client):
            shown = await client.get(path)
            known = await client.get(path, headers={"If-None-Match": shown.headers["etag"]})
            for answer in (shown, known):
                assert answer.headers["cache-control"] == "private, no-cache"
                assert "Authorization" in answer.headers["vary"]
            assert known.status_code == 304


async def test_changes_are_not_stored(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user = await make_user()
    answers: list[Any] = [
        await user.client.post("/api/posts", json={"content": "x"}),
        await user.client.patch("/api/users/me", json={"bio": "x"}),
        await user.client.delete(f"/api/posts/{NOBODY}"),
        await api.post("/api/posts", json={}),
    ]
    assert {"no-store" in answer.headers["cache-control"] for answer in answers} == {True}


async def test_files_and_pages_are_kept_as_before(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user = await make_user()
    media = (await user.client.post("/api/media/upload", files={"file": ("a", save(picture(), "PNG"))})).json()
    for client in (api, user.client):
        assert (await client.get(media["url"])).headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (await client.get("/favicon.ico")).headers["cache-control"] == "public, max-age=86400"
        assert (await client.get("/")).headers["cache-control"] == "no-cache"
    assert "cache-control" not in (await api.get("/api/timeline/explore")).headers
