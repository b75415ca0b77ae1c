"""Posts of clients that speak otherwise: taken as they were meant, and never shown to more than that."""

from typing import Any

import httpx
import pytest

from tests.conftest import MakeUser
from tests.files import picture, save


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[(name, value) for name in ("accessLevel", "access_level", "ACCESS_LEVEL", "access-level", "AccessLevel")
          for value in ("pay-per-post", "subscribers-only", "premium", "paid", "Nonsense")],
        *[(name, value) for name in ("priceCents", "price_cents") for value in (900, 0.5, -1, 1e-9, "900", True, [0])],
        *[(name, value) for name in ("isPremium", "is_premium") for value in (True, 1, "true", {})],
    ],
)  # fmt: skip
async def test_what_is_to_be_sold_is_not_given_away(make_user: MakeUser, field: str, value: Any) -> None:
    user = await make_user()
    answer = await user.client.post("/api/posts", json={"content": "worth nine dollars", field: value})

    assert (answer.status_code, answer.json()["code"]) == (400, "paywall_unavailable")
    assert answer.json()["errors"][0]["field"] in ("access_level", "price_cents", "is_premium")
    assert (await user.client.get(f"/api/users/{user.id}/posts")).json()["posts"] == []


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"replyPolicy": "following"}, "reply_policy_unavailable"),
        ({"reply_policy": "mentioned"}, "reply_policy_unavailable"),
        ({"replyPolicy": "verified"}, "reply_policy_unavailable"),
        ({"whoCanReply": "followers"}, "reply_policy_unavailable"),
        ({"reply_settings": "mentionedUsers"}, "reply_policy_unavailable"),
        ({"disableReplies": True}, "reply_policy_unavailable"),
        ({"subscriberOnly": True}, "visibility_unsupported"),
        ({"is_exclusive": 1}, "visibility_unsupported"),
        ({"minTier": 2}, "visibility_unsupported"),
        ({"recipients": ["bob"]}, "visibility_unsupported"),
        ({"unlisted": "true"}, "visibility_unsupported"),
        ({"isDraft": True}, "visibility_unsupported"),
        ({"scheduledAt": "2030-01-01T00:00:00Z"}, "visibility_unsupported"),
        ({"audience": "subscribers"}, "visibility_unsupported"),
        ({"isPrivate": True}, "visibility_unsupported"),
        ({"subscribersOnly": True}, "visibility_unsupported"),
        ({"price": 9.99}, "visibility_unsupported"),
        ({"tierId": "7"}, "visibility_unsupported"),
        ({"groupId": "friends"}, "visibility_unsupported"),
        ({"mediaIds": ["0" * 8], "media_ids": []}, "bad_input"),
        ({"replyToId": "a", "reply_to_id": "b"}, "bad_input"),
        ({"Visibility": "private", "visibility": "public"}, "bad_input"),
        ({"visibility": "public", "accessLevel": "followers-only"}, "bad_input"),
        ({"access_level": "free", "accessLevel": "pay-per-post"}, "bad_input"),
        ({"mediaIds": "none"}, "bad_input"),
    ],
)
async def test_limits_that_are_not_known_and_contradictions_are_refused(
    make_user: MakeUser, extra: dict[str, Any], code: str
) -> None:
    answer = await (await make_user()).client.post("/api/posts", json={"content": "for some", **extra})

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert len(answer.json()["errors"]) == 1


@pytest.mark.parametrize("name", ["accessLevel", "access_level", "audience"])
async def test_a_post_for_followers_is_for_followers(api: httpx.AsyncClient, make_user: MakeUser, name: str) -> None:
    author, follower, stranger = [await make_user(role) for role in ("author", "follower", "stranger")]
    await follower.client.post(f"/api/users/{author.id}/follow")

    answer = await author.client.post("/api/posts", json={"content": "for followers", name: "followers-only"})

    assert (answer.status_code, answer.json()["visibility"]) == (201, "followers")
    path = f"/api/posts/{answer.json()['id']}"
    assert [(await client.get(path)).status_code for client in (follower.client, stranger.client, api)] == [
        200,
        404,
        404,
    ]


async def test_the_original_page_posts_as_it_does(make_user: MakeUser) -> None:
    user = await make_user()
    media = (await user.client.post("/api/media/upload", files={"file": ("a", save(picture(), "PNG"))})).json()
    first = (await user.client.post("/api/posts", json={"content": "first"})).json()
    sent = {
        "content": "a reply with a picture", "mediaIds": [media["id"]], "replyToId": first["id"], "accessLevel": "free",
        "priceCents": 0, "isPremium": False, "previewText": "", "replyPolicy": "everyone", "contentWarning": None,
        "metadata": {"price": 64000.123456789012, "accessLevel": "pay-per-post", "mediaIds": ["kept as it is"]},
    }  # fmt: skip

    answer = await user.client.post("/api/posts", json=sent)

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert ([one["id"] for one in made["media"]], made["reply_to_id"], made["visibility"]) == (
        [media["id"]],
        first["id"],
        "public",
    )
    assert made["metadata"].keys() == {"price", "accessLevel", "mediaIds"}


@pytest.mark.parametrize(
    "extra",
    [
        {"media_ids": [], "mediaIds": []},
        {"media_ids": None, "mediaIds": []},
        {"priceCents": None, "accessLevel": None, "replyPolicy": None},
        {"price_cents": 0.0, "access_level": "public", "audience": "everyone", "isPrivate": False, "price": 0},
        {"visibility": "followers", "accessLevel": "followers-only"},
        {"x" * 1_000: 1, "unknown": True, "": None, "Likes": 5},
    ],
)
async def test_what_limits_nobody_is_no_matter(make_user: MakeUser, extra: dict[str, Any]) -> None:
    answer = await (await make_user()).client.post("/api/posts", json={"content": "for all", **extra})

    assert answer.status_code == 201, answer.text
    assert answer.json()["visibility"] == extra.get("visibility", "public")
