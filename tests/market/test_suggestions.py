"""Whom to follow."""

import asyncio

import asyncpg
import pytest

from tests.api.test_posts import publish
from tests.conftest import Account, MakeUser
from tests.market.test_trending import new_symbol


async def suggested(viewer: Account, limit: int = 100) -> list[str]:
    answer = await viewer.client.get("/api/users/suggestions", params={"limit": limit})
    assert answer.status_code == 200, answer.text
    users = answer.json()["users"]
    assert {user["is_following"] for user in users} <= {False}
    return [user["id"] for user in users]


async def follow(viewer: Account, *users: Account) -> None:
    for user in users:
        assert (await viewer.client.post(f"/api/users/{user.id}/follow")).status_code == 201


async def test_those_come_first_whom_most_follow_that_one_follows(make_user: MakeUser, database: asyncpg.Pool) -> None:
    viewer, a, b, gone, known = [await make_user(name) for name in ("viewer", "a", "b", "gone", "known")]
    of_both, of_one, of_gone, shy = [await make_user(name) for name in ("both", "one", "ofgone", "shy")]
    await follow(viewer, a, b, gone, known)
    await follow(a, of_both, of_one, known, viewer)
    await follow(b, of_both, shy)
    await follow(gone, of_gone)
    await shy.client.patch("/api/users/me", json={"private_account": True})
    assert set((await suggested(viewer))[1:4]) == {str(user.id) for user in (of_one, of_gone, shy)}

    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", gone.id)

    found = await suggested(viewer)
    assert found[0] == str(of_both.id)
    assert set(found[1:3]) == {str(of_one.id), str(shy.id)}, "anyone may follow a private account"
    assert not {str(user.id) for user in (viewer, a, b, known, gone, of_gone)} & set(found)
    assert await suggested(viewer, 2) == found[:2]
    await follow(viewer, of_both)
    assert (await suggested(viewer))[:2] == found[1:3]
    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", of_one.id)
    assert (await suggested(viewer))[0] == str(shy.id)
    assert str(of_one.id) not in await suggested(viewer)


async def test_then_come_those_who_write_about_what_one_watches(make_user: MakeUser) -> None:
    viewer, friend, fan = [await make_user(name) for name in ("viewer", "friend", "fan")]
    of_friend, of_two, loud, followed, private, hidden = [
        await make_user(name) for name in ("offriend", "oftwo", "loud", "followed", "private", "hidden")
    ]
    await private.client.patch("/api/users/me", json={"private_account": True})
    one, two = new_symbol(), new_symbol()
    await viewer.client.put("/api/users/me/watchlist", json={"symbols": [one.lower(), two]})
    await follow(viewer, friend)
    await follow(friend, of_friend)
    await follow(fan, followed)
    await publish(of_two, f"${one} and ${two}")
    await publish(private, f"${one} and ${two}")
    await publish(hidden, f"${one} and ${two}", visibility="followers")
    for _ in range(3):
        await publish(loud, f"${one}")
    await publish(followed, f"${two}")
    await publish(viewer, f"${two}")

    async with asyncio.timeout(10):
        while (found := await suggested(viewer))[:4] != [str(u.id) for u in (of_friend, of_two, followed, loud)]:
            await viewer.client.get(f"/api/symbols/{one}")  # which counts what was written
            await asyncio.sleep(0.05)

    assert not {str(user.id) for user in (viewer, friend, private, hidden)} & set(found)


async def test_a_new_account_is_offered_who_wrote_lately(make_user: MakeUser, database: asyncpg.Pool) -> None:
    viewer, star, private, disabled, silent = [
        await make_user(name) for name in ("viewer", "star", "private", "disabled", "silent")
    ]
    for user in (star, private, disabled):
        await publish(user)
    await publish(silent, visibility="private")
    await private.client.patch("/api/users/me", json={"private_account": True})
    ids = [user.id for user in (star, private, disabled, silent)]
    await database.execute("UPDATE users SET followers_count = followers_count + 1000000 WHERE id = ANY($1)", ids)
    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", disabled.id)
    try:
        async with asyncio.timeout(10):
            while str(star.id) not in (found := await suggested(viewer)):
                await asyncio.sleep(0.05)
        assert found[0] == str(star.id)
        assert not {str(user.id) for user in (viewer, private, disabled, silent)} & set(found)
    finally:
        await database.execute("UPDATE users SET followers_count = followers_count - 1000000 WHERE id = ANY($1)", ids)


@pytest.mark.parametrize("limit", ["0", "101", "x"])
async def test_another_limit_is_a_400(make_user: MakeUser, limit: str) -> None:
    viewer = await make_user()

    answer = await viewer.client.get(f"/api/users/suggestions?limit={limit}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "limit")
