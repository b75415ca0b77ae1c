"""Profiles and follows."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import NOBODY, MakeUser

PUBLIC_FIELDS = {
    "id", "username", "display_name", "bio", "location", "website", "avatar_url", "header_url", "verified",
    "subscription_price", "followers_count", "following_count", "posts_count", "private_account", "created_at",
}  # fmt: skip
FLAGS = {"is_following", "is_followed_by"}
OWN_FIELDS = {"email", "updated_at", "last_active_at"}


async def test_a_profile_shows_to_others_what_is_public(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()

    anonymous = await api.get(f"/api/users/{user.id}")
    viewer = await other.client.get(f"/api/users/username/{user.username.upper()}/")
    own = await user.client.get("/api/users/me")

    assert anonymous.json().keys() == PUBLIC_FIELDS
    assert viewer.json().keys() == PUBLIC_FIELDS | FLAGS
    assert own.json().keys() == PUBLIC_FIELDS | OWN_FIELDS
    assert anonymous.json()["created_at"].endswith("Z")


@pytest.mark.parametrize(
    "path", [f"/api/users/{NOBODY}", "/api/users/username/nobody_has_this_name", "/api/users/not-an-id"]
)
async def test_nobody_is_a_404(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_profile_can_be_changed_field_by_field(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user = await make_user()
    change = {
        "display_name": "  Ünï  ",
        "bio": "e\u0301",
        "website": "https://example.com/",
        "avatar_url": "/storage/media/01990b7a-41c7-7d0e-8f57-6b1f6a3f0c21_thumb.webp",
        "subscription_price": 9.99,
        "private_account": True,
        "id": str(uuid4()),
        "followers_count": 1000,
        "verified": True,
        "is_admin": True,
        "password_hash": "x",
    }

    answer = await user.client.patch("/api/users/me", json=change)
    again = await user.client.patch("/api/users/me", json={"bio": None})
    seen = (await api.get(f"/api/users/{user.id}")).json()

    assert answer.status_code == 200
    assert answer.json() | {"bio": "", "updated_at": again.json()["updated_at"]} == again.json()
    assert (seen["display_name"], seen["website"], seen["subscription_price"]) == ("Ünï", "https://example.com/", 9.99)
    assert answer.json()["bio"] == "\u00e9"
    assert (seen["id"], seen["followers_count"], seen["verified"]) == (str(user.id), 0, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", ""),
        ("display_name", "x" * 101),
        ("bio", "x" * 501),
        ("bio", "\x00"),
        ("website", "javascript:alert(1)"),
        ("website", "https://"),
        ("website", "http://[bad"),
        ("avatar_url", "file:///etc/passwd"),
        ("private_account", "yes"),
        ("avatar_url", "/storage/media/../../api/stream"),
        ("avatar_url", "/storage/media/a.png"),
        ("header_url", '/storage/media/x"onerror='),
        ("header_url", "/storage/media/01990b7a-41c7-7d0e-8f57-6b1f6a3f0c21.svg"),
        ("website", "/storage/media/01990b7a-41c7-7d0e-8f57-6b1f6a3f0c21.png/../x"),
        ("avatar_url", "//evil.example/x.png"),
        ("avatar_url", 'https://example.com/"onerror=x'),
        ("website", "https://example.com/<script>"),
        ("website", "https://example.com/\u0001"),
        ("subscription_price", -1),
        ("subscription_price", 1e300),
        ("username", "no spaces"),
        ("email", "nobody"),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_changed(make_user: MakeUser, field: str, value: Any) -> None:
    user = await make_user()

    answer = await user.client.patch("/api/users/me", json={"location": "here", field: value})

    assert answer.status_code == 400
    assert field in answer.json()["detail"]
    assert "True" not in answer.text
    assert (await user.client.get("/api/users/me")).json()["location"] == ""


async def test_a_name_or_address_that_is_taken_is_a_conflict(make_user: MakeUser) -> None:
    first, second = await make_user(), await make_user()

    name = await second.client.patch("/api/users/me", json={"username": first.username.upper()})
    address = await second.client.patch("/api/users/me", json={"email": first.email.upper()})
    same = await second.client.patch("/api/users/me", json={"username": second.username.upper()})

    assert (name.status_code, name.json()["code"]) == (409, "username_taken")
    assert (address.status_code, address.json()["code"]) == (409, "email_taken")
    assert same.status_code == 200


async def test_changing_a_profile_needs_a_token(api: httpx.AsyncClient) -> None:
    assert (await api.patch("/api/users/me", json={"bio": "x"})).status_code == 401
    assert (await api.get("/api/users/me")).status_code == 401
    assert (await api.post(f"/api/users/{uuid4()}/follow")).status_code == 401
    assert (await api.delete(f"/api/users/{uuid4()}/follow")).status_code == 401


async def test_following_counts_once_and_shows_on_both_sides(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    fan, star = await make_user("fan"), await make_user("star")

    first = await fan.client.post(f"/api/users/{star.id}/follow")
    second = await fan.client.post(f"/api/users/{star.id}/follow")
    followers = (await fan.client.get(f"/api/users/{star.id}/followers?count=true")).json()
    following = (await api.get(f"/api/users/{fan.id}/following/")).json()
    seen_by_star = (await star.client.get(f"/api/users/{fan.id}")).json()

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["followers_count"] == second.json()["followers_count"] == 1
    assert first.json()["is_following"] is True
    assert [user["id"] for user in followers["users"]] == [str(fan.id)]
    assert followers["total"] == 1
    assert [user["id"] for user in following["users"]] == [str(star.id)]
    assert (seen_by_star["is_following"], seen_by_star["is_followed_by"]) == (False, True)

    gone = await fan.client.delete(f"/api/users/{star.id}/follow")
    gone_again = await fan.client.delete(f"/api/users/{star.id}/follow")

    assert (gone.status_code, gone_again.status_code) == (200, 200)
    assert gone_again.json()["followers_count"] == 0
    assert (await fan.client.get("/api/users/me")).json()["following_count"] == 0


async def test_following_oneself_or_nobody_is_refused(make_user: MakeUser) -> None:
    user = await make_user()

    oneself = await user.client.post(f"/api/users/{user.id}/follow")
    nobody = await user.client.post(f"/api/users/{uuid4()}/follow")

    assert (oneself.status_code, oneself.json()["code"]) == (400, "cannot_follow_yourself")
    assert nobody.status_code == 404


async def test_five_thousand_follows_are_the_most(make_user: MakeUser, database: asyncpg.Pool) -> None:
    user, star = await make_user(), await make_user()
    await database.execute("UPDATE users SET following_count = 5000 WHERE id = $1", user.id)

    answer = await user.client.post(f"/api/users/{star.id}/follow")

    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_follows")


async def test_counters_are_exact_when_two_follow_each_other_at_once(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    users = [await make_user() for _ in range(4)]
    pairs = [(one, other) for one in users for other in users if one is not other]

    for _ in range(3):
        answers = await asyncio.gather(
            *(one.client.post(f"/api/users/{other.id}/follow") for one, other in pairs),
            *(one.client.delete(f"/api/users/{other.id}/follow") for one, other in pairs),
            *(one.client.post(f"/api/users/{other.id}/follow") for one, other in pairs),
        )
        assert {answer.status_code for answer in answers} <= {200, 201}

    wrong = await database.fetch(
        """SELECT id FROM users u WHERE id = ANY($1)
           AND (followers_count <> (SELECT count(*) FROM follows WHERE followee_id = u.id)
                OR following_count <> (SELECT count(*) FROM follows WHERE follower_id = u.id))""",
        [user.id for user in users],
    )
    assert wrong == []


async def test_lists_of_follows_page_by_cursor_without_loss(make_user: MakeUser) -> None:
    star = await make_user("star")
    fans = [await make_user("fan") for _ in range(5)]
    for fan in fans:
        await fan.client.post(f"/api/users/{star.id}/follow")

    seen, cursor, pages = [], "", 0
    while True:
        answer = await star.client.get(f"/api/users/{star.id}/followers?limit=2{cursor}")
        seen += [user["id"] for user in answer.json()["users"]]
        pages += 1
        if answer.json()["next_cursor"] is None:
            assert "link" not in answer.headers
            break
        cursor = f"&before={answer.json()['next_cursor']}"
        assert (
            answer.headers["link"]
            == f'</api/users/{star.id}/followers?limit=2&before={answer.json()["next_cursor"]}>; rel="next"'
        )

    assert seen == [str(fan.id) for fan in reversed(fans)]
    assert pages == 3
