"""What is wrong is named."""

import httpx
import pytest

from tests.conftest import MakeUser


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/api/search", "q"),
        ("POST", "/api/posts", "body"),
        ("PATCH", "/api/users/me", "body"),
        ("POST", "/api/auth/login", "body"),
    ],
)
async def test_what_is_missing_is_named(make_user: MakeUser, method: str, path: str, field: str) -> None:
    user = await make_user()
    answer: httpx.Response = await user.client.request(method, path)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer.json()["detail"].startswith(f"{field}: ")


async def test_a_value_that_looks_like_our_own_words_confuses_nobody(make_user: MakeUser) -> None:
    user = await make_user()
    answer = await user.client.post("/api/posts", json={"content": "x", "visibility": " - at `$.content`" * 5_000})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["visibility"]
    assert len(answer.text) < 2_000
