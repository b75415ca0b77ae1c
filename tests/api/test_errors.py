"""What is wrong is named."""

from typing import Any

import httpx
import pytest

from tests.conftest import MakeUser


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "/api/search", None, "q"),
        ("POST", "/api/posts", None, "body"),
        ("PATCH", "/api/users/me", None, "body"),
        ("POST", "/api/auth/login", None, "body"),
        ("POST", "/api/auth/login", {"username": "somebody"}, "password"),
        ("POST", "/api/auth/register", {"username": "somebody", "password": "long enough"}, "email"),
    ],
)
async def test_what_is_missing_is_named(
    make_user: MakeUser, method: str, path: str, body: dict[str, str] | None, field: str
) -> None:
    user = await make_user()
    answer: httpx.Response = await user.client.request(method, path, json=body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer.json()["detail"].startswith(f"{field}: ")


@pytest.mark.parametrize("parts", [{"file": (None, "text")}, [("file", b"one"), ("file", b"two")]])
async def test_a_form_without_one_file_is_told_so_in_words_of_the_contract(make_user: MakeUser, parts: Any) -> None:
    user = await make_user()

    answer = await user.client.post("/api/media/upload", files=parts)

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "file", "message": "must be one file"}]


async def test_a_value_that_looks_like_our_own_words_confuses_nobody(make_user: MakeUser) -> None:
    user = await make_user()
    answer = await user.client.post("/api/posts", json={"content": "x", "visibility": " - at `$.content`" * 5_000})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["visibility"]
    assert len(answer.text) < 2_000
