"""The 42 endpoints of the contract, and the few more, for everybody: anonymous, another user, the owner, an expired token."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from tests.api.test_posts import publish
from tests.conftest import PASSWORD, Account, MakeUser
from tests.crowd import TOKENS
from tests.files import picture, save
from x18.app import create_app
from x18.core.tokens import Tokens
from x18.settings import EXAMPLE_SECRETS, read_settings

NEW_USER = {"username": "{name}", "email": "{name}@example.com", "password": PASSWORD}

# method, path, body, anonymous, other, owner, key of the answer. An expired token is a 401 wherever a token is read.
# {user} and {post} and so on are the owner's; {private} is a post of the owner for nobody else.
TABLE: list[tuple[str, str, Any, int, int, int, str]] = [
    ("POST", "/api/auth/register", NEW_USER, 201, 201, 201, "access_token"),
    ("POST", "/api/auth/login", {"username": "{username}", "password": PASSWORD}, 200, 200, 200, "access_token"),
    ("POST", "/api/auth/refresh", {"refresh_token": "nonsense"}, 401, 401, 401, "error"),
    ("GET", "/api/users/me", None, 401, 200, 200, "email"),
    ("PATCH", "/api/users/me", {"bio": "x"}, 401, 200, 200, "email"),
    ("GET", "/api/users/{user}", None, 200, 200, 200, "username"),
    ("GET", "/api/users/username/{username}", None, 200, 200, 200, "username"),
    ("GET", "/api/users/{user}/posts", None, 200, 200, 200, "posts"),
    ("GET", "/api/users/{user}/followers", None, 200, 200, 200, "users"),
    ("GET", "/api/users/{user}/following", None, 200, 200, 200, "users"),
    ("POST", "/api/users/{user}/follow", None, 401, 201, 400, "followers_count"),
    ("DELETE", "/api/users/{user}/follow", None, 401, 200, 200, "followers_count"),
    ("POST", "/api/posts", {"content": "x"}, 401, 201, 201, "content"),
    ("GET", "/api/posts/{post}", None, 200, 200, 200, "content"),
    ("GET", "/api/posts/{private}", None, 404, 404, 200, "content"),
    ("GET", "/api/posts/{post}/replies", None, 200, 200, 200, "posts"),
    ("GET", "/api/posts/{private}/replies", None, 404, 404, 200, "posts"),
    ("POST", "/api/posts/{post}/like", None, 401, 201, 201, "likes_count"),
    ("POST", "/api/posts/{private}/like", None, 401, 404, 201, "likes_count"),
    ("DELETE", "/api/posts/{post}/like", None, 401, 200, 200, "likes_count"),
    ("POST", "/api/posts/{post}/retweet", None, 401, 201, 201, "retweets_count"),
    ("POST", "/api/posts/{private}/retweet", None, 401, 404, 403, "error"),
    ("DELETE", "/api/posts/{post}/retweet", None, 401, 200, 200, "retweets_count"),
    ("POST", "/api/posts/{post}/bookmark", None, 401, 201, 201, "bookmarks_count"),
    ("POST", "/api/posts/{private}/bookmark", None, 401, 404, 201, "bookmarks_count"),
    ("DELETE", "/api/posts/{post}/bookmark", None, 401, 200, 200, "bookmarks_count"),
    ("GET", "/api/bookmarks", None, 401, 200, 200, "posts"),
    ("DELETE", "/api/posts/{private}", None, 401, 404, 200, "success"),
    ("DELETE", "/api/posts/{post}", None, 401, 403, 200, "success"),
    ("GET", "/api/timeline/home", None, 401, 200, 200, "posts"),
    ("GET", "/api/timeline/explore", None, 200, 200, 200, "posts"),
    ("GET", "/api/timeline/trending", None, 200, 200, 200, "posts"),
    ("GET", "/api/timeline/user/{user}", None, 200, 200, 200, "user"),
    ("GET", "/api/timeline/search?category=x", None, 200, 200, 200, "filters"),
    ("GET", "/api/notifications", None, 401, 200, 200, "notifications"),
    ("GET", "/api/notifications/unread-count", None, 401, 200, 200, "unread_count"),
    ("PATCH", "/api/notifications/{notification}/read", None, 401, 404, 200, "is_read"),
    ("PATCH", "/api/notifications/read-all", None, 401, 200, 200, "updated_count"),
    ("DELETE", "/api/notifications/{notification}", None, 401, 404, 200, "success"),
    ("POST", "/api/media/upload", "file", 401, 201, 201, "url"),
    ("GET", "/api/media/{media}", None, 404, 404, 200, "url"),
    ("GET", "/api/media/user/{user}", None, 200, 200, 200, "media"),
    ("DELETE", "/api/media/{media}", None, 401, 404, 200, "success"),
    ("GET", "/api/search?q=x", None, 200, 200, 200, "total"),
    ("GET", "/api/search/users?q=x", None, 200, 200, 200, "users"),
    ("GET", "/api/search/posts?q=x", None, 200, 200, 200, "posts"),
    ("GET", "/api/search/hashtag/x", None, 200, 200, 200, "hashtag"),
    ("GET", "/api/search/trending-hashtags", None, 200, 200, 200, "hashtags"),
    ("GET", "/api/users/me/watchlist", None, 401, 200, 200, "symbols"),
    ("PUT", "/api/users/me/watchlist", {"symbols": ["BTC-USD"]}, 401, 200, 200, "symbols"),
    ("GET", "/api/users/suggestions", None, 401, 200, 200, "users"),
    ("GET", "/api/symbols/{symbol}", None, 200, 200, 200, "top_authors"),
    ("GET", "/api/symbols", None, 200, 200, 200, "symbols"),
    ("GET", "/api/widgets/trending-tickers", None, 200, 200, 200, ""),
    ("POST", "/api/ws/ticket", None, 401, 201, 201, "ticket"),
    ("GET", "/health", None, 200, 200, 200, "checks"),
    ("GET", "/api", None, 200, 200, 200, "name"),
    ("POST", "/api/auth/logout", None, 401, 200, 200, "success"),
]  # fmt: skip

NO_TOKEN_READ = {
    "/api/auth/register",
    "/api/auth/login",
    "/api/auth/refresh",
    "/api/search/trending-hashtags",
    "/api/symbols",
    "/api/widgets/trending-tickers",
    "/health",
    "/api",
}


async def things_of(owner: Account, fan: Account) -> dict[str, str]:
    post, private = await publish(owner), await publish(owner, visibility="private")
    await fan.client.post(f"/api/posts/{post['id']}/like")
    (notification,) = (await owner.client.get("/api/notifications")).json()["notifications"]
    upload = await owner.client.post("/api/media/upload", files={"file": save(picture(), "PNG")})
    return {
        "user": str(owner.id), "username": owner.username, "post": post["id"], "private": private["id"],
        "notification": notification["id"], "media": upload.json()["id"], "symbol": "BTC-USD",
    }  # fmt: skip


def fill(value: Any, things: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: fill(part, things) for key, part in value.items()}
    return value.format(**things) if isinstance(value, str) else value


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    if body == "file":
        return await client.post(path, files={"file": save(picture(), "PNG")}, headers=headers)
    return await client.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
async def test_who_gets_what(
    api: httpx.AsyncClient, make_user: MakeUser, row: tuple[str, str, Any, int, int, int, str]
) -> None:
    method, path, body, *statuses, key = row
    owner, other = await make_user("owner"), await make_user("other")
    things = await things_of(owner, await make_user("fan"))
    session = TOKENS.read_access(owner.access_token).session_id
    expired = Tokens(*EXAMPLE_SECRETS.values(), access_ttl=-TOKENS.access_ttl, refresh_ttl=TOKENS.refresh_ttl)
    asked = [{}, other.headers, owner.headers, {"Authorization": f"Bearer {expired.make_access(owner.id, session)}"}]

    answers = []
    for headers in (asked[3], *asked[:3]):
        things["name"] = f"n{uuid4().hex[:20]}"
        answers.append(await ask(api, method, fill(path, things), fill(body, things), headers))

    assert [answer.status_code for answer in answers[1:]] == statuses
    old = answers[0]
    reads_token = path.partition("?")[0] not in NO_TOKEN_READ
    assert (
        (old.status_code, old.json().get("code")) == (401, "token_expired")
        if reads_token
        else old.status_code == statuses[0]
    )
    for answer in answers:
        body = answer.json()
        if answer.status_code < 400:
            assert key in body or (key == "" and isinstance(body, list))
        else:
            assert body["error"] == body["detail"]
        for secret in ("password", "token_hash", "email"):
            assert secret not in answer.text or (secret == "email" and key in ("email", "access_token"))


def routes_of(app: Litestar) -> set[tuple[str, str]]:
    found = set()
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            if getattr(handler, "include_in_schema", True) and route.path.startswith(("/api", "/health")):
                found |= {
                    (method, route.path_format)
                    for method in getattr(handler, "http_methods", set()) - {"OPTIONS", "HEAD"}
                }
    return found


def test_every_route_has_a_row() -> None:
    app = create_app(
        read_settings({"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "STORAGE_PATH": "/tmp/x18-routes"})
    )
    rows = {(method, path.partition("?")[0]) for method, path, *_ in TABLE}

    def shape(path: str) -> str:
        return "/".join("*" if part.startswith("{") else part for part in path.split("/")).replace(
            "hashtag/x", "hashtag/*"
        )

    assert {(method, shape(path)) for method, path in routes_of(app)} == {
        (method, shape(path)) for method, path in rows
    }
    assert len(rows) >= 42
