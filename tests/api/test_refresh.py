"""Refresh tokens: good once, and what happens to a session whose old ones come back."""

import asyncio

import asyncpg
import httpx
import pytest

from tests.api.test_auth import fresh
from tests.conftest import MakeUser
from x18.auth.sessions import forget_ended
from x18.core import db


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
    await database.execute(
        "UPDATE auth_sessions SET rotated_at = now() - interval '11 seconds' WHERE user_id = $1", tokens["user"]["id"]
    )

    reused = await api.post("/api/auth/refresh", json=tokens)

    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    assert (await api.post("/api/auth/refresh", json=rotated)).status_code == 401
    me = await api.get("/api/users/me", headers={"Authorization": f"Bearer {rotated['access_token']}"})
    assert me.status_code == 401


async def test_of_racing_refreshes_one_wins_and_the_family_lives(api: httpx.AsyncClient) -> None:
    tokens = (await api.post("/api/auth/register", json=fresh())).json()

    answers = await asyncio.gather(*(api.post("/api/auth/refresh", json=tokens) for _ in range(20)))

    winners = [answer for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 200} == {"refresh_token_reused"}
    again = await api.post("/api/auth/refresh", json=winners[0].json())
    assert again.status_code == 200


async def test_a_token_from_before_the_last_is_no_racing_one_and_ends_the_session(api: httpx.AsyncClient) -> None:
    first = (await api.post("/api/auth/register", json=fresh())).json()
    second = (await api.post("/api/auth/refresh", json=first)).json()
    third = (await api.post("/api/auth/refresh", json=second)).json()
    access = {"Authorization": f"Bearer {third['access_token']}"}
    seen = []

    for old in (second, first):
        refused = await api.post("/api/auth/refresh", json=old)
        assert (refused.status_code, refused.json()["code"]) == (401, "refresh_token_reused")
        seen.append((await api.get("/api/users/me", headers=access)).status_code)

    assert seen == [200, 401]
    assert (await api.post("/api/auth/refresh", json=third)).status_code == 401


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
