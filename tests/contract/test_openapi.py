"""``/openapi.json``: every operation described, with examples that fit. That the server agrees: ``tests/api/test_schema.py``."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

import x18
from tests.server import TLS, Server, make_server, running
from x18.runtime.documents.bodies import BODIES
from x18.runtime.documents.facts import FACTS

ELSEWHERE = {"ticket_used"}
"""Codes of the live channel."""

Document = dict[str, Any]
Operation = dict[str, Any]


@pytest.fixture(scope="module")
async def proxied(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A client that the server takes for a proxy."""
    folder = tmp_path_factory.mktemp("proxied")
    other = make_server(server.database_url, server.redis_url, folder, TRUSTED_PROXIES="127.0.0.1")
    async with running(other), httpx.AsyncClient(base_url=other.url, timeout=20, verify=TLS) as client:
        yield client


@pytest.fixture(scope="module")
async def document(api: httpx.AsyncClient) -> Document:
    answer = await api.get("/openapi.json")
    assert answer.status_code == 200
    found: Document = answer.json()
    return found


def operations(document: Document) -> Iterator[Operation]:
    for path in document["paths"].values():
        yield from path.values()


def contents(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each body and answer that has content, with a name for messages."""
    for operation in operations(document):
        bodies = {"body": operation["requestBody"]} if "requestBody" in operation else {}
        for name, part in {**bodies, **operation["responses"]}.items():
            if "$ref" in part:
                part = document["components"]["responses"][part["$ref"].rpartition("/")[2]]
            for media in part.get("content", {}).values():
                yield f"{operation['operationId']} {name}", media


def test_it_is_openapi_3_1(document: Document) -> None:
    assert document["openapi"] == "3.1.0"
    for name, schema in document["components"]["schemas"].items():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})
        assert schema.get("description") or schema["properties"], name


def test_numbers_have_bounds(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field, property_ in schema["properties"].items():
            kinds = property_.get("anyOf", [property_])
            if any(kind.get("type") == "integer" for kind in kinds):
                assert any(kind.keys() & {"minimum", "exclusiveMinimum"} for kind in [property_, *kinds]), (
                    f"{name}.{field}"
                )


def test_every_body_and_every_answer_has_an_example_that_fits(document: Document) -> None:
    checked = 0
    for name, media in contents(document):
        schema = {**media["schema"], "components": document["components"]}
        for error in jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(media["example"]):
            pytest.fail(f"{name}: {error.message} at {error.instance_path}")
        checked += 1
    assert checked > 200


def test_every_operation_is_named_tagged_and_described(document: Document) -> None:
    names = [operation["operationId"] for operation in operations(document)]
    tags = {tag["name"] for tag in document["tags"]}

    assert len(names) == len(set(names))
    assert names == [name for name in names if name.isascii() and name.replace("_", "").isalpha()]
    for operation in operations(document):
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= tags
    assert tags == {tag for operation in operations(document) for tag in operation["tags"]}


def test_every_parameter_is_described_and_none_is_nullable(document: Document) -> None:
    seen = set()
    for operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (operation["operationId"], parameter["name"])
            assert "type" in parameter["schema"], (operation["operationId"], parameter["name"])
            assert parameter["schema"]["type"] != "null"
            seen.add(parameter["name"])
    assert {"limit", "before", "after", "count", "category", "symbol", "If-None-Match", "Idempotency-Key"} <= seen


def test_every_error_is_a_problem_with_its_codes(document: Document) -> None:
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) < 400 or operation["operationId"] == "system_health":
                continue
            if "$ref" in answer:
                answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            example = answer["content"]["application/problem+json"]["example"]
            assert example["status"] == int(status)
            assert f"`{example['code']}`" in answer["description"]
        wants_account = "security" in operation
        assert ("401" in operation["responses"]) >= wants_account
        assert ("413" in operation["responses"]) == ("requestBody" in operation)


def test_every_code_that_a_feature_raises_is_told_of(document: Document) -> None:
    source = Path(x18.__file__).parent
    raised = set()
    for folder in ("auth", "users", "posts", "timeline", "media", "notifications", "search", "market", "core"):
        for file in (source / folder).glob("*.py"):
            raised |= set(re.findall(r'\bcode="([a-z_]+)"', file.read_text()))
    answers = [answer for operation in operations(document) for answer in operation["responses"].values()]
    shared = document["components"]["responses"].values()
    told = {code for answer in [*answers, *shared] for code in re.findall(r"`(\w+)`", answer.get("description", ""))}

    assert raised - ELSEWHERE <= told


def test_headers_are_told_where_they_are_sent(document: Document) -> None:
    by_name = {operation["operationId"]: operation["responses"] for operation in operations(document)}

    assert "ETag" in by_name["posts_show"]["200"]["headers"]
    assert "ETag" in by_name["posts_show"]["304"]["headers"]
    assert "Link" in by_name["timeline_home"]["200"]["headers"]
    assert "Link" not in by_name["posts_show"]["200"]["headers"]
    assert "RateLimit-Remaining" in by_name["posts_create"]["201"]["headers"]
    assert "RateLimit-Remaining" not in by_name["system_health"]["200"]["headers"]
    assert "Retry-After" in document["components"]["responses"]["RateLimited"]["headers"]


async def test_the_headers_that_it_tells_of_are_sent(api: httpx.AsyncClient, document: Document) -> None:
    for path in ("/api/timeline/explore", "/api/search/trending-hashtags", "/health"):
        told = document["paths"][path]["get"]["responses"]["200"]["headers"].keys() - {"Link"}
        sent = (await api.get(path)).headers
        limits = {
            name for name in told if name.startswith("RateLimit")
        }  # off in tests; test_conventions.py has them on
        assert {name.lower() for name in told - limits} <= sent.keys()


def test_what_is_known_of_operations_is_used(document: Document) -> None:
    names = {operation["operationId"] for operation in operations(document)}
    bodies = [media["schema"].get("items", media["schema"]) for _, media in contents(document)]
    schemas = {body.get("$ref", "").rpartition("/")[2] for body in bodies} - {""}

    assert FACTS.keys() <= names
    assert BODIES.keys() == schemas - {"ProblemBody"}


def schemas_in(node: Any) -> Iterator[dict[str, Any]]:
    """All objects of a document, at any depth, without its examples."""
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in ("example", "examples"):
                yield from schemas_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas_in(value)


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json"])
async def test_programs_that_make_clients_read_what_is_meant(api: httpx.AsyncClient, path: str) -> None:
    """Go's make `interface{}` of an enum without a type, TypeScript's an empty object of one that may hold anything."""
    found = list(schemas_in((await api.get(path)).json()["components"]["schemas"]))

    enums = [schema for schema in found if isinstance(schema.get("enum"), list)]
    assert len(enums) > 5
    assert {schema["type"] for schema in enums} == {"string"}
    objects = [schema for schema in found if schema.get("type") == "object"]
    assert [schema for schema in objects if not schema.keys() & {"properties", "additionalProperties"}] == []
    assert [schema for schema in found if schema.get("default", ...) is None] == []


def test_what_may_be_left_out_is_optional_and_what_always_comes_is_not(document: Document) -> None:
    schemas = document["components"]["schemas"]

    assert schemas["PostDraft"].get("required", []) == []
    assert schemas["Credentials"]["required"] == ["password"]
    assert [
        name for name, schema in schemas.items() if any("default" in field for field in schema["properties"].values())
    ] == []
    assert "`public`" in schemas["PostDraft"]["properties"]["visibility"]["description"]
    assert schemas["PostDraft"]["properties"]["metadata"]["anyOf"][0]["additionalProperties"] is True
    assert {"limit", "offset", "next_cursor", "posts"} <= set(schemas["PostList"]["required"])
    assert not {"total", "is_liked", "retweeted_by"} & set(
        schemas["PostList"]["required"] + schemas["PostView"]["required"]
    )
    assert {"type", "errors"} <= set(schemas["ProblemBody"]["required"])


async def test_lists_by_offset_offer_no_cursor(api: httpx.AsyncClient, document: Document) -> None:
    for path in ("/api/search/users", "/api/search/trending-hashtags"):
        names = {parameter["name"] for parameter in document["paths"][path]["get"]["parameters"]}
        assert "offset" in names
        assert not names & {"before", "after"}
        for cursor in ("before", "after"):
            refused = await api.get(f"{path}?q=a&{cursor}=01990c1e-6a55-7c1f-9d3b-2f6f3f1f8a10")
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, cursor)


def test_the_event_stream_and_the_metrics_are_told_of(document: Document) -> None:
    stream, metrics = [document["paths"][path]["get"] for path in ("/api/stream", "/metrics")]

    assert stream["responses"]["200"]["content"].keys() == {"text/event-stream"}
    assert {"topics", "since", "ticket", "Last-Event-ID"} == {parameter["name"] for parameter in stream["parameters"]}
    assert metrics["responses"]["200"]["content"].keys() == {"text/plain"}


@pytest.mark.parametrize(
    ("host", "scheme", "expected"),
    [
        ("x18.example", "https", ("x18.example", "wss", "https")),
        ("127.0.0.1:18100", "http", ("127.0.0.1:18100", "ws", "http")),
    ],
)
async def test_the_live_document_names_the_server_that_it_is_read_from(
    proxied: httpx.AsyncClient, host: str, scheme: str, expected: tuple[str, str, str]
) -> None:
    headers = {"Host": host, "X-Forwarded-Proto": scheme, "X-Forwarded-For": "192.0.2.1"}
    servers = (await proxied.get("/asyncapi.json", headers=headers)).json()["servers"]

    assert (servers["here"]["host"], servers["here"]["protocol"], servers["http"]["protocol"]) == expected
    assert servers["http"]["host"] == host
