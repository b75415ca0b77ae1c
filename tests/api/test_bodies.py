"""JSON as it is meant: a mark before it, the order of its keys and the form of its numbers are no matter; a key that stands twice is."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import MakeUser
from tests.flows.test_calls import call
from tests.live import live
from tests.server import Server
from x18.app import MAX_BODY_BYTES
from x18.core.bodies import meaning_of

BOM = b"\xef\xbb\xbf"


async def test_a_mark_before_the_text_is_read_over(make_user: MakeUser) -> None:
    user = await make_user()
    body = BOM + '{"content": "с меткой"}'.encode()

    answers = [await user.client.post("/api/posts", content=body, headers={"Idempotency-Key": "bom"})]
    answers.append(await user.client.post("/api/posts", content=body[3:], headers={"Idempotency-Key": "bom"}))
    login = {"username": user.username, "password": user.password}
    logged_in = await user.client.post("/api/auth/login", content=BOM + json.dumps(login).encode())

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert logged_in.status_code == 200
    for bad in (BOM, BOM + BOM + b"{}", BOM[:2] + b"{}", '{"content": "x"}'.encode("utf-16")):
        assert (await user.client.post("/api/posts", content=bad)).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "key"),
    [
        ("POST", "/api/posts", '{"content": "a", "content": "b"}', "content"),
        ("POST", "/api/posts", '{"content": "a", "visibility": "private", "visibility": "public"}', "visibility"),
        ("POST", "/api/posts", r'{"content": "a", "visibility": "private", "\u0076isibility": "public"}', "visibility"),
        ("POST", "/api/posts", '{"content": "a", "metadata": {"a": {"b": 1, "b": 1}}}', "b"),
        ("POST", "/api/posts", '{"content": "a", "metadata": {"a": [{"": 1, "": 2}]}}', ""),
        ("POST", "/api/posts", r'{"content": "a", "\ud800": 1, "\ud800": 2}', r"\ud800"),
        ("POST", "/api/auth/login", '{"username": "a", "password": "x", "password": "y"}', "password"),
        ("POST", "/api/auth/logout", '{"all": false, "all": true}', "all"),
        ("PATCH", "/api/users/me", '{"bio": "a", "bio": "a"}', "bio"),
        ("PATCH", "/api/users/me", f'{{"{"k" * 9_000}": 1, "{"k" * 9_000}": 1}}', "k" * 64),
    ],
)
async def test_a_key_that_stands_twice_is_refused(
    make_user: MakeUser, method: str, path: str, body: str, key: str
) -> None:
    user = await make_user()
    answer = await user.client.request(method, path, content=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")
    assert answer.json()["detail"] == f'body: has the key "{key}" twice in one object'
    assert (await user.client.get("/api/users/me")).status_code == 200, "nothing was done"


@pytest.mark.parametrize(
    "body", ["[" * 60_000, '{"a":' * 20_000, "NaN", '{"content": NaN}', "1" * 5_000, '{"content": -}', "{} {}"]
)
async def test_what_python_reads_otherwise_is_a_400(make_user: MakeUser, body: str) -> None:
    assert (await (await make_user()).client.post("/api/posts", content=body)).status_code == 400


SAME = [
    b'{"content":"caf\xc3\xa9","metadata":{"a":1,"b":[1.50,100]}}',
    b' {"metadata" : {"b": [1.5, 1e2], "a": 1.0}, "content": "caf\\u00e9"}\r\n',
    BOM + b'{"c\\u006fntent":"caf\xc3\xa9","metadata":{"b":[15E-1,100.00],"a":10e-1}}',
]
OTHER = [
    b'{"content":"caf\xc3\xa9","metadata":{"a":1,"b":[100,1.5]}}',
    b'{"content":"caf\xc3\xa9","metadata":{"a":"1","b":[1.5,100]}}',
    b'{"content":"caf\xc3\xa9","metadata":{"a":true,"b":[1.5,100]}}',
    b'{"content":"caf\xc3\xa9","metadata":{"a":1,"b":[1.5,100]},"visibility":"private"}',
    b'{"content":"caf\xc3\xa9 ","metadata":{"a":1,"b":[1.5,100]}}',
    b'{"content":"caf\xc3\xa9","metadata":{"a":1.0000000000000000001,"b":[1.5,100]}}',
]


async def test_a_key_stands_for_what_was_asked_and_not_for_how_it_was_written(make_user: MakeUser) -> None:
    user = await make_user()
    answers = [await post(user.client, body) for body in (*SAME, SAME[0])]
    refused = [await post(user.client, body) for body in OTHER]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert {answer.json()["code"] for answer in refused} == {"idempotency_key_reused"}
    assert len((await user.client.get(f"/api/users/{user.id}/posts")).json()["posts"]) == 1


async def post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/api/posts", content=body, headers={"Idempotency-Key": "once"})


@pytest.mark.parametrize("size", [1, 3_000])
async def test_meaning_is_of_values_of_any_size(size: int) -> None:
    filler = ",".join(f'"k{number}": [{number}, {number}.0, "{number}"]' for number in range(size))
    backwards = ",".join(f'"k{number}":[{number}.0,{number},"{number}"]' for number in reversed(range(size)))

    assert await meaning_of(f"{{{filler}}}".encode()) == await meaning_of(f"{{{backwards}}}".encode())
    for one, two in (
        ("0", "-0.0"),
        ("1e5", "100000"),
        ("1e-400", "10e-401"),
        ("9" * 4_000, "9" * 4_000 + ".0"),
        ("[]", " [ ] "),
    ):
        assert await meaning_of(one.encode()) == await meaning_of(two.encode())
    for one, two in (
        ("1", "-1"),
        ("0.1", "0.10000000000000000001"),
        ('"1"', "1"),
        ("null", "0"),
        ("[]", "{}"),
        ("1e5", "1e6"),
    ):
        assert await meaning_of(one.encode()) != await meaning_of(two.encode())


async def test_a_call_is_read_as_a_request(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    async with live(server, user.access_token) as client:
        result = await call(client, "POST", "/api/posts", body={"content": "x", "accessLevel": "pay-per-post"})

    assert (result["status"], result["body"]["code"]) == (400, "paywall_unavailable")


@pytest.mark.parametrize("is_told", [True, False], ids=["of a told length", "in chunks"])
async def test_a_body_has_128_kib_and_no_byte_more(make_user: MakeUser, is_told: bool) -> None:
    user = await make_user()
    begin, end = b'{"content": "x", "unknown": "', b'"}'

    async def send(size: int) -> httpx.Response:
        body = begin + b"x" * (size - len(begin) - len(end)) + end

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 16_384):
                yield body[start : start + 16_384]

        return await user.client.post("/api/posts", content=body if is_told else chunks())

    assert (await send(MAX_BODY_BYTES)).status_code == 201
    for size in (MAX_BODY_BYTES + 1, 4 * MAX_BODY_BYTES):
        answer = await send(size)
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert (await user.client.get("/api/users/me")).json()["posts_count"] == 1
