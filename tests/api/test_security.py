"""What an attacker gets from the API: nothing of others, nothing of the inside, and no request sent in his name."""

import ast
import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.conftest import MakeUser

SRC = Path(__file__).parent.parent.parent / "src/x18"

SECRET_FIELDS = {"password", "password_hash", "refresh_token_hash", "token_hash", "ip", "user_agent", "is_admin", "disabled_at"}  # fmt: skip
PRIVATE_FIELDS = {"email": {"MeUser"}, "access_token": {"TokensView"}, "refresh_token": {"TokensView"}}
"""In which answers these may stand."""

FETCHING = {"aiohttp", "http", "httpx", "requests", "urllib3", "urllib"}
HARMLESS = {"urllib.parse", "http.HTTPStatus"}


async def test_what_a_profile_does_not_have_cannot_be_written(make_user: MakeUser, database: asyncpg.Pool) -> None:
    user = await make_user()
    row = "SELECT id, verified, is_admin, disabled_at, password_hash, followers_count FROM users WHERE id = $1"
    before = await database.fetchrow(row, user.id)
    extra = {
        "id": str(UUID(int=1)),
        "verified": True,
        "is_admin": True,
        "disabled_at": "2020-01-01T00:00:00Z",
        "password_hash": "x",
        "followers_count": 1_000_000,
    }

    answer = await user.client.patch("/api/users/me", json={"bio": "changed", **extra})

    assert (answer.status_code, answer.json()["bio"]) == (200, "changed")
    assert await database.fetchrow(row, user.id) == before


async def test_no_answer_has_a_field_for_a_secret(api: httpx.AsyncClient) -> None:
    rest, live = [(await api.get(path)).json()["components"]["schemas"] for path in ("/openapi.json", "/asyncapi.json")]
    inputs = {"Registration", "Credentials", "RefreshRequest"}
    found = {
        (name, field)
        for schemas in (rest, live)
        for name, schema in schemas.items()
        for field in fields_of(schema)
        if name not in inputs and (field in SECRET_FIELDS or name not in PRIVATE_FIELDS.get(field, {name}))
    }

    assert {"MeUser", "TokensView", *inputs} <= rest.keys(), "the names are those of today"
    assert found - {("ProfileChange", "email")} == set()


def fields_of(schema: Any) -> set[str]:
    """The names of all properties in a schema, at any depth."""
    if isinstance(schema, list):
        return {field for part in schema for field in fields_of(part)}
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})) | {field for part in schema.values() for field in fields_of(part)}


def test_the_server_sends_no_request_of_its_own() -> None:
    """So no address that a user sends can be asked for: the only modules with an HTTP client are programs for people."""
    found = {
        path.relative_to(SRC).as_posix()
        for path in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in imported(node)
        if name.partition(".")[0] in FETCHING and name not in HARMLESS and not name.startswith("urllib.parse")
    }

    own_port = {"runtime/machine.py", "runtime/ready.py"}  # x18 doctor, and the line that says when a server is ready
    assert {name for name in found if not name.startswith("clients/")} == own_port


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"POST /api/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /api/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", 400),
        (b"POST /api/posts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"TRACE /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
    ],
    ids=["garbage", "two ways of length", "two lengths", "a negative length", "TRACE"],
)  # fmt: skip
async def test_what_is_no_request_is_refused_and_tells_nothing(
    api: httpx.AsyncClient, head: bytes, status: int
) -> None:
    answer = await exchange(api, head)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"server:" not in answer.lower()
    assert b"uvicorn" not in answer.lower()


async def exchange(api: httpx.AsyncClient, data: bytes) -> bytes:
    """Everything that is answered until the server closes."""
    reader, writer = await asyncio.open_connection(api.base_url.host, api.base_url.port)
    writer.write(data)
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    return answer
