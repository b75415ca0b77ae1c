"""What holds on every endpoint: limits, keys, tags, cross-origin, documents."""

import asyncio
import secrets

import asyncpg
import httpx
import pytest
from redis.asyncio import Redis

from tests.api.test_posts import publish
from tests.conftest import PASSWORD, MakeUser
from tests.live import Live
from tests.server import Server
from x18.core.errors import TooManyRequests
from x18.core.limits import Limiter, Rate


@pytest.fixture
async def fresh_limits(server: Server) -> None:
    """Nobody has used anything up."""
    async with Redis.from_url(server.redis_url) as redis:
        async for key in redis.scan_iter("x18:rate:*"):
            await redis.delete(key)


@pytest.mark.usefixtures("fresh_limits")
async def test_a_limit_lets_through_exactly_so_many_and_says_when_to_come_back(limited: Server) -> None:
    async with httpx.AsyncClient(base_url=limited.url, limits=httpx.Limits(max_connections=20)) as client:
        body = {"username": "nobody_at_all", "password": "wrong"}
        first = await client.post("/api/auth/refresh", json={"refresh_token": "x"})
        answers = await asyncio.gather(
            *(client.post("/api/auth/refresh", json={"refresh_token": "x"}) for _ in range(150))
        )

        assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("120", "119")
        codes = [answer.status_code for answer in answers]
        assert (codes.count(401), codes.count(429)) == (119, 31)
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["code"] == "rate_limited"
        assert 0 < int(refused.headers["retry-after"]) <= 61, "a window, and until the first of it has slid out"
        assert refused.headers["ratelimit-reset"] == refused.headers["retry-after"]
        assert refused.headers["ratelimit-remaining"] == "0"
        assert (await client.get("/api/timeline/explore")).status_code == 200, "another class has a count of its own"
        assert (
            await client.post("/api/auth/login", json=body, headers={"X-Forwarded-For": "9.9.9.9"})
        ).status_code == 429


@pytest.mark.parametrize(("before", "here", "windows"), [(10, 5, 0.1), (20, 0, 0.05), (0, 10, 0.6), (10, 10, 0.6)])
async def test_who_is_refused_is_told_when_one_is_free(server: Server, before: int, here: int, windows: float) -> None:
    async with Redis.from_url(server.redis_url) as redis:
        window = 2 * (await redis.time())[0]  # half of the first window of all times is over
        rate, key = Rate(secrets.token_hex(4), 10, window), "x18:rate:{}:somebody:{}"
        await redis.set(key.format(rate.name, -1), before, ex=60)
        await redis.set(key.format(rate.name, 0), here, ex=60)
        limiter = Limiter(redis, enforced=True)
        with pytest.raises(TooManyRequests) as refused:
            await limiter.take(rate, "somebody")
        await limiter.close()

    assert refused.value.retry_after_s == pytest.approx(windows * window, abs=60)
    assert refused.value.headers["RateLimit-Reset"] == str(refused.value.retry_after_s)


