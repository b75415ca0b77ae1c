"""Every fenced block of the documents is run by a test, or says here why not."""

import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Account, MakeUser
from tests.frames import check_sent
from tests.runtime import test_terminal as terminal
from tests.server import Server

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").rglob("*.md"),
        *(ROOT / "src").rglob("*.md"),
    ]
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEADLINE_S = 60

CLIENTS = "browser/test_clients_page.py"
HERE = "test_snippets.py"
INSTALLS = (
    "takes a registry and a minute: .ci/run installs alike, runtime/test_serve.py starts the server in an empty folder"
)
MACHINE = "needs root, systemd or Docker on a machine of its own; its words are looked at below"
DEMO = f"{HERE} test_the_demo_and_the_feed_of_the_readme"
HELD: dict[tuple[str, str], str] = {
    ("README.md", "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[embedded"): INSTALLS,
    (
        "README.md",
        "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[dev]'",
    ): "what .ci/run runs",
    ("README.md", ".venv/bin/x18 demo"): DEMO,
    ("README.md", ".venv/bin/x18 tail"): DEMO,
    (
        "README.md",
        "deploy/compose-env.sh",
    ): "Docker is not at hand; test_deploy.py runs the script and reads docker-compose.yml",
    ("README.md", "curl -X POST"): f"{HERE} test_curl_of_the_readme",
    ("README.md", '{"type": "auth"'): f"{HERE} test_frames_of_the_readme_are_messages",
    ("README.md", "async for event in Live("): f"{HERE} test_python_of_the_readme",
    ("docs/architecture.md", "flowchart LR"): "a drawing",
    ("docs/clients.md", "NAME=trader_"): f"{CLIENTS} test_curl",
    ("docs/clients.md", 'curl -sN -m 3 "http://localhost:8080/api/stream?topics=explore'): f"{CLIENTS} test_curl",
    ("docs/clients.md", 'curl -sN -m 3 "http://localhost:8080/api/stream?topics=home'): f"{CLIENTS} test_curl",
    ("docs/clients.md", "curl -s http://localhost:8080/console/latest/live.js"): f"{CLIENTS} test_curl",
    ("docs/clients.md", "import asyncio"): f"{CLIENTS} test_python",
    ("docs/clients.md", 'import { Live } from "./live.js";'): f"{CLIENTS} test_javascript",
    ("docs/clients.md", "<!doctype html>"): f"{CLIENTS} test_html",
    ("docs/deployment.md", "deploy/compose-env.sh"): MACHINE,
    ("docs/deployment.md", "cat >> .env <<END"): MACHINE,
    ("docs/deployment.md", "runuser -u postgres -- createuser"): MACHINE,
    (
        "docs/deployment.md",
        "/opt/x18/bin/pip install --require-hashes",
    ): "takes a registry: test_deploy.py holds the hashes",
    ("docs/deployment.md", "web: x18 serve"): "a host reads it; its commands are looked at below",
    ("docs/deployment.md", "-c constraints.txt"): "takes a registry: constraints.txt is what .ci/run installs by",
    ("docs/operations.md", "x18() { docker compose"): MACHINE,
    ("docs/operations.md", "x18() { systemd-run"): MACHINE,
    ("docs/operations.md", "x18 doctor"): f"{HERE} test_the_first_look_of_an_operator",
    ("docs/operations.md", "journalctl -u x18"): MACHINE,
    ("docs/operations.md", "x18 user create"): f"{HERE} test_an_operators_commands_for_users",
    ("docs/operations.md", "systemctl stop x18"): MACHINE,
    ("docs/protocol.md", "sequenceDiagram"): "a drawing",
    ("docs/protocol.md", '{"type": "'): "contract/test_protocol_page.py test_its_examples_are_messages",
    ("docs/protocol.md", "event: post.deleted"): "contract/test_protocol_page.py test_its_examples_are_messages",
    ("docs/protocol.md", "let last = null;"): f"{CLIENTS} test_the_event_source_of_the_protocol",
    ("docs/protocol.md", "import asyncio"): f"{CLIENTS} test_python_of_the_protocol",
    ("docs/quick-start.md", "python3 -m venv .venv"): INSTALLS,
    ("docs/quick-start.md", "X18 is ready: "): "runtime/test_serve.py test_everything_starts_and_nothing_stays",
    ("docs/quick-start.md", ".venv/bin/x18 demo"): DEMO,
    ("docs/quick-start.md", "X18=http://localhost:8080"): f"{HERE} test_from_one_program_to_another",
    ("docs/upstream.md", "import time"): f"{HERE} test_what_reproduces_the_report_for_litestar",
}
"""By page and how it begins: the test (its file below ``tests/`` and its name), or the reason."""


