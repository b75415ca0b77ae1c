"""Names, texts that show nothing, and passwords, over REST."""

import secrets
import unicodedata

import asyncpg
import bcrypt
import httpx
import pytest

from tests.conftest import PASSWORD, MakeUser


def fresh(**fields: object) -> dict[str, object]:
    name = "n" + secrets.token_hex(6)
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD, **fields}


async def test_what_shows_nothing_is_a_400_everywhere(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user = await make_user()
    for text in ("\u200b", "\u3164 \u2800"):
        for field in ("display_name", "bio", "location"):
            answer = await user.client.patch("/api/users/me", json={field: text})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
        assert (await user.client.post("/api/posts", json={"content": text})).status_code == 400
        assert (await api.post("/api/auth/register", json=fresh(display_name=text))).status_code == 400
        assert (await api.get("/api/search/posts", params={"q": text})).status_code == 400


async def test_names_are_one_line_and_a_bio_may_have_several(api: httpx.AsyncClient, make_user: MakeUser) -> None:
    user = await make_user()
    for field in ("display_name", "location"):
        for text in ("a\nb", "a\u202eb", "a\x1bb", "a\ufdd0b", "\U0001fffea"):
            assert (await user.client.patch("/api/users/me", json={field: text})).status_code == 400
    assert (await api.post("/api/auth/register", json=fresh(display_name="a\u2066b"))).status_code == 400

    kept = await user.client.patch("/api/users/me", json={"bio": "one\ntwo \u202eowt", "display_name": "علی‌رضا 👩🏽‍💻"})

    assert kept.json()["bio"] == "one\ntwo \u202eowt\u202c"
    assert kept.json()["display_name"] == "علی‌رضا 👩🏽‍💻"


@pytest.mark.parametrize("name", ["admin", "ROOT", "_Support_", "x18", "modera_tor", "everyone", "here_", "Security"])
async def test_names_that_speak_for_the_service_are_never_given(
    api: httpx.AsyncClient, make_user: MakeUser, name: str
) -> None:
    registered = await api.post("/api/auth/register", json=fresh(username=name))
    renamed = await (await make_user()).client.patch("/api/users/me", json={"username": name})

    assert (registered.status_code, registered.json()["code"]) == (409, "username_taken")
    assert (renamed.status_code, renamed.json()["code"]) == (409, "username_taken")
    assert (await api.get(f"/api/users/username/{name}")).status_code == 404


async def test_who_has_such_a_name_keeps_it(make_user: MakeUser, database: asyncpg.Pool) -> None:
    user = await make_user()
    await database.execute("UPDATE users SET username = 'webmaster' WHERE id = $1", user.id)

    kept = await user.client.patch("/api/users/me", json={"username": "WebMaster", "bio": "still here"})
    another = await user.client.patch("/api/users/me", json={"username": "hostmaster"})
    await database.execute("UPDATE users SET username = $2 WHERE id = $1", user.id, user.username)

    assert (kept.status_code, kept.json()["username"]) == (200, "WebMaster")
    assert another.status_code == 409


@pytest.mark.parametrize(
    ("registered", "typed"),
    [
        ("Zoë's pässwort", unicodedata.normalize("NFD", "Zoë's pässwort")),
        (unicodedata.normalize("NFD", "Ångström unit"), "Ångström unit"),
        ("three\u00a0words\u3000long", "three words long"),
        ("비밀번호입니다x", unicodedata.normalize("NFD", "비밀번호입니다x")),
    ],
)
async def test_a_password_is_the_same_from_every_keyboard(api: httpx.AsyncClient, registered: str, typed: str) -> None:
    body = fresh(password=registered)
    assert (await api.post("/api/auth/register", json=body)).status_code == 201

    for password, status in ((typed, 200), (registered, 200), (typed.upper(), 401), (typed + " ", 401)):
        answer = await api.post("/api/auth/login", json={"username": body["username"], "password": password})
        assert answer.status_code == status, ascii(password)


async def test_a_password_from_before_goes_on_working_and_is_normalised(
    api: httpx.AsyncClient, make_user: MakeUser, database: asyncpg.Pool
) -> None:
    user, raw = await make_user(), unicodedata.normalize("NFD", "Zoë's pässwort")
    old = bcrypt.hashpw(raw.encode(), bcrypt.gensalt(4)).decode()
    await database.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user.id, old)

    async def log_in(password: str) -> int:
        body = {"username": user.username, "password": password}
        return (await api.post("/api/auth/login", json=body)).status_code

    assert await log_in(unicodedata.normalize("NFC", raw)) == 401
    assert await log_in(raw) == 200
    assert await log_in(unicodedata.normalize("NFC", raw)) == 200
    assert await log_in(raw) == 200
    stored = await database.fetchval("SELECT password_hash FROM users WHERE id = $1", user.id)
    assert bcrypt.checkpw(unicodedata.normalize("NFC", raw).encode(), stored.encode())


async def test_control_characters_are_refused_in_a_new_password(api: httpx.AsyncClient) -> None:
    for password in ("nul\0inside", "tab\tin password", "escape\x1b[31m"):
        answer = await api.post("/api/auth/register", json=fresh(password=password))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "password")