@pytest.mark.usefixtures("fresh_limits")
async def test_ten_wrong_passwords_stop_the_guessing_of_one_account_only(limited: Server, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    async with httpx.AsyncClient(base_url=limited.url) as client:
        wrong = {"username": user.username, "password": "wrong password"}
        codes = [(await client.post("/api/auth/login", json=wrong)).status_code for _ in range(12)]
        right = await client.post("/api/auth/login", json={"username": user.username.upper(), "password": PASSWORD})
        elsewhere = await client.post("/api/auth/login", json={"username": other.username, "password": PASSWORD})

        assert codes == [401] * 10 + [429] * 2
        assert right.status_code == 429
        assert elsewhere.status_code == 200


@pytest.mark.usefixtures("fresh_limits")
async def test_a_flood_of_forged_tokens_is_limited_and_hurts_no_user(limited: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with httpx.AsyncClient(base_url=limited.url, limits=httpx.Limits(max_connections=20)) as client:
        forged = {"Authorization": "Bearer forged"}
        first = await client.get("/api/users/me", headers=forged)
        codes: list[int] = []
        while 429 not in codes and len(codes) < 2_000:  # a window that slides on meanwhile lets a few more through
            answers = await asyncio.gather(*(client.get("/api/users/me", headers=forged) for _ in range(100)))
            codes += [answer.status_code for answer in answers]
        mine = await client.get("/api/users/me", headers=user.headers)

    assert (first.status_code, first.headers["ratelimit-remaining"]) == (401, "1199")
    assert codes.count(401) >= 1199
    assert set(codes) == {401, 429}
    assert mine.status_code == 200


@pytest.mark.usefixtures("fresh_limits")
async def test_users_have_counts_of_their_own(limited: Server, make_user: MakeUser) -> None:
    one, other = await make_user(), await make_user()
    async with httpx.AsyncClient(base_url=limited.url) as client:
        for _ in range(3):
            last = await client.get("/api/timeline/home", headers=one.headers)
        first = await client.get("/api/timeline/home", headers=other.headers)

    assert int(first.headers["ratelimit-remaining"]) == int(last.headers["ratelimit-remaining"]) + 2


KEYS = "authorization,content-type,idempotency-key,last-event-id"
"""Headers that clients send besides those that every page may."""


async def test_a_page_of_an_allowed_origin_may_call_and_no_other(limited: Server) -> None:
    async with httpx.AsyncClient(base_url=limited.url) as client:
        wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        allowed = await client.options("/api/posts", headers={"Origin": "https://app.example", **wanted})
        refused = await client.options("/api/posts", headers={"Origin": "https://app.example.evil", **wanted})
        error = await client.get("/api/users/me", headers={"Origin": "https://app.example"})

        idempotent = await client.options(
            "/api/posts", headers={"Origin": "https://app.example", **wanted, "Access-Control-Request-Headers": KEYS}
        )
        head = await client.head("/api/timeline/explore", headers={"Origin": "https://app.example"})

    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in refused.headers
    assert set(KEYS.split(",")) <= {
        name.strip().lower() for name in idempotent.headers["access-control-allow-headers"].split(",")
    }
    assert (head.status_code, head.headers["access-control-allow-origin"]) == (200, "https://app.example")
    assert (error.status_code, error.headers["access-control-allow-origin"]) == (401, "https://app.example")
    assert {"Link", "ETag", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= {
        name.strip() for name in error.headers["access-control-expose-headers"].split(",")
    }


async def test_what_depends_on_who_asks_says_so_to_caches(limited: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with httpx.AsyncClient(base_url=limited.url) as client:
        plain = await client.get(f"/api/users/{user.id}")
        page = await client.get(f"/api/users/{user.id}", headers={"Origin": "https://app.example"})
        known = await client.get(f"/api/users/{user.id}", headers={"If-None-Match": plain.headers["etag"]})

    assert (plain.headers["vary"], known.headers["vary"]) == ("Authorization", "Authorization")
    assert page.headers["vary"] == "Origin, Authorization"


async def test_a_post_with_a_key_is_made_once(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    author, other = await make_user(), await make_user()
    key = {"Idempotency-Key": "the same"}

    async def send(content: str = "once", client: httpx.AsyncClient = author.client) -> httpx.Response:
        return await client.post("/api/posts", json={"content": content}, headers=key)

    answers = await asyncio.gather(*(send() for _ in range(30)))
    reused, others = await send("something else"), await send(client=other.client)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_key_reused")
    assert others.json()["id"] != answers[0].json()["id"]
    assert await database.fetchval("SELECT count(*) FROM posts WHERE author_id = $1", author.id) == 1
    bad = await author.client.post("/api/posts", json={"content": ""}, headers={"Idempotency-Key": "fresh"})
    good = await author.client.post("/api/posts", json={"content": "x"}, headers={"Idempotency-Key": "fresh"})
    assert (bad.status_code, good.status_code) == (400, 201)
    assert (
        await author.client.post("/api/posts", json={"content": "x"}, headers={"Idempotency-Key": "x" * 256})
    ).status_code == 400


async def test_what_a_client_has_already_is_a_304(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    author, fan = await make_user(), await make_user()
    made = await publish(author)
    for path in (f"/api/posts/{made['id']}", f"/api/users/{author.id}", f"/api/users/username/{author.username}"):
        tag = (await api.get(path)).headers["etag"]
        known = await api.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
        assert (await fan.client.get(path, headers={"If-None-Match": tag})).status_code == 200, "a viewer sees flags"
    tag = (await api.get(f"/api/posts/{made['id']}")).headers["etag"]
    await fan.client.post(f"/api/posts/{made['id']}/like")
    assert (await api.get(f"/api/posts/{made['id']}", headers={"If-None-Match": tag})).status_code == 200


async def test_every_answer_tells_browsers_what_not_to_do(api: httpx.AsyncClient) -> None:
    for path in ("/api", "/health", "/api/nothing", "/api/users/me", "/nothing", "/storage/media/nothing"):
        headers = (await api.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-request-id"]


async def test_the_documents_are_served_from_here(api: httpx.AsyncClient) -> None:
    page = await api.get("/docs")
    document = (await api.get("/openapi.json")).json()

    assert page.headers["content-type"].startswith("text/html")
    assert document["openapi"].startswith("3.1")
    post = document["components"]["schemas"]["PostView"]
    assert {"id", "user", "metadata", "likes_count", "retweeted_by"} <= post["properties"].keys()


async def test_litestars_own_pages_which_load_scripts_from_elsewhere_are_not_served(api: httpx.AsyncClient) -> None:
    for name in ("swagger", "redoc", "elements", "rapidoc", "scalar"):
        assert (await api.get(f"/openapi/{name}")).status_code == 404


@pytest.mark.usefixtures("fresh_limits")
async def test_what_is_asked_at_once_is_answered_in_turn_and_calls_count_as_requests(
    limited: Server, make_user: MakeUser
) -> None:
    user = await make_user()
    connections = httpx.Limits(max_connections=40)
    async with httpx.AsyncClient(base_url=limited.url, headers=user.headers, limits=connections, timeout=30) as client:
        answers = await asyncio.gather(*(client.get("/api/timeline/home") for _ in range(40)))
        live = await Live.open(limited, user.access_token)
        called = await live.ask("call", {"method": "GET", "path": "/api/timeline/home"})
        after = await client.get("/api/timeline/home")
        await live.close()

    assert [answer.status_code for answer in answers] == [200] * 40
    left = min(int(answer.headers["ratelimit-remaining"]) for answer in answers)
    assert int(called["payload"]["headers"]["ratelimit-remaining"]) == left - 1
    assert int(after.headers["ratelimit-remaining"]) == left - 2
