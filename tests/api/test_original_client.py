"""A client of the original system, unchanged but for its base URL: how it sends, and how it reads."""

import subprocess
from typing import Any
from uuid import UUID

import httpx

from tests.conftest import PASSWORD, MakeUser
from tests.files import picture, save
from tests.server import Server


class OriginalClient:
    """Sends trailing slashes, reads every answer as JSON and errors from ``error``."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.token: str | None = None

    async def call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self._http.request(
            method, f"/api{path}", headers={**headers, **options.pop("headers", {})}, **options
        )
        body = answer.json()
        if answer.is_error:
            raise AssertionError(f"{method} {path}: {answer.status_code} {body['error']}")
        return body


async def test_all_42_calls(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    friend = await make_user("friend")
    name = f"orig_{friend.id.hex[-12:]}"
    client = OriginalClient(api)
    call = client.call
    tokens = await call(
        "POST", "/auth/register", json={"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    )
    tokens = await call("POST", "/auth/login", json={"email": f"{name}@example.com", "password": PASSWORD})
    tokens = await call("POST", "/auth/refresh", headers={"Authorization": f"Bearer {tokens['refresh_token']}"})
    client.token = tokens["access_token"]
    me = await call("GET", "/users/me")
    await call("PATCH", "/users/me", json={"display_name": "Original"})
    assert (await call("GET", f"/users/{me['id']}"))["display_name"] == "Original"
    assert (await call("GET", f"/users/username/{name}"))["id"] == me["id"]
    await call("POST", f"/users/{friend.id}/follow")
    assert (await call("GET", f"/users/{friend.id}/followers"))["users"][0]["id"] == me["id"]
    assert (await call("GET", f"/users/{me['id']}/following"))["users"][0]["id"] == str(friend.id)
    media = await call(
        "POST", "/media/upload", files={"file": ("my-chart.png", save(picture(), "PNG"))}, data={"alt_text": "chart"}
    )
    post = await call(
        "POST", "/posts/", json={"content": "Hi #Orig", "metadata": {"category": "crypto"}, "media_ids": [media["id"]]}
    )
    assert post["media"][0]["url"] == media["url"]
    for verb in ("like", "retweet", "bookmark"):
        await call("POST", f"/posts/{post['id']}/{verb}")
    assert (await call("GET", f"/posts/{post['id']}"))["is_liked"] is True
    assert (await call("GET", "/bookmarks/"))["posts"][0]["id"] == post["id"]
    for path in (
        f"/users/{me['id']}/posts", "/timeline/home?category=crypto&limit=20", "/timeline/explore?limit=20&offset=0",
        "/timeline/trending?timeframe=24h&category=crypto", f"/timeline/user/{me['id']}", "/timeline/search?category=crypto",
        "/search/posts?q=hi", "/search/hashtag/orig",
    ):  # fmt: skip
        assert post["id"] in [one["id"] for one in (await call("GET", path))["posts"]], path
    found = await call("GET", f"/search/?q={name}&limit=20")
    assert (found["users"][0]["id"], found["posts"]) == (me["id"], [])
    assert (await call("GET", f"/search/users?q={name}"))["users"][0]["id"] == me["id"]
    assert isinstance((await call("GET", "/search/trending-hashtags?limit=10"))["hashtags"], list)
    assert (await call("GET", f"/media/{media['id']}"))["post_id"] == post["id"]
    assert (await call("GET", f"/media/user/{me['id']}"))["media"][0]["id"] == media["id"]
    await friend.client.post(f"/api/posts/{post['id']}/like")
    notes = await call("GET", "/notifications/")
    assert (notes["unread_count"], notes["notifications"][0]["type"]) == (1, "like")
    assert await call("GET", "/notifications/unread-count") == {"unread_count": 1}
    assert (await call("PATCH", f"/notifications/{notes['notifications'][0]['id']}/read"))["is_read"] is True
    assert (await call("PATCH", "/notifications/read-all"))["success"] is True
    for path in (
        f"/notifications/{notes['notifications'][0]['id']}", f"/posts/{post['id']}/bookmark", f"/posts/{post['id']}/retweet",
        f"/posts/{post['id']}/like", f"/users/{friend.id}/follow", f"/media/{media['id']}", f"/posts/{post['id']}",
    ):  # fmt: skip
        assert isinstance(await call("DELETE", path), dict)
    assert await call("POST", "/auth/logout") == {"success": True}


# The examples of the original description, as typed there but for the port, the token, and a name that is free.
EXAMPLES = r"""
curl http://localhost:8080/health

curl http://localhost:8080/api

curl -X POST http://localhost:8080/api/auth/register \
  -H "Content-Type: application/json" \
  -d '{
    "username": "crypto_trader",
    "email": "trader@example.com",
    "password": "SecurePass123"
  }'

curl -X POST http://localhost:8080/api/posts \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \
  -d '{
    "content": "Bitcoin hit $100k! 🚀📈 #bitcoin #crypto",
    "metadata": {
      "category": "crypto",
      "market": "btc",
      "symbol": "BTC-USD",
      "price": 100000,
      "tags": ["bitcoin", "crypto", "trading", "bullrun"]
    }
  }'

curl "http://localhost:8080/api/timeline/home?category=crypto&limit=20" \
  -H "Authorization: Bearer YOUR_JWT_TOKEN"

curl "http://localhost:8080/api/timeline/explore?market=btc&symbol=BTC-USD"

curl "http://localhost:8080/api/timeline/trending?timeframe=24h&category=crypto"

curl "http://localhost:8080/api/timeline/search?category=crypto&market=btc"

curl -X POST http://localhost:8080/api/media/upload \
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \
  -F "file=@./my-chart.png" \
  -F "alt_text=Bitcoin price chart"

curl -X POST http://localhost:8080/api/posts \
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \
  -d '{
    "content": "Check out this chart! 📊",
    "media_ids": ["media-uuid-from-upload"]
  }'

curl "http://localhost:8080/api/search?q=bitcoin&limit=20"

curl "http://localhost:8080/api/search/users?q=trader"

curl "http://localhost:8080/api/search/posts?q=crypto"

curl "http://localhost:8080/api/search/hashtag/bitcoin"

curl "http://localhost:8080/api/search/trending-hashtags?limit=10"
"""


async def test_the_examples_run_as_typed(server: Server, make_user: MakeUser, tmp_path: Any) -> None:
    user = await make_user()
    (tmp_path / "my-chart.png").write_bytes(save(picture(), "PNG"))
    name, media_id = f"ct_{UUID(str(user.id)).hex[-12:]}", ""
    for example in EXAMPLES.strip().split("\n\n"):
        command = example.replace("http://localhost:8080", server.url).replace("YOUR_JWT_TOKEN", user.access_token)
        command = (
            command.replace("crypto_trader", name)
            .replace("trader@", f"{name}@")
            .replace("media-uuid-from-upload", media_id)
        )
        done = subprocess.run(
            ["bash", "-c", f"{command} -s -w '\n%{{http_code}}'"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        body, code = done.stdout.rsplit("\n", 1)
        assert code in ("200", "201"), (example, body)
        if "upload" in example:
            media_id = body.split('"id":"')[1][:36]