class Block(NamedTuple):
    page: str
    language: str
    text: str

    def is_held_by(self, entry: tuple[str, str]) -> bool:
        return self.page == entry[0] and self.text.startswith(entry[1])


BLOCKS = [
    Block(str(page.relative_to(ROOT)), *found)
    for page in PAGES
    for found in FENCE.findall(page.read_text(encoding="utf-8"))
]
SHELL = [block for block in BLOCKS if block.language == "bash" or block.text.startswith("web: ")]


def block(page: str, beginning: str) -> str:
    (found,) = [one.text for one in BLOCKS if one.page == page and one.text.startswith(beginning)]
    return found


def test_every_block_is_run_by_a_test_or_says_why_not() -> None:
    assert len(BLOCKS) > 30
    untold = [(one.page, one.text) for one in BLOCKS if not any(map(one.is_held_by, HELD))]
    assert untold == [], "run it in a test, or say why not"
    assert [entry for entry in HELD if not any(one.is_held_by(entry) for one in BLOCKS)] == [], "these are gone"


def test_the_tests_that_run_them_exist() -> None:
    named = [line.split() for line in HELD.values() if re.match(r"[\w/]+\.py test_", line)]
    assert len(named) > 15
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(), (file, name)


@pytest.mark.parametrize("one", SHELL, ids=lambda one: f"{one.page}: {one.text[:30]}")
def test_shell_is_shell_and_its_commands_are_x18s(one: Block) -> None:
    """Also where it cannot be run here: each command and option of X18, and each file of the repository, exists."""
    checked = subprocess.run(["bash", "-n"], input=one.text, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    for command in re.findall(r"(?:^|[\s/])x18 (serve|migrate|doctor|user|demo|tail|bench)\b([^#\n|]*)", one.text):
        options = re.findall(r"--[a-z-]+", command[1])
        assert [option for option in options if option not in terminal.run(command[0], "--help").stdout] == []
    for path in re.findall(r"(?<![\w/])(?:deploy|docs)/[\w./-]+", one.text):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("one", [one for one in BLOCKS if one.language == "python"], ids=lambda one: one.page)
def test_python_is_python(one: Block) -> None:
    compile(one.text, one.page, "exec", flags=0x2000)  # PyCF_ALLOW_TOP_LEVEL_AWAIT: a part of a program


def settings_of(server: Server) -> dict[str, str]:
    """The environment of a command beside the server."""
    own = {"X18_URL": server.url, "DATABASE_URL": server.database_url, "REDIS_URL": server.redis_url}
    return {**os.environ, **own, "SERVER_PORT": server.url.rpartition(":")[2], "BCRYPT_COST": "4"}


async def run(script: str, server: Server, folder: Path, until: str = "", **environment: str) -> str:
    """What a script for bash prints, to its end or to ``until``."""
    command = f'x18() {{ {sys.executable} -m x18 "$@"; }}\n' + script.replace(".venv/bin/x18", "x18").replace(
        "http://localhost:8080", server.url
    ).replace("localhost:8080", server.url)
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, cwd=folder, env={**settings_of(server), **environment},
        stdout=-1, stderr=-2, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not until or until not in said:
                line = await process.stdout.readline()
                if not line:
                    break
                said += line.decode()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    assert until in said, said
    return said


async def test_curl_of_the_readme(server: Server, tmp_path: Path) -> None:
    name = f"trader_{secrets.token_hex(5)}"
    script = (
        block("README.md", "curl -X POST").replace("crypto_trader", name).replace("trader@example", f"{name}@example")
    )
    said = await run(script, server, tmp_path)

    assert said.count(f'"username":"{name}"') >= 3  # registered, posted, and read in explore
    assert '"content":"Long $BTC-USD #bitcoin"' in said
    assert '"code"' not in said, "no error"


def test_frames_of_the_readme_are_messages() -> None:
    for line in block("README.md", '{"type": "auth"').splitlines():
        check_sent(json.loads(line))


async def test_python_of_the_readme(server: Server, make_user: MakeUser, tmp_path: Path) -> None:
    loop = "".join(f"    {line}\n" for line in block("README.md", "async for event").splitlines())
    program = f"import asyncio\nfrom x18.clients.live import Live\n\nasync def main():\n{loop}\nasyncio.run(main())\n"
    (tmp_path / "program.py").write_text(program)
    said = await run(f"{sys.executable} -u program.py", server, tmp_path, until="connected")

    assert "connected" in said


async def test_the_demo_and_the_feed_of_the_readme(server: Server, tmp_path: Path) -> None:
    feed = asyncio.create_task(run(block("README.md", ".venv/bin/x18 tail"), server, tmp_path, until="#"))
    short = " demo --users 4 --seconds 2"
    while not feed.done():  # it may begin to listen after the first ones have talked
        for page in ("README.md", "docs/quick-start.md"):
            said = await run(block(page, ".venv/bin/x18 demo").replace(" demo", short), server, tmp_path)
            assert re.search(r"\d+ posts", said), said
    assert "$" in await feed


async def test_from_one_program_to_another(server: Server, tmp_path: Path) -> None:
    said = await run(block("docs/quick-start.md", "X18="), server, tmp_path)

    assert "event: post" in said
    assert '"content":"Long $BTC-USD"' in said


async def test_the_first_look_of_an_operator(server: Server, make_user: MakeUser, tmp_path: Path) -> None:
    author = await make_user("author")
    talking = asyncio.create_task(post_again_and_again(author))
    script = block("docs/operations.md", "x18 doctor")
    said = await run(
        script.replace("--connections 50", "--connections 10 --seconds 2"), server, tmp_path, until="looked at"
    )
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)

    assert "PostgreSQL 18" in said
    assert '{"status":"ok"' in said
    assert "lost" in said


async def post_again_and_again(author: Account) -> None:
    """Somebody who never stops."""
    while True:
        await author.client.post("/api/posts", json={"content": "looked at by an operator $BTC-USD"})
        await asyncio.sleep(0.2)


async def test_an_operators_commands_for_users(server: Server, tmp_path: Path) -> None:
    alice, mallory = (f"{name}_{secrets.token_hex(4)}" for name in ("alice", "mallory"))
    script = block("docs/operations.md", "x18 user create alice").replace("alice", alice).replace("mallory", mallory)
    await run(
        f"x18 user create {mallory} {mallory}@example.com", server, tmp_path, X18_PASSWORD="correct horse battery"
    )
    said = await run(f"set -e\n{script}\necho all done", server, tmp_path, X18_PASSWORD="correct horse battery")

    assert said.endswith("all done\n"), said


async def test_what_reproduces_the_report_for_litestar(server: Server, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(block("docs/upstream.md", "import time"))
    said = await run(f"{sys.executable} -W ignore program.py 2> log", server, tmp_path)

    answers = re.findall(r"^(\S+) (\d+) [\d.]+ s$", said, re.MULTILINE)
    assert answers == [("utf-8", "201"), ("punycode", "500"), ("nonsense", "500")], said
