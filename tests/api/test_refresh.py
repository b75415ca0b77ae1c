"""Refresh tokens: good once, and what happens to a session whose old ones come back."""

import asyncio
from typing import Any, Final

import asyncpg
import httpx
import pytest

from piccolo_migrations import x18_0018_retired_tokens
from tests.api.test_auth import fresh
from tests.conftest import NOBODY, MakeUser
from tests.databases import new_database
from tests.server import TLS, Server
from x18.auth.sessions import MOST_RETIRED, forget_ended
from x18.core import db
from x18.runtime.embedded import Servers

ELEVEN_SECONDS_LATER: Final = """
    UPDATE auth_sessions s SET retired = (SELECT jsonb_object_agg(hash, at::float - 11) FROM jsonb_each(s.retired) AS r (hash, at))
    WHERE user_id = $1"""
"""Each refresh token that was exchanged was exchanged so much earlier."""


@pytest.mark.parametrize("as_bearer", [False, True])
async def test_refreshing_rotates_the_token(api: httpx.AsyncClient, as_bearer: bool) -> None:
    tokens = (await api.post("/api/auth/register", json=fresh())).json()
    old = tokens["refresh_token"]

    if as_bearer:
        answer = await api.post("/api/auth/refresh/", headers={"Authorization": f"Bearer {old}"})
    else:
        answer = await api.post("/api/auth/refresh", json={"refresh_token": old})

    assert answer.status_code == 200
    new = answer.json()
    assert new["refresh_token"] != old
    me = await api.get("/api/users/me", headers={"Authorization": f"Bearer {new['access_token']}"})
    assert me.status_code == 200


async def test_an_old_refresh_token_used_late_ends_its_whole_family(
    api: httpx.AsyncClient, database: asyncpg.Pool
) -> None:
    tokens = (await api.post("/api/auth/register", json=fresh())).json()
    rotated = (await api.post("/api/auth/refresh", json=tokens)).json()
    await database.execute(ELEVEN_SECONDS_LATER, tokens["user"]["id"])

    reused = await api.post("/api/auth/refresh", json=tokens)

    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    assert (await api.post("/api/auth/refresh", json=rotated)).status_code == 401
    me = await api.get("/api/users/me", headers={"Authorization": f"Bearer {rotated['access_token']}"})
    assert me.status_code == 401


@pytest.mark.parametrize("number", [4, 20])
async def test_of_racing_refreshes_all_get_tokens_that_work(workers: Server, number: int) -> None:
    """As a page does whose calls meet an expired token side by side: each stores what it got, and the last one stays."""
    async with httpx.AsyncClient(base_url=workers.url, timeout=20, verify=TLS) as api:
        tokens = (await api.post("/api/auth/register", json=fresh())).json()

        answers = await asyncio.gather(*(api.post("/api/auth/refresh", json=tokens) for _ in range(number)))

        assert {answer.status_code for answer in answers} == {200}
        for answer in answers:
            me = await api.get("/api/users/me", headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
            assert me.status_code == 200
        kept = {answer.json()["refresh_token"] for answer in answers}
        assert len(kept) == 1, "whichever is kept is good"
        assert (await api.post("/api/auth/refresh", json={"refresh_token": kept.pop()})).status_code == 200


async def test_the_one_before_is_answered_again_and_again_within_the_time(
    api: httpx.AsyncClient, database: asyncpg.Pool
) -> None:
    first = (await api.post("/api/auth/register", json=fresh())).json()
    second = (await api.post("/api/auth/refresh", json=first)).json()
    for _ in range(3):
        again = await api.post("/api/auth/refresh", headers={"Authorization": f"Bearer {first['refresh_token']}"})
        assert again.status_code == 200
        assert again.json()["refresh_token"] == second["refresh_token"]
        assert again.json()["user"] == second["user"] | {"last_active_at": again.json()["user"]["last_active_at"]}

    sessions = await database.fetchval("SELECT count(*) FROM auth_sessions WHERE user_id = $1", first["user"]["id"])
    assert sessions == 1
    assert (await api.post("/api/auth/refresh", json=second)).status_code == 200


async def test_a_thief_who_comes_within_the_time_is_found_when_the_owner_comes_back(
    api: httpx.AsyncClient, database: asyncpg.Pool
) -> None:
    first = (await api.post("/api/auth/register", json=fresh())).json()
    owner = (await api.post("/api/auth/refresh", json=first)).json()
    thief = (await api.post("/api/auth/refresh", json=first)).json()
    stolen = (await api.post("/api/auth/refresh", json=thief)).json()
    await database.execute(ELEVEN_SECONDS_LATER, first["user"]["id"])

    assert (await api.post("/api/auth/refresh", json=owner)).json()["code"] == "refresh_token_reused"
    assert (await api.post("/api/auth/refresh", json=stolen)).status_code == 401


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE auth_sessions SET revoked_at = now() WHERE user_id = $1",
        "UPDATE users SET disabled_at = now() WHERE id = $1",
    ],
)
async def test_a_race_does_not_open_what_has_ended(api: httpx.AsyncClient, database: asyncpg.Pool, end: str) -> None:
    first = (await api.post("/api/auth/register", json=fresh())).json()
    await api.post("/api/auth/refresh", json=first)
    await database.execute(end, first["user"]["id"])

    refused = await api.post("/api/auth/refresh", json=first)

    assert (refused.status_code, refused.json()["code"]) == (401, "session_revoked")


