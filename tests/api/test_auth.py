"""Registration, log-in, log-out."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import jwt
import pytest

from tests.conftest import PASSWORD, MakeUser
from tests.databases import until_blocked


def fresh(**fields: Any) -> dict[str, Any]:
    """The body of a registration that nobody made before."""
    name = f"reg_{secrets.token_hex(6)}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD, **fields}


async def test_registration_gives_the_user_and_both_tokens(api: httpx.AsyncClient) -> None:
    body = fresh()

    answer = await api.post("/api/auth/register", json=body)

    assert answer.status_code == 201
    tokens = answer.json()
    assert tokens["user"]["username"] == body["username"]
    assert tokens["user"]["email"] == body["email"]
    assert tokens["user"]["display_name"] == body["username"]
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 900
    assert "password" not in answer.text.replace(body["password"], "password-leaked")
    me = await api.get("/api/users/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.json() == tokens["user"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
async def test_a_body_is_json_whatever_its_content_type_says(api: httpx.AsyncClient, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    request = api.build_request("POST", "/api/auth/register/", json=fresh(), headers=headers)
    if content_type is None:
        del request.headers["content-type"]

    assert (await api.send(request)).status_code == 201


async def test_names_are_unique_without_regard_to_case(api: httpx.AsyncClient) -> None:
    first = fresh()
    await api.post("/api/auth/register", json=first)

    same_name = await api.post("/api/auth/register", json=fresh(username=first["username"].upper()))
    same_email = await api.post("/api/auth/register", json=fresh(email=first["email"].upper()))

    assert (same_name.status_code, same_name.json()["code"]) == (409, "username_taken")
    assert (same_email.status_code, same_email.json()["code"]) == (409, "email_taken")


async def test_of_parallel_registrations_of_one_name_one_wins(api: httpx.AsyncClient) -> None:
    name = fresh()["username"]

    answers = await asyncio.gather(*(api.post("/api/auth/register", json=fresh(username=name)) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ab"),
        ("username", "x" * 51),
        ("username", "no spaces"),
        ("username", "naïve"),
        ("username", 7),
        ("email", "nobody"),
        ("email", "a\u0000@example.com"),
        ("password", "short"),
        ("password", "x" * 73),
        ("password", "ж" * 37),
        ("password", "Password123"),
        ("display_name", "x" * 101),
        ("display_name", "a\u0000b"),
    ],
)
async def test_a_bad_field_is_named(api: httpx.AsyncClient, field: str, value: object) -> None:
    answer = await api.post("/api/auth/register", json=fresh(**{field: value}))

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert field in [error["field"] for error in problem["errors"]]
    assert problem["error"] == problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"\xff\xfe{}", b"[" * 100_000, b'{"username": 1e400}', b'{"a":"\\ud800"}']
)
async def test_what_is_not_the_json_expected_is_a_bad_request(api: httpx.AsyncClient, body: bytes) -> None:
    answer = await api.post("/api/auth/register", content=body)

    assert answer.status_code == 400, answer.text


async def test_one_logs_in_by_either_name(api: httpx.AsyncClient) -> None:
    body = fresh()
    await api.post("/api/auth/register", json=body)

    by_email = await api.post("/api/auth/login", json={"email": body["email"].upper(), "password": PASSWORD})
    by_name = await api.post("/api/auth/login", json={"username": body["username"].upper(), "password": PASSWORD})

    assert by_email.status_code == by_name.status_code == 200
    assert by_email.json()["user"]["username"] == body["username"]


async def test_an_address_is_the_same_however_its_domain_is_spelled(api: httpx.AsyncClient) -> None:
    name = fresh()["username"]
    as_registered, as_shown = f"{name}@xn--mnchen-3ya.de", f"{name}@münchen.de"
    assert (await api.post("/api/auth/register", json=fresh(email=as_registered))).status_code == 201

    for email in (as_registered, as_shown, as_shown.upper()):
        assert (await api.post("/api/auth/login", json={"email": email, "password": PASSWORD})).status_code == 200


async def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(api: httpx.AsyncClient) -> None:
    body = fresh()
    await api.post("/api/auth/register", json=body)

    wrong = await api.post("/api/auth/login", json={"email": body["email"], "password": "not the password"})
    unknown = await api.post("/api/auth/login", json={"email": fresh()["email"], "password": PASSWORD})
    too_long = await api.post("/api/auth/login", json={"email": body["email"], "password": "x" * 100})

    assert {answer.status_code for answer in (wrong, unknown, too_long)} == {401}
    told = [{k: v for k, v in a.json().items() if k != "request_id"} for a in (wrong, unknown, too_long)]
    assert told[0] == told[1] == told[2]
    assert told[0]["code"] == "invalid_credentials"


async def test_a_log_in_whose_password_is_changed_while_it_is_checked_opens_no_session(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user = await make_user()
    async with database.acquire() as changing, changing.transaction():
        await changing.execute("UPDATE users SET password_hash = 'another' WHERE id = $1", user.id)
        body = {"email": user.email, "password": PASSWORD}
        logging_in = asyncio.create_task(api.post("/api/auth/login", json=body))
        await until_blocked(database, by=changing)

    answer = await logging_in

    assert (answer.status_code, answer.json().get("code")) == (401, "invalid_credentials")
    assert await database.fetchval("SELECT count(*) FROM auth_sessions WHERE user_id = $1", user.id) == 1


async def test_log_out_ends_both_tokens_at_once_and_only_this_session(api: httpx.AsyncClient) -> None:
    body = fresh()
    first = (await api.post("/api/auth/register", json=body)).json()
    second = (await api.post("/api/auth/login", json=body)).json()

    answer = await api.post("/api/auth/logout", headers={"Authorization": f"Bearer {first['access_token']}"})

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    ended = await api.get("/api/users/me", headers={"Authorization": f"Bearer {first['access_token']}"})
    assert (ended.status_code, ended.json()["code"]) == (401, "session_revoked")
    assert ended.headers["www-authenticate"] == "Bearer"
    refreshed = await api.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (refreshed.status_code, refreshed.json()["code"]) == (401, "session_revoked")
    other = await api.get("/api/users/me", headers={"Authorization": f"Bearer {second['access_token']}"})
    assert other.status_code == 200


async def test_log_out_of_all_ends_every_session(api: httpx.AsyncClient) -> None:
    body = fresh()
    first = (await api.post("/api/auth/register", json=body)).json()
    second = (await api.post("/api/auth/login", json=body)).json()

    await api.post("/api/auth/logout", json={"all": True}, headers={"Authorization": f"Bearer {first['access_token']}"})

    for tokens in (first, second):
        answer = await api.get("/api/users/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        assert answer.status_code == 401


async def test_the_two_kinds_of_token_do_not_stand_for_each_other(api: httpx.AsyncClient) -> None:
    tokens = (await api.post("/api/auth/register", json=fresh())).json()

    as_access = await api.get("/api/users/me", headers={"Authorization": f"Bearer {tokens['refresh_token']}"})
    as_refresh = await api.post("/api/auth/refresh", json={"refresh_token": tokens["access_token"]})

    assert as_access.status_code == as_refresh.status_code == 401


SECRET = "your-super-secret-key-change-in-production"


def forge(
    token: str,
    *,
    drop: str = "",
    secret: str = SECRET,
    algorithm: str = "HS256",
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """A token like a real one, with something wrong."""
    headers = {**jwt.get_unverified_header(token), **(header or {})}
    payload = {**jwt.decode(token, options={"verify_signature": False}), **claims}
    payload.pop(drop, None)
    extra = {key: value for key, value in headers.items() if key != "alg"}
    return jwt.encode(payload, "" if algorithm == "none" else secret, algorithm, headers=extra)


@pytest.mark.parametrize(("ahead_s", "status"), [(0.5, 200), (25, 200), (40, 401)])
async def test_the_clock_of_another_node_may_be_ahead_by_half_a_minute(
    api: httpx.AsyncClient, ahead_s: float, status: int
) -> None:
    token = (await api.post("/api/auth/register", json=fresh())).json()["access_token"]
    made = (datetime.now(UTC) + timedelta(seconds=ahead_s)).timestamp()

    answer = await api.get("/api/users/me", headers={"Authorization": f"Bearer {forge(token, iat=made)}"})

    assert answer.status_code == status


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # HS512 with a key made for HS256
async def test_a_forged_token_is_refused(api: httpx.AsyncClient) -> None:
    token = (await api.post("/api/auth/register", json=fresh())).json()["access_token"]
    past = datetime.now(UTC) - timedelta(seconds=1)
    forged = {
        "unsigned": forge(token, algorithm="none"),
        "another algorithm": forge(token, algorithm="HS512"),
        "another secret": forge(token, secret="x" * 40),
        "expired": forge(token, exp=past),
        "another audience": forge(token, aud="x18:refresh"),
        "another issuer": forge(token, iss="y19"),
        **{f"without {claim}": forge(token, drop=claim) for claim in ("exp", "iat", "sub", "jti", "sid", "iss", "aud")},
        **{f"with {name}": forge(token, header={name: "x"}) for name in ("kid", "jku", "x5u", "x5c")},
        "with jwk": forge(token, header={"jwk": {"kty": "oct", "k": "eHg"}}),
        "another type": forge(token, header={"typ": "JWT"}),
        "not a token": "abc",
        "not an id": forge(token, sub="me"),
    }

    control = await api.get("/api/users/me", headers={"Authorization": f"Bearer {forge(token)}"})

    assert control.status_code == 200, "the forging itself must not be what is refused"
    for what, bad in forged.items():
        answer = await api.get("/api/users/me", headers={"Authorization": f"Bearer {bad}"})
        assert answer.status_code == 401, what


async def test_a_bad_token_is_refused_where_none_is_needed(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user = await make_user()

    answer = await api.get(f"/api/users/{user.id}", headers={"Authorization": "Bearer abc"})

    assert answer.status_code == 401


async def test_a_disabled_account_is_out_at_once(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user = await make_user()

    await database.execute("UPDATE users SET disabled_at = now() WHERE id = $1", user.id)

    assert (await user.client.get("/api/users/me")).status_code == 401
    login = await api.post("/api/auth/login", json={"email": user.email, "password": user.password})
    assert login.status_code == 401
    assert (await api.post("/api/auth/refresh", json={"refresh_token": user.refresh_token})).status_code == 401


async def test_a_session_that_has_run_out_is_over_whatever_its_tokens_say(
    make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user = await make_user()
    assert (await user.client.get("/api/users/me")).status_code == 200

    await database.execute("UPDATE auth_sessions SET expires_at = now() WHERE user_id = $1", user.id)

    answer = await user.client.get("/api/users/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")


async def test_a_username_in_the_field_email_logs_in_too(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    """As the log-in form of the original system sends it."""
    user = await make_user("Formed")
    for name in (user.username, user.username.upper(), f" {user.username} ", user.email, user.email.upper()):
        answer = await api.post("/api/auth/login", json={"email": name, "password": user.password})
        assert answer.status_code == 200, name

    for wrong in ({"username": user.email}, {"email": user.username + "x"}, {"email": "@" + user.username}):
        answer = await api.post("/api/auth/login", json={**wrong, "password": user.password})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
