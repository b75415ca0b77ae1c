"""The parser of the AsyncAPI initiative reads the document."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from x18.runtime.documents.asyncapi import describe

PARSER = "@asyncapi/parser@3.6.6"
SCRIPT = """
const { Parser } = require('@asyncapi/parser');
const text = require('fs').readFileSync(0, 'utf8');
new Parser().parse(text).then(({ document, diagnostics }) => {
  const errors = diagnostics.filter((found) => found.severity === 0).map((found) => `${found.path.join('.')}: ${found.message}`);
  const messages = document ? document.allMessages().all().map((message) => message.name()) : [];
  console.log(JSON.stringify({ errors, messages }));
});
"""


async def run(*command: str, folder: Path, text: bytes = b"") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(text), 180)
    return process.returncode or 0, output.decode()


@pytest.fixture(scope="module")
async def parser(pytestconfig: pytest.Config) -> Path:
    """A folder with the parser in it, kept from run to run outside of git."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("needs node and npm; test_asyncapi.py checks the form of the document without them")
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir("asyncapi-parser")
    if not (folder / "node_modules" / "@asyncapi" / "parser" / "package.json").exists():
        status, output = await run(
            "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--prefix", ".", PARSER,
            folder=folder,
        )  # fmt: skip
        if status and "CI" not in os.environ:
            pytest.skip(f"npm could not install {PARSER}: {output[-300:]}")
        assert status == 0, output
    return folder


async def parse(document: dict[str, Any], parser: Path) -> dict[str, list[str]]:
    status, output = await run("node", "-e", SCRIPT, folder=parser, text=json.dumps(document).encode())
    assert status == 0, output
    found: dict[str, list[str]] = json.loads(output)
    return found


async def test_the_parser_finds_no_errors(parser: Path) -> None:
    found = await parse(describe(), parser)

    assert found["errors"] == []
    assert {"post", "subscribe", "notification.read"} <= set(found["messages"])


async def test_the_parser_finds_what_is_wrong(parser: Path) -> None:
    document = describe()
    document["components"]["schemas"]["HeartbeatPayload"]["properties"]["cursor"]["type"] = "text"
    document["operations"]["live.ping"]["messages"] = [{"$ref": "#/channels/live/messages/Nothing"}]
    errors = " ".join((await parse(document, parser))["errors"])

    assert "HeartbeatPayload.properties.cursor.type" in errors
    assert "Nothing" in errors