async def test_a_race_with_a_node_of_another_version_ends_nothing(
    api: httpx.AsyncClient, database: asyncpg.Pool
) -> None:
    first = (await api.post("/api/auth/register", json=fresh())).json()
    second = (await api.post("/api/auth/refresh", json=first)).json()
    await database.execute(
        "UPDATE auth_sessions SET refresh_token_hash = 'other' WHERE user_id = $1", first["user"]["id"]
    )

    refused = await api.post("/api/auth/refresh", json=first)

    assert (refused.status_code, refused.json()["code"]) == (401, "refresh_token_reused")
    access = {"Authorization": f"Bearer {second['access_token']}"}
    assert (await api.get("/api/users/me", headers=access)).status_code == 200


async def test_any_token_of_the_last_seconds_gets_the_one_that_is_good_now(
    api: httpx.AsyncClient, database: asyncpg.Pool
) -> None:
    chain = [(await api.post("/api/auth/register", json=fresh())).json()]
    for _ in range(3):
        chain.append((await api.post("/api/auth/refresh", json=chain[-1])).json())
    now = chain[-1]["refresh_token"]
    assert len({tokens["refresh_token"] for tokens in chain}) == 4

    for old in (chain[0], chain[2], chain[1], chain[0]):
        answer = await api.post("/api/auth/refresh", json=old)
        assert (answer.status_code, answer.json()["refresh_token"]) == (200, now)

    await database.execute(ELEVEN_SECONDS_LATER, chain[0]["user"]["id"])
    newest = (await api.post("/api/auth/refresh", json={"refresh_token": now})).json()
    assert (await api.post("/api/auth/refresh", json={"refresh_token": now})).status_code == 200
    late = await api.post("/api/auth/refresh", json=chain[2])
    assert (late.status_code, late.json()["code"]) == (401, "refresh_token_reused"), "each has its own ten seconds"
    assert (await api.post("/api/auth/refresh", json=newest)).json()["code"] == "session_revoked"


@pytest.mark.parametrize("calls", [8, 14])
async def test_a_page_of_the_original_client_stays_logged_in_whatever_its_calls_meet(
    workers: Server, calls: int
) -> None:
    """Each call that is answered 401 exchanges the refresh token that is stored by then. A browser has six connections, so that some
    calls are sent with the old token when others have come back with a new one.
    """
    limits = httpx.Limits(max_connections=6)
    async with httpx.AsyncClient(base_url=workers.url, timeout=20, verify=TLS, limits=limits) as page:
        for _ in range(3):
            stored = (await page.post("/api/auth/register", json=fresh())).json() | {"access_token": "stale"}

            async def call(stored: dict[str, Any] = stored) -> int:
                me = await page.get("/api/users/me", headers={"Authorization": f"Bearer {stored['access_token']}"})
                if me.status_code == 200:
                    return 200
                refreshed = await page.post("/api/auth/refresh", json={"refresh_token": stored["refresh_token"]})
                if refreshed.status_code != 200:
                    return refreshed.status_code
                stored.update(refreshed.json())
                headers = {"Authorization": f"Bearer {stored['access_token']}"}
                return (await page.get("/api/users/me", headers=headers)).status_code

            assert await asyncio.gather(*(call() for _ in range(calls))) == [200] * calls
            assert (await page.post("/api/auth/refresh", json=stored)).status_code == 200


async def test_no_more_than_a_page_has_calls_are_remembered(api: httpx.AsyncClient, database: asyncpg.Pool) -> None:
    first = tokens = (await api.post("/api/auth/register", json=fresh())).json()
    for _ in range(MOST_RETIRED + 1):
        tokens = (await api.post("/api/auth/refresh", json=tokens)).json()

    kept = "SELECT count(*) FROM auth_sessions, jsonb_object_keys(retired) WHERE user_id = $1"
    assert await database.fetchval(kept, first["user"]["id"]) == MOST_RETIRED
    assert (await api.post("/api/auth/refresh", json=first)).json()["code"] == "refresh_token_reused"


async def test_sessions_are_forgotten_when_their_last_token_has_expired(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    ended, logged_out, lives = [await make_user(name) for name in ("ended", "logged_out", "lives")]
    await database.execute("UPDATE auth_sessions SET expires_at = now() WHERE user_id = $1", ended.id)
    await logged_out.client.post("/api/auth/logout")

    async with database.acquire() as connection, db.using(connection):
        await forget_ended()

    left = await database.fetch(
        "SELECT user_id FROM auth_sessions WHERE user_id = ANY($1)", [ended.id, logged_out.id, lives.id]
    )
    assert {row["user_id"] for row in left} == {logged_out.id, lives.id}


async def test_a_race_goes_on_over_the_migration(servers: Servers) -> None:
    async with new_database(servers) as url:
        connection = await asyncpg.connect(url)
        await connection.execute(x18_0018_retired_tokens.DOWN)
        await connection.execute(
            "INSERT INTO users (id, username, email, password_hash, display_name) VALUES ($1, 'abc', 'a@b.example', 'x', 'a')",
            NOBODY,
        )
        for name, ago in (("just", "1 second"), ("long", "1 hour"), ("never", None)):
            await connection.execute(
                """INSERT INTO auth_sessions (id, user_id, refresh_token_hash, previous_token_hash, rotated_at,
                                              family_id, user_agent, ip, expires_at)
                   VALUES (gen_random_uuid(), $1, $2, $3, now() - $4::text::interval, $1, $5, '', now())""",
                NOBODY,
                name.encode(),
                b"before" if ago else None,
                ago,
                name,
            )

        await connection.execute(x18_0018_retired_tokens.UP)

        kept = await connection.fetch(
            "SELECT user_agent, ARRAY(SELECT jsonb_object_keys(retired)) AS retired FROM auth_sessions"
        )
        assert {row["user_agent"]: row["retired"] for row in kept} == {
            "just": [b"before".hex()],
            "long": [],
            "never": [],
        }
        await connection.close()
