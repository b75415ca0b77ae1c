"""``docs/protocol.md`` tells of everything that the Structs have, with the same numbers."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from tests.frames import check_received, check_sent, validators
from x18.realtime import protocol as p
from x18.runtime.documents.channels import SOCKETS
from x18.runtime.documents.live_examples import EXAMPLES
from x18.runtime.documents.live_reference import TOPICS, PostFilter, close_codes, error_codes, limits

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


def section(title: str) -> str:
    return PAGE[PAGE.index(f"\n## {title}\n") :].split("\n## ", 2)[1]


def rows(title: str) -> dict[str, list[str]]:
    """The first cell of each row of the tables of a section, and the others."""
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {first.strip("`"): others for first, *others in cells}


def test_every_message_has_a_row() -> None:
    told = {name for first in rows("Messages") for name in re.findall(r"[a-z_.]+", first)}

    assert EXAMPLES.keys() <= told


def test_every_close_code_has_a_row_with_what_to_do() -> None:
    told = rows("Close codes")

    for entry in close_codes():
        assert told[str(entry["code"])] == [entry["description"], "come back" if entry["reconnect"] else "final"]
    assert len(told) == 1 + len(p.CloseCode)


def test_every_code_of_an_error_has_a_row() -> None:
    told = rows("Errors")

    assert told == {"code": [""], **{entry["code"]: [entry["description"]] for entry in error_codes()}}


def test_every_limit_has_a_row_with_its_value() -> None:
    told = rows("Limits")

    for entry in limits():
        assert told[entry["name"]] == [f"{entry['value']:,}", entry["description"]], entry["name"]
    assert len(told) == 1 + len(limits())


@pytest.mark.parametrize("reason", get_args(p.GapReason))
def test_every_reason_of_a_gap_has_a_row(reason: str) -> None:
    assert reason in rows("Resume")


def test_addresses_subprotocols_topics_and_filters_are_named() -> None:
    for address, _ in SOCKETS.values():
        assert f"`{address}`" in section("Addresses")
    for name in ("/api/stream", p.JSON_SUBPROTOCOL, p.MSGPACK_SUBPROTOCOL):
        assert f"`{name}`" in section("Addresses")
    for topic in TOPICS:
        assert f"`{topic.name}`" in section("Topics and filters")
    for key in PostFilter.__struct_fields__:
        assert f'"{key}"' in section("Topics and filters")


def test_its_examples_are_messages() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) + re.findall(r"^data: (.*)$", PAGE, re.MULTILINE)
    for block in blocks:
        message = json.loads(block)
        (check_sent if message["type"] in validators("client") else check_received)(message)
    assert len(blocks) >= 5
