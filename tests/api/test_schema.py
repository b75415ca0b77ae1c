"""schemathesis over the OpenAPI document: what it says is what the server does."""

import asyncio
import sys
from pathlib import Path

from tests.conftest import MakeUser
from tests.server import Server

CONFIG = Path(__file__).parent / "schemathesis.toml"
COMMAND = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]


async def test_the_document_and_the_server_agree(server: Server, make_user: MakeUser) -> None:
    user = await make_user()
    process = await asyncio.create_subprocess_exec(
        *COMMAND, f"{server.url}/openapi.json", "--header", f"Authorization: Bearer {user.access_token}",
        "--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--seed", "18",
        "--exclude-path", "/api/auth/logout", "--exclude-path", "/api/stream",
        "--generation-database", "none", "--no-color", "--request-timeout", "20",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[:6000]
