"""``/asyncapi.json``: whole, of the right form, and about this server."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import msgspec
import pytest

from tests.contract.asyncapi3 import FORM
from tests.frames import check_received, check_sent
from x18.core.errors import BadInput
from x18.realtime import protocol as p
from x18.realtime.filters import parse_filter
from x18.realtime.topics import MESSAGE_TYPES, PERSONAL, parse_topic
from x18.runtime.documents.asyncapi import CLIENT, CONTROL, describe, servers, type_of
from x18.runtime.documents.events import EVENTS
from x18.runtime.documents.live_examples import EXAMPLES
from x18.runtime.documents.live_reference import TOPICS, PostFilter

DOCUMENT = describe()


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from references(item)


def resolve(reference: str) -> Any:
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


async def test_the_document_is_served(api: httpx.AsyncClient) -> None:
    answer = await api.get("/asyncapi.json")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    address = str(api.base_url).removeprefix("http://")
    assert answer.json() == json.loads(json.dumps({**DOCUMENT, "servers": servers(address, is_secure=False)}))


def test_it_has_the_form_of_asyncapi_3() -> None:
    jsonschema_rs.Draft202012Validator(FORM).validate(DOCUMENT)
    for reference in references(DOCUMENT):
        assert isinstance(resolve(reference), dict), reference
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": "http://json-schema.org/draft-07/schema#"})


def test_the_form_refuses_what_is_none() -> None:
    for broken in (
        {**DOCUMENT, "asyncapi": "2.6.0"},
        {**DOCUMENT, "operations": {"x": {"action": "publish", "channel": {"$ref": "#/channels/live"}}}},
        {**DOCUMENT, "channels": {"live": {"address": 1}}},
        {name: part for name, part in DOCUMENT.items() if name != "info"},
    ):
        assert not jsonschema_rs.Draft202012Validator(FORM).is_valid(broken)


def test_operations_name_messages_of_their_own_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        for part in (operation, operation.get("reply")):
            for message in part["messages"] if part else []:
                assert message["$ref"].startswith(part["channel"]["$ref"] + "/messages/")


def test_every_message_of_the_protocol_is_described() -> None:
    tagged = {
        message
        for message in vars(p).values()
        if isinstance(message, type) and issubclass(message, msgspec.Struct) and message.__struct_config__.tag
    }

    assert set(CLIENT) | set(CONTROL) == tagged
    assert sorted(type_of(event) for event in EVENTS) == sorted(MESSAGE_TYPES.values())


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_message_has_an_example_that_fits_its_schema(kind: str) -> None:
    documented = {message["name"]: message for message in DOCUMENT["components"]["messages"].values()}

    assert documented.keys() == EXAMPLES.keys()
    example = documented[kind]["examples"][0]["payload"]
    assert example["type"] == kind
    check = check_sent if documented[kind]["tags"][0]["name"] == "client" else check_received
    check(example)


def test_connected_is_not_promised_to_whom_is_refused() -> None:
    summary = describe()["components"]["messages"]["Connected"]["summary"]

    assert summary.startswith("The first message, unless the connection is refused")
    assert "Always" not in summary


def test_the_examples_of_a_client_are_messages() -> None:
    for message in CLIENT:
        msgspec.json.decode(json.dumps(EXAMPLES[type_of(message)]), type=p.ClientMessage)


def test_every_close_code_has_a_meaning() -> None:
    told = {entry["code"]: entry for entry in DOCUMENT["x-close-codes"]}

    assert told.keys() == {int(code) for code in p.CloseCode}
    assert {code for code, entry in told.items() if not entry["reconnect"]} == set(p.FINAL_CODES)
    assert all(entry["description"] for entry in told.values())


def test_every_limit_is_told_with_its_value() -> None:
    told = {entry["name"]: entry["value"] for entry in DOCUMENT["x-limits"]}

    assert msgspec.to_builtins(p.Limits()).items() <= told.items()


def test_the_topics_are_those_of_the_server() -> None:
    values = {"<id>": "01990b7a-41c7-7d0e-8f57-6b1f6a3f0c21", "<symbol>": "BTC-USD"}
    values["<id>,<id>,…"] = values["<id>"]
    for kind in TOPICS:
        head, colon, value = kind.name.partition(":")
        topic = parse_topic(head + colon + values.get(value, value and "btc"))
        assert topic.takes_filter is kind.filter
        assert (topic.name in PERSONAL) is (kind.needs == "an account")


def test_the_filter_is_that_of_the_server() -> None:
    schema = {**DOCUMENT["components"]["schemas"]["PostFilter"], "components": DOCUMENT["components"]}
    documented = jsonschema_rs.Draft202012Validator(schema)
    user = "01990b7a-41c7-7d0e-8f57-6b1f6a3f0c21"

    for name in PostFilter.__struct_fields__:
        value: Any = True if name == "has_media" else [user]
        assert documented.is_valid({name: value})
        assert parse_filter({name: value}) is not None
    for bad in ({"colour": ["red"]}, {"symbol": [""]}, {"tag": ["x"] * 21}, {"market": ["x" * 65]}, {"has_media": 1}):
        assert not documented.is_valid(bad), bad
        with pytest.raises(BadInput):
            parse_filter(bad)
